"""OpenAI's client, chat completions, to every kind of provider."""

import asyncio
import base64
import json
import zlib

import openai
import pydantic

import harness
from harness import Case, each
from script import GREETING, PERSON, THOUGHT, WEATHER

TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


class Person(pydantic.BaseModel):
    """The shape that an answer must have."""

    name: str
    age: int


def user(text):
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


def png():
    """A picture of one pixel (PNG, RFC 2083)."""
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    head = b"\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")


def gather(stream):
    """Text, finish, usage, tool calls and thought of a stream's chunks."""
    text, thought, finish, usage, calls = "", "", None, None, {}
    for chunk in stream:
        if chunk.usage:
            usage = chunk.usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            thought += (choice.delta.model_extra or {}).get("reasoning_content") or ""
            finish = choice.finish_reason or finish
            for call in choice.delta.tool_calls or []:
                known = calls.setdefault(call.index, {"id": "", "name": "", "arguments": ""})
                known["id"] += call.id or ""
                known["name"] += (call.function.name if call.function else None) or ""
                known["arguments"] += (call.function.arguments if call.function else None) or ""
    return text, thought, finish, usage, [calls[index] for index in sorted(calls)]


class ChatTests(Case):
    """Words, shapes and usage."""

    @each()
    def test_a_question_is_answered(self, kind, model):
        answer = self.openai().chat.completions.create(model=model, messages=user("say hello"))
        self.assertEqual(answer.choices[0].message.content, GREETING)
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertEqual(answer.object, "chat.completion")
        seen = self.last(kind)
        self.assertEqual(answer.usage.prompt_tokens, seen.usage["input"])
        self.assertEqual(answer.usage.completion_tokens, seen.usage["output"])
        self.assertEqual(answer.usage.total_tokens, seen.usage["input"] + seen.usage["output"])

    @each()
    def test_the_system_prompt_arrives(self, kind, model):
        for role in ("system", "developer"):
            answer = self.openai().chat.completions.create(
                model=model, messages=[{"role": role, "content": "Be brief, ünd kind."}, *user("repeat system")]
            )
            self.assertEqual(answer.choices[0].message.content, "Be brief, ünd kind.", role)

    @each()
    def test_a_conversation_of_several_turns_keeps_its_order(self, kind, model):
        talk = [*user("first"), {"role": "assistant", "content": "second"}, *user("say hello third")]
        self.openai().chat.completions.create(model=model, messages=talk)
        sent = json.dumps(self.last(kind).body)
        self.assertLess(sent.index("first"), sent.index("second"))
        self.assertLess(sent.index("second"), sent.index("third"))

    @each()
    def test_a_stream_says_the_same_as_its_unstreamed_twin_and_costs_the_same(self, kind, model):
        for prompt in ("say hello", "say hello cached", "long 60"):
            client = self.openai()
            raw = client.chat.completions.with_raw_response.create(model=model, messages=user(prompt))
            whole = raw.parse()
            with client.chat.completions.with_streaming_response.create(
                model=model, messages=user(prompt), stream=True, stream_options={"include_usage": True}
            ) as response:
                text, _, finish, usage, _ = gather(response.parse())
                id = response.headers["x-request-id"]
            self.assertEqual(text, whole.choices[0].message.content)
            self.assertEqual(finish, whole.choices[0].finish_reason)
            self.assertIsNotNone(usage, "the stream brought no usage")
            for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
                self.assertEqual(getattr(usage, name), getattr(whole.usage, name), name)
            self.assertEqual(usage.prompt_tokens_details.cached_tokens,
                             whole.usage.prompt_tokens_details.cached_tokens)
            one, two = self.gateway.call(raw.headers["x-request-id"]), self.gateway.call(id)
            self.assertEqual(one["cost_microdollars"], two["cost_microdollars"])
            self.assertEqual(one["input_tokens"], two["input_tokens"])
            self.assertEqual(one["output_tokens"], two["output_tokens"])

    @each()
    def test_usage_is_not_sent_to_a_client_that_did_not_ask_and_is_counted_all_the_same(self, kind, model):
        with self.openai().chat.completions.with_streaming_response.create(
            model=model, messages=user("say hello"), stream=True
        ) as response:
            chunks = list(response.parse())
            id = response.headers["x-request-id"]
        self.assertTrue(all(chunk.choices for chunk in chunks), "a chunk without choices came unasked")
        if kind != "mistral":
            self.assertTrue(all(chunk.usage is None for chunk in chunks))
        seen, call = self.last(kind), self.gateway.call(id)
        self.assertEqual(call["input_tokens"], seen.usage["input"])
        self.assertEqual(call["output_tokens"], seen.usage["output"])
        self.assertFalse(call["is_estimated"])

    @each()
    def test_an_answer_at_its_limit_says_so(self, kind, model):
        limit = {"max_tokens": 5} if kind == "mistral" else {"max_completion_tokens": 5}
        for stream in (False, True):
            answer = self.openai().chat.completions.create(
                model=model, messages=user("long 50"), stream=stream, **limit
            )
            if stream:
                text, _, finish, _, _ = gather(answer)
            else:
                text, finish = answer.choices[0].message.content, answer.choices[0].finish_reason
            self.assertEqual(text, "word0 word1 word2 word3 word4")
            self.assertEqual(finish, "length")

    @each()
    def test_pictures_arrive(self, kind, model):
        data = base64.b64encode(png()).decode()
        content = [{"type": "text", "text": "see image"},
                   {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}]
        answer = self.openai().chat.completions.create(
            model=model, messages=[{"role": "user", "content": content}]
        )
        self.assertEqual(answer.choices[0].message.content, f"I see image/png of {len(png())} bytes")

    @each("openai", "mistral")
    def test_thoughts_and_their_tokens_come_back(self, kind, model):
        answer = self.openai().chat.completions.create(
            model=model, messages=user("think"), reasoning_effort="high", max_completion_tokens=30000
        )
        self.assertEqual(answer.choices[0].message.content, "42")
        self.assertEqual(answer.choices[0].message.model_extra.get("reasoning_content"), THOUGHT)
        stream = self.openai().chat.completions.create(
            model=model, messages=user("think"), reasoning_effort="high", max_completion_tokens=30000, stream=True,
            stream_options={"include_usage": True},
        )
        text, thought, _, usage, _ = gather(stream)
        self.assertEqual((text, thought), ("42", THOUGHT))
        self.assertEqual(usage.completion_tokens, answer.usage.completion_tokens)
        if kind in ("groq", "gemini"):
            self.assertEqual(usage.completion_tokens_details.reasoning_tokens, len(THOUGHT.split()))

    @each()
    def test_a_long_stream_comes_whole(self, kind, model):
        stream = self.openai().chat.completions.create(model=model, messages=user("long 3000"), stream=True)
        self.assertEqual(gather(stream)[0], " ".join(f"word{index}" for index in range(3000)))


class ParameterTests(Case):
    """What is said beside the words."""

    WORDS = {
        "openai": ("temperature", "top_p", "stop"), "groq": ("temperature", "top_p", "stop"),
        "mistral": ("temperature", "top_p", "stop"), "anthropic": ("temperature", "top_p", "stop_sequences"),
        "gemini": ("temperature", "topP", "stopSequences"), "bedrock": ("temperature", "topP", "stopSequences"),
    }

    @each()
    def test_parameters_arrive_in_the_providers_words(self, kind, model):
        self.openai().chat.completions.create(
            model=model, messages=user("say hello"), temperature=0.5, top_p=0.25, stop=["END", "STOP"]
        )
        body = self.last(kind).body
        body = body.get("generationConfig") or body.get("inferenceConfig") or body
        self.assertEqual([body[word] for word in self.WORDS[kind]], [0.5, 0.25, ["END", "STOP"]])

    @each("openai", "groq", "mistral")
    def test_several_answers_at_once_are_whole_or_refused(self, kind, model):
        try:
            answer = self.openai().chat.completions.create(model=model, messages=user("say hello"), n=2)
        except openai.BadRequestError as error:
            self.assertIn("n", str(error.body))
            self.assertEqual(self.seen(kind), [])
        else:
            self.assertEqual([choice.message.content for choice in answer.choices], [GREETING, GREETING])

    @each("bedrock")
    def test_a_picture_may_be_an_address(self, kind, model):
        content = [{"type": "text", "text": "see image"},
                   {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
        answer = self.openai().chat.completions.create(model=model, messages=[{"role": "user", "content": content}])
        self.assertEqual(answer.choices[0].message.content, "I see url of 25 bytes")

    def test_a_provider_that_fetches_no_pictures_says_so(self):
        content = [{"type": "text", "text": "see image"},
                   {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
        with self.assertRaises(openai.BadRequestError) as raised:
            self.openai().chat.completions.create(
                model=f"bedrock/{harness.MODELS['bedrock']}", messages=[{"role": "user", "content": content}]
            )
        self.assertIn("base64", str(raised.exception.body))


class ToolTests(Case):
    """Tools, both ways."""

    @each()
    def test_one_call_and_its_result(self, kind, model):
        client, talk = self.openai(), user("call tool")
        answer = client.chat.completions.create(model=model, messages=talk, tools=[TOOL])
        call = answer.choices[0].message.tool_calls[0]
        self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
        self.assertEqual(call.function.name, "get_weather")
        self.assertEqual(json.loads(call.function.arguments), WEATHER)
        talk += [answer.choices[0].message,
                 {"role": "tool", "tool_call_id": call.id, "content": "22 °C, sünny"}]
        answer = client.chat.completions.create(model=model, messages=talk, tools=[TOOL])
        self.assertEqual(answer.choices[0].message.content, "Results: 22 °C, sünny")

    @each()
    def test_two_calls_at_once_and_their_results(self, kind, model):
        client, talk = self.openai(), user("two tools with words")
        answer = client.chat.completions.create(model=model, messages=talk, tools=[TOOL])
        calls = answer.choices[0].message.tool_calls
        self.assertEqual([json.loads(call.function.arguments)["city"] for call in calls], ["Paris", "Zürich"])
        self.assertEqual(len({call.id for call in calls}), 2)
        self.assertEqual(answer.choices[0].message.content, "Let me look.")
        talk.append(answer.choices[0].message)
        talk += [{"role": "tool", "tool_call_id": call.id, "content": f"result {index}"}
                 for index, call in enumerate(calls)]
        answer = client.chat.completions.create(model=model, messages=talk, tools=[TOOL])
        self.assertEqual(answer.choices[0].message.content, "Results: result 0 | result 1")

    @each()
    def test_streamed_calls_are_whole_and_have_their_own_index(self, kind, model):
        client, talk = self.openai(), user("two tools")
        stream = client.chat.completions.create(model=model, messages=talk, tools=[TOOL], stream=True)
        _, _, finish, _, calls = gather(stream)
        self.assertEqual(finish, "tool_calls")
        self.assertEqual([json.loads(call["arguments"])["city"] for call in calls], ["Paris", "Zürich"])
        self.assertEqual([call["name"] for call in calls], ["get_weather", "get_weather"])
        made = [{"id": call["id"], "type": "function",
                 "function": {"name": call["name"], "arguments": call["arguments"]}} for call in calls]
        talk += [{"role": "assistant", "tool_calls": made}]
        talk += [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in calls]
        answer = client.chat.completions.create(model=model, messages=talk, tools=[TOOL])
        self.assertEqual(answer.choices[0].message.content, "Results: ok | ok")

    @each()
    def test_a_choice_of_tools_arrives(self, kind, model):
        for choice in ("none", "required", {"type": "function", "function": {"name": "get_weather"}}):
            answer = self.openai().chat.completions.create(
                model=model, messages=user("call tool"), tools=[TOOL], tool_choice=choice
            ) if not (kind == "bedrock" and choice == "none") else None
            if choice != "none":
                self.assertEqual(answer.choices[0].finish_reason, "tool_calls", choice)
            elif answer is not None:
                self.assertEqual(answer.choices[0].message.content, "No tool may be called.")

    @each("gemini", "bedrock")
    def test_parallel_calls_can_be_switched_off(self, kind, model):
        answer = self.openai().chat.completions.create(
            model=model, messages=user("two tools"), tools=[TOOL], parallel_tool_calls=False
        )
        self.assertEqual(len(answer.choices[0].message.tool_calls), 1)

    @each()
    def test_the_helper_for_streams_gathers_the_calls(self, kind, model):
        with self.openai().chat.completions.stream(
            model=model, messages=user("call tool"), tools=[TOOL]
        ) as stream:
            kinds = [event.type for event in stream]
            final = stream.get_final_completion()
        self.assertIn("tool_calls.function.arguments.done", kinds)
        self.assertEqual(final.choices[0].message.tool_calls[0].function.parsed_arguments, WEATHER)


class ShapeTests(Case):
    """Structured output."""

    @each()
    def test_the_client_parses_the_shape_it_asked_for(self, kind, model):
        answer = self.openai().chat.completions.parse(
            model=model, messages=user("json please"), response_format=Person
        )
        self.assertEqual(answer.choices[0].message.parsed, Person(**PERSON))

    @each()
    def test_a_streamed_shape_is_parsed(self, kind, model):
        with self.openai().chat.completions.stream(
            model=model, messages=user("json please"), response_format=Person
        ) as stream:
            final = stream.get_final_completion()
        self.assertEqual(final.choices[0].message.parsed, Person(**PERSON))

    @each("anthropic", "bedrock")
    def test_any_object_may_be_asked_for(self, kind, model):
        answer = self.openai().chat.completions.create(
            model=model, messages=user("json please"), response_format={"type": "json_object"}
        )
        self.assertEqual(json.loads(answer.choices[0].message.content), PERSON)


class AsyncTests(Case):
    """The client that waits for nothing."""

    def test_many_streams_at_once_do_not_mix(self):
        async def one(client, number, model):
            stream = await client.chat.completions.create(
                model=model, messages=user(f"long {number}"), stream=True, stream_options={"include_usage": True}
            )
            text = ""
            async for chunk in stream:
                text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
            return text

        async def all_of_them():
            async with openai.AsyncOpenAI(base_url=self.gateway.base + "/v1", api_key=self.gateway.token,
                                          max_retries=0, timeout=60) as client:
                models = [f"{kind}/{model}" for kind, model in harness.MODELS.items()]
                asks = [one(client, 40 + number, models[number % len(models)]) for number in range(60)]
                return await asyncio.gather(*asks)

        for number, text in enumerate(asyncio.run(all_of_them())):
            self.assertEqual(text, " ".join(f"word{index}" for index in range(40 + number)))
