"""A secret in a prompt goes to no provider, and the client does not notice."""

import json
import random

from harness import Case, each
from test_chat_completions import TOOL, gather


def secret():
    """What looks like an AWS access key; made at run time, for it must not stand in a file."""
    return "AK" + "IA" + "".join(random.Random(7).choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))


class RedactionTests(Case):
    """Placeholders go out, originals come back."""

    def assert_hidden(self, kind):
        """No provider has seen it, and the call says that something was hidden."""
        for seen in self.seen(kind):
            self.assertNotIn(secret(), json.dumps(seen.body))

    @each()
    def test_a_secret_is_hidden_from_the_provider_and_back_in_the_answer(self, kind, model):
        text = f"repeat this: the key is {secret()} and nothing else"
        wanted = f"the key is {secret()} and nothing else"
        messages = [{"role": "user", "content": text}]
        raw = self.openai().chat.completions.with_raw_response.create(model=model, messages=messages)
        self.assertEqual(raw.parse().choices[0].message.content, wanted)
        self.assertGreater(self.gateway.call(raw.headers["x-request-id"])["redactions"], 0)
        stream = self.openai().chat.completions.create(model=model, messages=messages, stream=True)
        self.assertEqual(gather(stream)[0], wanted)
        answer = self.anthropic().messages.create(model=model, max_tokens=100, messages=messages)
        self.assertEqual(answer.content[0].text, wanted)
        with self.anthropic().messages.stream(model=model, max_tokens=100, messages=messages) as events:
            self.assertEqual("".join(events.text_stream), wanted)
        self.assertEqual(self.openai().responses.create(model=model, input=text).output_text, wanted)
        with self.openai().responses.stream(model=model, input=text) as events:
            said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
        self.assertEqual(said, wanted)
        self.assert_hidden(kind)

    @each()
    def test_a_secret_in_the_result_of_a_tool_is_hidden_too(self, kind, model):
        call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        answer = self.openai().chat.completions.create(model=model, tools=[TOOL], messages=[
            {"role": "user", "content": "look"}, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": f"key={secret()}"},
        ])
        self.assertEqual(answer.choices[0].message.content, f"Results: key={secret()}")
        self.assert_hidden(kind)
