"""Requests as coding agents send them, with only base URL and key changed: Claude Code's and Codex's."""

import json

import anthropic

from harness import MODELS, Case, each
from script import WEATHER, seal

SYSTEM = [
    {"type": "text", "text": "You are a coding agent.", "cache_control": {"type": "ephemeral"}},
    {"type": "text", "text": "Work in /src.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
]
TOOLS = [
    {"name": "Bash", "description": "Runs a command.",
     "input_schema": {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
                      "properties": {"command": {"type": "string"}, "timeout": {"type": "number"}},
                      "required": ["command"], "additionalProperties": False}},
    {"name": "Read", "description": "Reads a file.", "cache_control": {"type": "ephemeral"},
     "input_schema": {"type": "object", "properties": {"path": {"type": "string", "minLength": 1},
                                                       "range": {"anyOf": [{"type": "array", "items": {"type": "integer"}},
                                                                           {"type": "null"}]}},
                      "required": ["path"], "additionalProperties": False}},
]
BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,fine-grained-tool-streaming-2025-05-14"


class ClaudeCodeTests(Case):
    """Messages with beta headers, caches, thoughts and tools, streamed."""

    def agent(self):
        """Its client: a token instead of a key, and its headers."""
        client = anthropic.Anthropic(
            base_url=self.gateway.base, auth_token=self.gateway.token, max_retries=0, timeout=30,
            default_headers={"anthropic-beta": BETAS, "x-app": "cli", "user-agent": "claude-cli/2.0 (external, cli)"},
        )
        self.addCleanup(client.close)
        return client

    def ask(self, model, messages, **options):
        """One turn, streamed, by the beta resource, which adds `?beta=true`."""
        with self.agent().beta.messages.stream(
            model=model, max_tokens=8000, system=SYSTEM, tools=TOOLS, messages=messages,
            metadata={"user_id": "user_1_account__session_2"}, **options
        ) as stream:
            for _ in stream:
                pass
            return stream.get_final_message()

    def test_what_it_sends_reaches_anthropic_untouched(self):
        messages = [{"role": "user", "content": [{"type": "text", "text": "call tool with words",
                                                  "cache_control": {"type": "ephemeral"}}]}]
        thinking = {"type": "enabled", "budget_tokens": 4000}
        answer = self.ask(f"anthropic/{MODELS['anthropic']}", messages, thinking=thinking)
        self.assertEqual(answer.stop_reason, "tool_use")
        seen = self.last("anthropic")
        sent = set(seen.headers["anthropic-beta"].replace(" ", "").split(","))
        self.assertTrue(set(BETAS.split(",")) <= sent, sent)
        self.assertNotIn("authorization", seen.headers)
        self.assertEqual(seen.body["system"], SYSTEM)
        self.assertEqual(seen.body["tools"], TOOLS)
        self.assertEqual(seen.body["messages"], messages)
        self.assertEqual(seen.body["thinking"], thinking)
        self.assertEqual(seen.body["model"], MODELS["anthropic"])

    @each()
    def test_a_whole_loop_of_tools(self, kind, model):
        messages = [{"role": "user", "content": [
            {"type": "text", "text": "<system-reminder>be careful</system-reminder>"},
            {"type": "text", "text": "two tools with words"},
        ]}]
        answer = self.ask(model, messages)
        calls = [block for block in answer.content if block.type == "tool_use"]
        self.assertEqual(len(calls), 2)
        self.assertEqual(calls[0].input, WEATHER)
        messages.append({"role": "assistant", "content": [
            block.model_dump(exclude_none=True, exclude={"caller"}) if hasattr(block, "model_dump") else block
            for block in answer.content
        ]})
        messages.append({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": calls[0].id, "content": [{"type": "text", "text": "done"}]},
            {"type": "tool_result", "tool_use_id": calls[1].id, "is_error": True, "content": "Exit code 1",
             "cache_control": {"type": "ephemeral"}},
        ]})
        answer = self.ask(model, messages)
        self.assertEqual(answer.content[-1].text, "Results: done | Exit code 1")

    @each("openai", "groq", "mistral", "gemini")
    def test_thoughts_before_calls_are_kept(self, kind, model):
        thought = {"type": "thinking", "thinking": "I should look.", "signature": seal("I should look.")}
        messages = [
            {"role": "user", "content": "look around"},
            {"role": "assistant", "content": [
                thought, {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "a.txt"}]},
            {"role": "assistant", "content": "There is a file."},
            {"role": "user", "content": "count thoughts"},
        ]
        answer = self.ask(model, messages, thinking={"type": "enabled", "budget_tokens": 4000})
        self.assertEqual(answer.content[-1].text, "1 thoughts came back")

    def test_it_counts_tokens_with_its_tools(self):
        count = self.agent().beta.messages.count_tokens(
            model=f"anthropic/{MODELS['anthropic']}", system=SYSTEM, tools=TOOLS,
            messages=[{"role": "user", "content": "one two"}],
        )
        self.assertGreater(count.input_tokens, 30)

    @each()
    def test_its_small_question_for_a_title(self, kind, model):
        answer = self.agent().beta.messages.create(
            model=model, max_tokens=512, system="repeat: title",
            messages=[{"role": "user", "content": "say hello"}, {"role": "assistant", "content": "{"},
                      {"role": "user", "content": "long 3"}],
        )
        self.assertEqual(answer.content[0].text, "word0 word1 word2")


class CodexTests(Case):
    """Responses, streamed and kept nowhere, with tools and sealed thoughts."""

    TOOLS = [
        {"type": "function", "name": "shell", "description": "Runs a command.", "strict": False,
         "parameters": {"type": "object", "properties": {"command": {"type": "array", "items": {"type": "string"}},
                                                         "workdir": {"type": "string"}},
                        "required": ["command"], "additionalProperties": False}},
        {"type": "function", "name": "update_plan", "description": "Says what is next.", "strict": False,
         "parameters": {"type": "object", "properties": {"plan": {"type": "array", "items": {
             "type": "object", "properties": {"step": {"type": "string"}}, "required": ["step"]}}},
             "required": ["plan"], "additionalProperties": False}},
    ]

    def ask(self, model, items):
        """One turn."""
        events = list(self.openai().responses.create(
            model=model, instructions="You are a coding agent.", input=items, tools=self.TOOLS, tool_choice="auto",
            parallel_tool_calls=True, reasoning={"effort": "medium", "summary": "auto"}, store=False, stream=True,
            include=["reasoning.encrypted_content"], prompt_cache_key="01a1fd5e",
        ))
        self.assertEqual(events[-1].type, "response.completed")
        done = [event.item for event in events if event.type == "response.output_item.done"]
        self.assertEqual([item.type for item in done], [item.type for item in events[-1].response.output])
        return done

    @each("mistral")
    def test_a_whole_loop_of_tools(self, kind, model):
        def message(text):
            return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}

        items = [{"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "sandboxed"}]},
                 message("<environment_context>cwd</environment_context>"), message("think")]
        done = self.ask(model, items)
        self.assertEqual(done[0].type, "reasoning")
        items += [item.model_dump(exclude_none=True, exclude={"id", "status"}) for item in done]
        items.append(message("two tools"))
        done = self.ask(model, items)
        calls = [item for item in done if item.type == "function_call"]
        self.assertEqual([json.loads(call.arguments)["city"] for call in calls], ["Paris", "Zürich"])
        items += [item.model_dump(exclude_none=True, exclude={"id", "status"}) for item in done]
        items += [{"type": "function_call_output", "call_id": call.call_id, "output": f"exit {index}"}
                  for index, call in enumerate(calls)]
        done = self.ask(model, items)
        self.assertEqual(done[-1].content[0].text, "Results: exit 0 | exit 1")
