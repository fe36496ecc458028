"""OpenAI's client, responses, to every kind of provider: passed through where there are responses, else translated."""

import asyncio
import base64
import json

import openai
import pydantic

from harness import MODELS, Case, each
from script import GREETING, PERSON, THOUGHT, WEATHER
from test_chat_completions import png

TOOL = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city.",
    "strict": True,
    "parameters": {
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


class ResponsesTests(Case):
    """Words, shapes, tools and usage."""

    @each()
    def test_a_question_is_answered(self, kind, model):
        answer = self.openai().responses.create(model=model, input="say hello")
        self.assertEqual(answer.output_text, GREETING)
        self.assertEqual(answer.status, "completed")
        seen = self.last(kind)
        self.assertEqual(answer.usage.input_tokens, seen.usage["input"])
        self.assertEqual(answer.usage.output_tokens, seen.usage["output"])

    @each()
    def test_instructions_arrive(self, kind, model):
        answer = self.openai().responses.create(model=model, instructions="Be brief.", input="repeat system")
        self.assertEqual(answer.output_text, "Be brief.")

    @each()
    def test_a_stream_says_the_same_as_its_unstreamed_twin_and_costs_the_same(self, kind, model):
        for prompt in ("say hello", "say hello cached", "long 60"):
            client = self.openai()
            raw = client.responses.with_raw_response.create(model=model, input=prompt)
            whole = raw.parse()
            with client.responses.with_streaming_response.create(model=model, input=prompt, stream=True) as response:
                events = list(response.parse())
                id = response.headers["x-request-id"]
            self.assertEqual("".join(e.delta for e in events if e.type == "response.output_text.delta"),
                             whole.output_text)
            self.assertEqual(events[-1].type, "response.completed")
            self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
            final = events[-1].response
            self.assertEqual(final.output_text, whole.output_text)
            self.assertEqual(final.usage, whole.usage)
            one, two = self.gateway.call(raw.headers["x-request-id"]), self.gateway.call(id)
            for column in ("cost_microdollars", "input_tokens", "output_tokens", "cache_read_tokens"):
                self.assertEqual(one[column], two[column], column)
            self.assertEqual(one["output_tokens"], self.last(kind).usage["output"])

    @each()
    def test_an_answer_at_its_limit_says_so(self, kind, model):
        answer = self.openai().responses.create(model=model, input="long 50", max_output_tokens=5)
        self.assertEqual(answer.status, "incomplete")
        self.assertEqual(answer.incomplete_details.reason, "max_output_tokens")
        events = list(self.openai().responses.create(model=model, input="long 50", max_output_tokens=5, stream=True))
        self.assertEqual(events[-1].type, "response.incomplete")

    @each()
    def test_a_call_and_its_result(self, kind, model):
        client, talk = self.openai(), [{"role": "user", "content": "two tools"}]
        answer = client.responses.create(model=model, input=talk, tools=[TOOL], store=False)
        calls = [item for item in answer.output if item.type == "function_call"]
        self.assertEqual([json.loads(call.arguments)["city"] for call in calls], ["Paris", "Zürich"])
        talk += answer.output
        talk += [{"type": "function_call_output", "call_id": call.call_id, "output": f"result {index}"}
                 for index, call in enumerate(calls)]
        answer = client.responses.create(model=model, input=talk, tools=[TOOL], store=False)
        self.assertEqual(answer.output_text, "Results: result 0 | result 1")

    @each()
    def test_a_streamed_call_is_gathered_by_the_helper(self, kind, model):
        with self.openai().responses.stream(model=model, input="call tool", tools=[TOOL]) as stream:
            kinds = [event.type for event in stream]
            final = stream.get_final_response()
        self.assertIn("response.function_call_arguments.done", kinds)
        calls = [item for item in final.output if item.type == "function_call"]
        self.assertEqual(json.loads(calls[0].arguments), WEATHER)

    @each()
    def test_the_client_parses_the_shape_it_asked_for(self, kind, model):
        answer = self.openai().responses.parse(model=model, input="json please", text_format=Person)
        self.assertEqual(answer.output_parsed, Person(**PERSON))
        with self.openai().responses.stream(model=model, input="json please", text_format=Person) as stream:
            for _ in stream:
                pass
            self.assertEqual(stream.get_final_response().output_parsed, Person(**PERSON))

    @each()
    def test_pictures_arrive(self, kind, model):
        url = "data:image/png;base64," + base64.b64encode(png()).decode()
        content = [{"type": "input_text", "text": "see image"},
                   {"type": "input_image", "image_url": url, "detail": "auto"}]
        answer = self.openai().responses.create(model=model, input=[{"role": "user", "content": content}])
        self.assertEqual(answer.output_text, f"I see image/png of {len(png())} bytes")

    @each("mistral")
    def test_thoughts_come_back_and_go_out_again(self, kind, model):
        client, reasoning = self.openai(), {"effort": "high", "summary": "auto"}
        talk = [{"role": "user", "content": "think"}]
        answer = client.responses.create(model=model, input=talk, reasoning=reasoning, store=False,
                                         include=["reasoning.encrypted_content"], max_output_tokens=30000)
        self.assertEqual([item.type for item in answer.output][:2], ["reasoning", "message"])
        self.assertEqual(answer.output[0].summary[0].text, THOUGHT)
        events = list(client.responses.create(model=model, input=talk, reasoning=reasoning, store=False, stream=True,
                                              max_output_tokens=30000))
        self.assertEqual("".join(e.delta for e in events if e.type == "response.reasoning_summary_text.delta"), THOUGHT)
        final = events[-1].response
        self.assertEqual(final.usage, answer.usage)
        self.assertEqual([item.model_dump(exclude={"id"}) for item in final.output],
                         [item.model_dump(exclude={"id"}) for item in answer.output])
        talk += [*final.output, {"role": "user", "content": "count thoughts"}]
        again = client.responses.create(model=model, input=talk, reasoning=reasoning, store=False)
        self.assertEqual(again.output_text, "1 thoughts came back")

    def test_many_streams_at_once_do_not_mix(self):
        async def one(client, number, model):
            text = ""
            async for event in await client.responses.create(model=model, input=f"long {number}", stream=True):
                text += event.delta if event.type == "response.output_text.delta" else ""
            return text

        async def all_of_them():
            async with openai.AsyncOpenAI(base_url=self.gateway.base + "/v1", api_key=self.gateway.token,
                                          max_retries=0, timeout=60) as client:
                models = [f"{kind}/{model}" for kind, model in MODELS.items()]
                asks = [one(client, 40 + number, models[number % len(models)]) for number in range(36)]
                return await asyncio.gather(*asks)

        for number, text in enumerate(asyncio.run(all_of_them())):
            self.assertEqual(text, " ".join(f"word{index}" for index in range(40 + number)))
