"""Anthropic's client, messages, to every kind of provider."""

import asyncio
import base64
import json

import anthropic
import pydantic

from harness import MODELS, Case, each
from script import GREETING, PERSON, THOUGHT, WEATHER
from test_chat_completions import png

TOOL = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}},
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
}


class Person(pydantic.BaseModel):
    """The shape that an answer must have."""

    name: str
    age: int


def kinds(blocks):
    """What the blocks of an answer are, but for those that only hold the seal of what stands before them."""
    return [block.type for block in blocks if block.type != "thinking" or block.thinking]


def user(content):
    """A conversation of one message."""
    return [{"role": "user", "content": content}]


class MessageTests(Case):
    """Words and usage."""

    @each()
    def test_a_question_is_answered(self, kind, model):
        answer = self.anthropic().messages.create(model=model, max_tokens=500, messages=user("say hello"))
        self.assertEqual([block.type for block in answer.content], ["text"])
        self.assertEqual(answer.content[0].text, GREETING)
        self.assertEqual(answer.stop_reason, "end_turn")
        self.assertEqual(answer.role, "assistant")
        seen = self.last(kind)
        self.assertEqual(answer.usage.input_tokens, seen.usage["input"])
        self.assertEqual(answer.usage.output_tokens, seen.usage["output"])

    @each()
    def test_the_system_prompt_arrives_in_both_of_its_forms(self, kind, model):
        blocks = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
                  {"type": "text", "text": "Be kind."}]
        for system, wanted in (("Be brief.", ["Be brief."]), (blocks, ["Be brief.", "Be kind."])):
            answer = self.anthropic().messages.create(
                model=model, max_tokens=500, system=system, messages=user("repeat system")
            )
            for text in wanted:
                self.assertIn(text, answer.content[0].text)

    @each()
    def test_a_stream_says_the_same_as_its_unstreamed_twin_and_costs_the_same(self, kind, model):
        for prompt in ("say hello", "say hello cached and written", "long 60"):
            client = self.anthropic()
            raw = client.messages.with_raw_response.create(model=model, max_tokens=500, messages=user(prompt))
            whole = raw.parse()
            with client.messages.stream(model=model, max_tokens=500, messages=user(prompt)) as stream:
                kinds = [event.type for event in stream]
                final = stream.get_final_message()
                id = stream.response.headers["x-request-id"]
            self.assertEqual(final.content[0].text, whole.content[0].text)
            self.assertEqual(final.stop_reason, whole.stop_reason)
            for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
                self.assertEqual(getattr(final.usage, name) or 0, getattr(whole.usage, name) or 0, name)
            self.assertEqual((kinds[0], kinds[-1]), ("message_start", "message_stop"))
            one, two = self.gateway.call(raw.headers["x-request-id"]), self.gateway.call(id)
            for column in ("cost_microdollars", "input_tokens", "output_tokens", "cache_read_tokens"):
                self.assertEqual(one[column], two[column], column)
            self.assertEqual(one["input_tokens"], self.last(kind).usage["input"])

    @each()
    def test_an_answer_at_its_limit_says_so(self, kind, model):
        for stream in (False, True):
            if stream:
                with self.anthropic().messages.stream(
                    model=model, max_tokens=5, messages=user("long 50")
                ) as events:
                    answer = events.get_final_message()
            else:
                answer = self.anthropic().messages.create(model=model, max_tokens=5, messages=user("long 50"))
            self.assertEqual(answer.content[0].text, "word0 word1 word2 word3 word4")
            self.assertEqual(answer.stop_reason, "max_tokens")

    @each()
    def test_pictures_arrive(self, kind, model):
        source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(png()).decode()}
        content = [{"type": "image", "source": source}, {"type": "text", "text": "see image"}]
        answer = self.anthropic().messages.create(model=model, max_tokens=500, messages=user(content))
        self.assertEqual(answer.content[0].text, f"I see image/png of {len(png())} bytes")

    @each("openai", "mistral")
    def test_thoughts_come_back_and_go_out_again(self, kind, model):
        client, thinking = self.anthropic(), {"type": "enabled", "budget_tokens": 2048}
        answer = client.messages.create(model=model, max_tokens=8000, thinking=thinking, messages=user("think"))
        self.assertEqual(kinds(answer.content), ["thinking", "text"])
        self.assertEqual(answer.content[0].thinking, THOUGHT)
        with client.messages.stream(
            model=model, max_tokens=8000, thinking=thinking, messages=user("think")
        ) as stream:
            final = stream.get_final_message()
        self.assertEqual(kinds(final.content), ["thinking", "text"])
        self.assertEqual(final.content[0].thinking, THOUGHT)
        self.assertEqual(final.content[0].signature, answer.content[0].signature)
        self.assertEqual(final.usage.output_tokens, answer.usage.output_tokens)
        talk = [*user("think"), {"role": "assistant", "content": final.content}, *user("count thoughts")]
        again = client.messages.create(model=model, max_tokens=8000, thinking=thinking, messages=talk)
        count = 0 if kind == "groq" else 1
        self.assertEqual(again.content[0].text, f"{count} thoughts came back")


class ToolTests(Case):
    """Tools, both ways."""

    @each()
    def test_one_call_and_its_result(self, kind, model):
        client, talk = self.anthropic(), user("call tool with words")
        answer = client.messages.create(model=model, max_tokens=500, messages=talk, tools=[TOOL])
        self.assertEqual(kinds(answer.content), ["text", "tool_use"])
        self.assertEqual(answer.stop_reason, "tool_use")
        call = answer.content[-1]
        self.assertEqual((call.name, call.input), ("get_weather", WEATHER))
        talk.append({"role": "assistant", "content": answer.content})
        talk += user([{"type": "tool_result", "tool_use_id": call.id, "content": "22 °C"}])
        answer = client.messages.create(model=model, max_tokens=500, messages=talk, tools=[TOOL])
        self.assertEqual(answer.content[0].text, "Results: 22 °C")

    @each()
    def test_two_streamed_calls_and_their_results(self, kind, model):
        client, talk = self.anthropic(), user("two tools")
        with client.messages.stream(model=model, max_tokens=500, messages=talk, tools=[TOOL]) as stream:
            for _ in stream:
                pass
            answer = stream.get_final_message()
        calls = [block for block in answer.content if block.type == "tool_use"]
        self.assertEqual([call.input["city"] for call in calls], ["Paris", "Zürich"])
        self.assertEqual(answer.stop_reason, "tool_use")
        self.assertEqual(len({call.id for call in calls}), 2)
        talk.append({"role": "assistant", "content": answer.content})
        talk += user([
            {"type": "tool_result", "tool_use_id": calls[0].id, "content": [{"type": "text", "text": "sun"}]},
            {"type": "tool_result", "tool_use_id": calls[1].id, "content": "no such city", "is_error": True},
        ])
        answer = client.messages.create(model=model, max_tokens=500, messages=talk, tools=[TOOL])
        self.assertEqual(answer.content[0].text, "Results: sun | no such city")

    @each()
    def test_a_choice_of_tools_arrives(self, kind, model):
        for choice in ({"type": "any"}, {"type": "tool", "name": "get_weather"}, {"type": "auto"}):
            answer = self.anthropic().messages.create(
                model=model, max_tokens=500, messages=user("call tool"), tools=[TOOL], tool_choice=choice
            )
            self.assertEqual(answer.stop_reason, "tool_use", choice)

    @each("gemini", "bedrock")
    def test_parallel_calls_can_be_switched_off(self, kind, model):
        answer = self.anthropic().messages.create(
            model=model, max_tokens=500, messages=user("two tools"), tools=[TOOL],
            tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        )
        self.assertEqual(len([block for block in answer.content if block.type == "tool_use"]), 1)

    @each("openai", "groq", "mistral", "gemini")
    def test_a_call_after_a_thought_is_taken_back_with_its_seal(self, kind, model):
        client, thinking = self.anthropic(), {"type": "enabled", "budget_tokens": 2048}
        first = client.messages.create(model=model, max_tokens=8000, thinking=thinking, messages=user("think"))
        talk = [*user("think"), {"role": "assistant", "content": first.content}, *user("call tool")]
        second = client.messages.create(model=model, max_tokens=8000, thinking=thinking, messages=talk, tools=[TOOL])
        self.assertEqual(second.stop_reason, "tool_use")


class ShapeTests(Case):
    """Structured output."""

    @each()
    def test_the_client_parses_the_shape_it_asked_for(self, kind, model):
        answer = self.anthropic().messages.parse(
            model=model, max_tokens=500, messages=user("json please"), output_format=Person
        )
        self.assertEqual(answer.parsed_output, Person(**PERSON))

    @each()
    def test_a_shape_in_the_words_of_the_api(self, kind, model):
        schema = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                  "required": ["name", "age"], "additionalProperties": False}
        answer = self.anthropic().messages.create(
            model=model, max_tokens=500, messages=user("json please"),
            output_config={"format": {"type": "json_schema", "schema": schema}},
        )
        self.assertEqual(json.loads(answer.content[0].text), PERSON)


class AsyncTests(Case):
    """The client that waits for nothing."""

    def test_many_streams_at_once_do_not_mix(self):
        async def one(client, number, model):
            async with client.messages.stream(
                model=model, max_tokens=500, messages=user(f"long {number}")
            ) as stream:
                return "".join([text async for text in stream.text_stream])

        async def all_of_them():
            async with anthropic.AsyncAnthropic(
                base_url=self.gateway.base, api_key=self.gateway.token, max_retries=0, timeout=60
            ) as client:
                models = [f"{kind}/{model}" for kind, model in MODELS.items()]
                asks = [one(client, 40 + number, models[number % len(models)]) for number in range(60)]
                return await asyncio.gather(*asks)

        for number, text in enumerate(asyncio.run(all_of_them())):
            self.assertEqual(text, " ".join(f"word{index}" for index in range(40 + number)))
