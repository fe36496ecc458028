"""Streams that go wrong, clients that leave, and falling back: freely before the first byte, never after it."""

import json
import urllib.request

import anthropic
import openai

from harness import MODELS, Case, each, spare
from script import GREETING
from wire import MEGABYTE


def user(text):
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


class StreamCase(Case):
    """Streams in both dialects, and what came of them."""

    def chat(self, model, text):
        """The text that OpenAI's client got, the error that ended it, and the call's record."""
        said, error = "", None
        with self.openai().chat.completions.with_streaming_response.create(
            model=model, messages=user(text), stream=True
        ) as response:
            id = response.headers["x-request-id"]
            try:
                for chunk in response.parse():
                    said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
            # A garbled event of the client's own dialect passes untouched, and is the client's to stumble over.
            except (openai.OpenAIError, json.JSONDecodeError) as raised:
                error = raised
        return said, error, self.gateway.call(id)

    def message(self, model, text):
        """The same by Anthropic's client."""
        said, error = "", None
        with self.anthropic().messages.stream(model=model, max_tokens=4000, messages=user(text)) as stream:
            id = stream.response.headers["x-request-id"]
            try:
                for piece in stream.text_stream:
                    said += piece
            except (anthropic.AnthropicError, json.JSONDecodeError) as raised:
                error = raised
        return said, error, self.gateway.call(id)


class FaultTests(StreamCase):
    """A stream that breaks in the middle is told, and what came is paid for."""

    def broken(self, kind, fault):
        """Breaks a stream in both dialects."""
        model, account = spare(kind)
        for ask in (self.chat, self.message):
            said, error, call = ask(model, f"long 40 fault:{fault}")
            self.assertTrue(said.startswith("word0"), f"{ask.__name__}: {said[:40]!r}")
            self.assertLess(len(said.split()), 40)
            self.assertIsNotNone(error, f"{ask.__name__}: the stream ended as if all were well")
            self.assertNotIn(call["outcome"], ("answered", "open"))
            self.assertGreater(call["output_tokens"] or 0, 0)
            self.assertGreater(call["cost_microdollars"] or 0, 0)
            self.assertEqual(ask(model, "say hello")[0], GREETING)
        self.assertEqual(len(self.seen(account)), 4, "a broken stream was tried again")

    @each()
    def test_a_stream_that_is_cut(self, kind, model):
        self.broken(kind, "cut")

    @each()
    def test_a_stream_that_ends_without_its_end(self, kind, model):
        self.broken(kind, "short")

    @each()
    def test_a_stream_that_is_garbled(self, kind, model):
        self.broken(kind, "garbled")

    @each()
    def test_a_stream_that_says_it_is_overloaded(self, kind, model):
        self.broken(kind, "overloaded-in-stream")

    @each("groq", "mistral")
    def test_a_stream_that_falls_silent(self, kind, model):
        self.broken(kind, "stall=8")


class OddTests(StreamCase):
    """A stream that is odd and not wrong comes whole."""

    def assert_whole(self, model, fault, wanted):
        """Both clients get the text."""
        for ask in (self.chat, self.message):
            said, error, call = ask(model, f"say hello fault:{fault}")
            self.assertIsNone(error)
            self.assertEqual(len(said), len(wanted))
            self.assertEqual(said, wanted)
            self.assertEqual(call["outcome"], "answered")
            self.assertFalse(call["is_estimated"])
            self.assertEqual(call["output_tokens"], self.last().usage["output"])

    @each()
    def test_characters_that_are_split_over_pieces(self, kind, model):
        self.assert_whole(model, "utf8-split", GREETING)

    @each()
    def test_comments_and_pings_that_keep_a_stream_alive(self, kind, model):
        self.assert_whole(model, "comments", GREETING)

    @each()
    def test_a_piece_of_a_megabyte(self, kind, model):
        self.assert_whole(model, "huge-chunk", GREETING + "x" * MEGABYTE)


class LeaveTests(StreamCase):
    """A client that leaves stops the provider at once and pays for what was said."""

    def assert_left(self, kind, model):
        """The provider saw it, and the call says so."""
        seen = self.last(kind)
        self.eventually(lambda: seen.left, "the provider still speaks to nobody")
        self.assertLess(seen.sent, 400)
        call = self.gateway.last_call(model)
        self.assertEqual(call["outcome"], "cancelled")
        self.assertTrue(call["is_estimated"])
        self.assertGreater(call["output_tokens"], 0)
        self.assertLess(call["output_tokens"], 500)
        self.assertGreater(call["cost_microdollars"], 0)

    @each()
    def test_openais_client_leaves_in_the_middle(self, kind, model):
        stream = self.openai().chat.completions.create(model=model, messages=user("slow 500"), stream=True)
        for number, _ in enumerate(stream):
            if number == 5:
                break
        stream.close()
        self.assert_left(kind, model)

    @each()
    def test_anthropics_client_leaves_in_the_middle(self, kind, model):
        with self.anthropic().messages.stream(model=model, max_tokens=4000, messages=user("slow 500")) as stream:
            for number, _ in enumerate(stream.text_stream):
                if number == 5:
                    break
        self.assert_left(kind, model)

    def test_no_connection_is_left_behind(self):
        def idle():
            return self.gateway.providers.connections

        before = idle()
        for _ in range(10):
            stream = self.openai().chat.completions.create(
                model=f"openai/{MODELS['openai']}", messages=user("slow 500"), stream=True
            )
            next(iter(stream))
            stream.close()
        self.eventually(lambda: idle() <= before, f"connections stay open: {before} before, {idle()} now")


class FallbackTests(StreamCase):
    """A name with a fallback: OpenAI first, Anthropic then."""

    number = 0

    def pair(self):
        """A name that no test has used, and the accounts behind it."""
        number, FallbackTests.number = FallbackTests.number, FallbackTests.number + 1
        first, second = self.gateway.pairs[number]
        return f"pair-{number}", first, second

    def test_every_fault_before_the_first_byte_leads_to_the_next(self):
        for fault in ("500", "429=100", "401", "404", "reset", "slow-first-byte=8"):
            with self.subTest(fault=fault):
                name, first, second = self.pair()
                raw = self.openai().chat.completions.with_raw_response.create(
                    model=name, messages=user(f"say hello fault@{first}:{fault}")
                )
                self.assertEqual(raw.parse().choices[0].message.content, GREETING)
                self.assertTrue(raw.headers["x-cupel-route"].startswith(second), raw.headers["x-cupel-route"])
                self.assertEqual(len(self.seen(first)), 1)
                call = self.gateway.call(raw.headers["x-request-id"])
                self.assertEqual((call["upstream"], call["outcome"]), (second, "answered"))
                said, error, _ = self.message(name, f"say hello again fault@{first}:{fault}")
                self.assertEqual((said, error), (GREETING, None))

    def test_nothing_leads_to_the_next_once_the_client_has_heard(self):
        name, first, second = self.pair()
        for ask in (self.chat, self.message):
            said, error, call = ask(name, f"long 40 fault@{first}:cut")
            self.assertTrue(said.startswith("word0"))
            self.assertIsNotNone(error)
            self.assertEqual(call["upstream"], first)
        self.assertEqual(self.seen(second), [])

    def test_a_request_that_is_wrong_is_wrong_everywhere(self):
        name, first, second = self.pair()
        with self.assertRaises(openai.BadRequestError):
            self.openai().chat.completions.create(model=name, messages=user(f"fault@{first}:400"))
        self.assertEqual(self.seen(second), [])


class WireTests(Case):
    """What the clients do not show: the bytes of a stream."""

    def events(self, path, body):
        """The data of a stream's events."""
        request = urllib.request.Request(
            self.gateway.base + path, data=json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.gateway.token}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            self.assertTrue(response.headers["content-type"].startswith("text/event-stream"))
            text = response.read().decode()
        return [line[5:].strip() for line in text.splitlines() if line.startswith("data:")]

    @each()
    def test_a_stream_of_chat_completions_ends_with_done_and_has_one_finish(self, kind, model):
        events = self.events("/v1/chat/completions", {"model": model, "messages": user("say hello"), "stream": True})
        self.assertEqual(events[-1], "[DONE]")
        chunks = [json.loads(event) for event in events[:-1]]
        finishes = [c["choices"][0]["finish_reason"] for c in chunks if c["choices"]]
        self.assertEqual([finish for finish in finishes if finish], ["stop"])
        self.assertEqual(len({chunk["id"] for chunk in chunks}), 1)
        self.assertEqual(chunks[0]["choices"][0]["delta"].get("role"), "assistant")

    @each()
    def test_a_stream_of_messages_follows_anthropics_order(self, kind, model):
        events = self.events("/v1/messages", {"model": model, "messages": user("say hello"), "stream": True,
                                              "max_tokens": 100})
        kinds = [json.loads(event)["type"] for event in events]
        kinds = [each for each in kinds if each != "ping"]
        self.assertEqual(kinds[:2], ["message_start", "content_block_start"])
        self.assertEqual(kinds[-3:], ["content_block_stop", "message_delta", "message_stop"])
        self.assertEqual(set(kinds[2:-3]), {"content_block_delta"})
