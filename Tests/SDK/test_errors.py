"""What goes wrong, as the exceptions of the official clients and in each dialect's own shape."""

import datetime
import json
import urllib.error
import urllib.request

import anthropic
import openai

from harness import MODELS, Case, each, spare
from script import GREETING


def user(text):
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


class ErrorCase(Case):
    """Asks in both dialects."""

    def chat(self, model, text, key=None, **options):
        """One question by OpenAI's client."""
        return self.openai(key, **options).chat.completions.create(model=model, messages=user(text))

    def message(self, model, text, key=None, **options):
        """One question by Anthropic's client."""
        return self.anthropic(key, **options).messages.create(model=model, max_tokens=100, messages=user(text))

    def raw(self, path, body, headers=None, method="POST"):
        """Status, headers and JSON of a request that no client would send."""
        headers = {"authorization": f"Bearer {self.gateway.token}", "content-type": "application/json",
                   **(headers or {})}
        request = urllib.request.Request(self.gateway.base + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.headers, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, json.loads(error.read() or b"null")

    def assert_shape(self, path, answer):
        """An error has its dialect's own shape."""
        if path.startswith("/v1/messages"):
            self.assertEqual(answer["type"], "error", answer)
            self.assertTrue(answer["error"]["type"] and answer["error"]["message"], answer)
        else:
            self.assertTrue({"message", "type", "param", "code"} <= set(answer["error"]), answer)


class CallerTests(ErrorCase):
    """What is wrong with who asks or with what is asked."""

    def test_a_wrong_key_is_refused(self):
        for key in ("wrong", "x" * 3000):
            with self.assertRaises(openai.AuthenticationError) as raised:
                self.chat("house", "say hello", key=key)
            self.assertNotIn(key[:100], str(raised.exception.message))
            with self.assertRaises(anthropic.AuthenticationError):
                self.message("house", "say hello", key=key)

    def test_a_key_may_be_shown_in_either_way(self):
        body = json.dumps({"model": "house", "max_tokens": 9, "messages": user("say hello")}).encode()
        for path in ("/v1/chat/completions", "/v1/messages"):
            for name, value in (("x-api-key", self.gateway.token), ("api-key", self.gateway.token)):
                request = urllib.request.Request(self.gateway.base + path, data=body, headers={name: value})
                request.add_header("content-type", "application/json")
                if path == "/v1/chat/completions":
                    request.data = body.replace(b"max_tokens", b"max_completion_tokens")
                with urllib.request.urlopen(request, timeout=20) as response:
                    self.assertEqual(response.status, 200, (path, name))

    def test_no_key_is_refused_in_the_dialects_shape(self):
        for path in ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"):
            request = urllib.request.Request(self.gateway.base + path, data=b"{}", method="POST")
            with self.assertRaises(urllib.error.HTTPError) as raised:
                urllib.request.urlopen(request, timeout=20)
            with raised.exception as error:
                self.assertEqual(error.code, 401, path)
                self.assert_shape(path, json.loads(error.read()))

    def test_an_unknown_model_names_the_nearest(self):
        with self.assertRaises(openai.NotFoundError) as raised:
            self.chat("gpt-5.55", "say hello")
        self.assertIn("gpt-5.5", raised.exception.message)
        with self.assertRaises(anthropic.NotFoundError) as raised:
            self.message("claude-sonet-4-5", "say hello")
        self.assertIn("claude-sonnet-4-5", raised.exception.message)
        with self.assertRaises(openai.NotFoundError):
            self.openai().models.retrieve("no-such-model")

    def test_a_body_that_is_no_request_is_refused_in_the_dialects_shape(self):
        deep = b'{"model": "house", "messages": ' + b"[" * 200 + b"]" * 200 + b"}"
        bodies = [b"", b"{", b"[]", b'{"messages": []}', b'{"model": 5, "messages": []}', deep, b"\xff\xfe{}",
                  b'{"model": "house", "model": "house", "messages": []}', b'{"mod\\u0065l": "house"}',
                  b'{"model": "house", "messages": [{"role": "user", "content": "a\x01b"}]}']
        for path in ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings",
                     "/v1/messages/count_tokens"):
            for body in bodies:
                status, _, answer = self.raw(path, body)
                self.assertEqual(status, 400, (path, body[:60], answer))
                self.assert_shape(path, answer)
        self.assertEqual(self.seen(), [])

    def test_a_wrong_method_or_path_is_refused_in_the_dialects_shape(self):
        self.assertEqual(self.raw("/v1/chat/completions", None, method="GET")[0], 405)
        status, _, answer = self.raw("/v1/nothing", b"{}")
        self.assertEqual(status, 404)
        self.assert_shape("/v1/nothing", answer)

    def test_a_conversation_that_is_too_long_is_refused_before_it_is_sent(self):
        text = "word " * 600_000
        with self.assertRaises(openai.BadRequestError) as raised:
            self.chat(f"anthropic/{MODELS['anthropic']}", text)
        self.assertIn("holds 200000", raised.exception.message)
        with self.assertRaises(anthropic.APIStatusError) as raised:
            self.message(f"anthropic/{MODELS['anthropic']}", text)
        self.assertIn("prompt is too long", raised.exception.message)
        self.assertEqual(self.seen(), [])

    @each()
    def test_a_request_that_the_provider_refuses_is_the_clients_fault(self, kind, model):
        with self.assertRaises(openai.BadRequestError):
            self.chat(model, "fault:400")
        with self.assertRaises(anthropic.BadRequestError):
            self.message(model, "fault:400")
        self.assertEqual(len(self.seen(kind)), 2, "a refused request was sent again")

    @each()
    def test_a_context_that_is_too_large_is_told_so_that_agents_understand(self, kind, model):
        with self.assertRaises(openai.BadRequestError):
            self.chat(model, "fault:context")
        with self.assertRaises(anthropic.APIStatusError) as raised:
            self.message(model, "fault:context")
        self.assertIn("prompt is too long", raised.exception.message)
        self.assertIn(raised.exception.status_code, (400, 413))

    @each("openai", "groq", "mistral")
    def test_what_cannot_be_translated_is_named(self, kind, model):
        with self.assertRaises(openai.BadRequestError) as raised:
            self.openai().chat.completions.create(model=model, messages=user("say hello"), logprobs=True)
        self.assertIn("logprobs", str(raised.exception.body))


class LimitTests(ErrorCase):
    """Keys with bounds."""

    def test_a_rate_of_requests_is_a_rate_limit_with_the_seconds_to_wait(self):
        key, _ = self.gateway.key("two-a-minute", requests_per_minute=2)
        self.chat("house", "say hello", key=key)
        raw = self.openai(key).chat.completions.with_raw_response.create(model="house", messages=user("say hello"))
        self.assertEqual(raw.headers["x-ratelimit-limit-requests"], "2")
        self.assertEqual(raw.headers["x-ratelimit-remaining-requests"], "0")
        with self.assertRaises(openai.RateLimitError) as raised:
            self.chat("house", "say hello", key=key)
        self.assertTrue(1 <= int(raised.exception.response.headers["retry-after"]) <= 60)
        with self.assertRaises(anthropic.RateLimitError) as raised:
            self.message("house", "say hello", key=key)
        self.assertTrue(1 <= int(raised.exception.response.headers["retry-after"]) <= 60)
        self.assertEqual(len(self.seen()), 2)

    def test_a_rate_of_tokens_counts_what_was_used(self):
        key, _ = self.gateway.key("few-tokens", tokens_per_minute=3000)
        for _ in range(2):
            self.openai(key).chat.completions.create(
                model="house", messages=user("say hello"), max_completion_tokens=1000
            )
        with self.assertRaises(openai.RateLimitError):
            self.openai(key).chat.completions.create(
                model="house", messages=user("say hello"), max_completion_tokens=2999
            )

    def test_a_spent_budget_is_402_and_says_when_it_resets(self):
        key, id = self.gateway.key("poor")
        self.gateway.api("POST", "/api/v1/admin/budgets",
                         {"scope": "key", "subject": id, "period": "day", "amount": "0.001"})

        def refused():
            try:
                self.chat("house", "say hello", key=key)
            except openai.APIStatusError as error:
                return error
            return None

        self.eventually(lambda: refused() is not None, "the budget was never enforced")
        error = refused()
        self.assertEqual(error.status_code, 402)
        self.assertEqual(error.code, "budget_exceeded")
        with self.assertRaises(anthropic.PaymentRequiredError) as raised:
            self.message("house", "say hello", key=key)
        self.assertEqual(raised.exception.body["error"]["type"], "billing_error")

    def test_a_key_reaches_only_its_models(self):
        key, _ = self.gateway.key("narrow", models=["claude-*"])
        self.message(f"anthropic/{MODELS['anthropic']}", "say hello", key=key)
        with self.assertRaises(openai.PermissionDeniedError):
            self.chat(f"openai/{MODELS['openai']}", "say hello", key=key)
        names = [model.id for model in self.openai(key).models.list()]
        # The names with a fallback lead to a model that it may ask.
        self.assertTrue(names and all(name.startswith(("claude-", "pair-")) for name in names), names[:5])

    def test_a_key_that_has_expired_is_refused(self):
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
        key, _ = self.gateway.key("old", expires=end.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        self.chat("house", "say hello", key=key)
        self.eventually(lambda: self.is_refused(key), "an expired key still works")

    def test_a_revoked_key_is_refused(self):
        key, id = self.gateway.key("gone")
        self.chat("house", "say hello", key=key)
        self.gateway.api("DELETE", f"/api/v1/admin/keys/{id}")
        self.eventually(lambda: self.is_refused(key), "a revoked key still works")

    def is_refused(self, key):
        """Whether a key is no longer taken."""
        try:
            self.chat("house", "say hello", key=key)
        except openai.AuthenticationError:
            return True
        return False


class UpstreamTests(ErrorCase):
    """What is wrong with the provider."""

    @each()
    def test_a_limit_of_the_provider_is_a_rate_limit_with_its_seconds(self, kind, model):
        model, _ = spare(kind)
        with self.assertRaises(openai.RateLimitError) as raised:
            self.chat(model, "fault:429=200")
        self.assertEqual(raised.exception.response.headers["retry-after"], "200")
        with self.assertRaises(anthropic.RateLimitError) as raised:
            self.message(model, "fault:429=200")
        self.assertEqual(raised.exception.response.headers["retry-after"], "200")
        self.assertEqual(len(self.seen()), 2, "it was asked again before its time")

    @each()
    def test_a_broken_provider_is_tried_again_and_then_told(self, kind, model):
        model, account = spare(kind)
        with self.assertRaises(openai.InternalServerError) as raised:
            self.chat(model, "fault:500")
        self.assertEqual(raised.exception.status_code, 502)
        self.assertEqual(len(self.seen(account)), 3)
        self.assertEqual(self.chat(model, "say hello").choices[0].message.content, GREETING)
        with self.assertRaises(anthropic.InternalServerError):
            self.message(model, "fault:500")
        self.assertEqual(self.message(model, "say hello").content[0].text, GREETING)

    @each()
    def test_a_hiccup_is_hidden(self, kind, model):
        model, account = spare(kind)
        for fault in ("500-once", "429-once=0", "503-once", "529-once", "reset-once"):
            before = len(self.seen(account))
            answer = self.chat(model, f"fault:{fault} say hello")
            self.assertEqual(answer.choices[0].message.content, GREETING)
            self.assertEqual(len(self.seen(account)) - before, 2, fault)
        raw = self.openai().chat.completions.with_raw_response.create(
            model=model, messages=user("fault:503-once another"))
        self.assertEqual(raw.headers["x-cupel-attempts"], "2")

    @each()
    def test_a_refused_credential_is_not_the_clients(self, kind, model):
        model, account = spare(kind)
        for status in (401, 403):
            with self.assertRaises(openai.APIStatusError) as raised:
                self.chat(model, f"fault:{status}")
            self.assertEqual(raised.exception.status_code, 502)
            self.assertNotIn(f"upstream-{account}", str(raised.exception.body))

    @each("openai", "groq", "mistral")
    def test_a_model_that_the_provider_does_not_know(self, kind, model):
        model, _ = spare(kind)
        with self.assertRaises(openai.NotFoundError):
            self.chat(model, "fault:404")
        with self.assertRaises(anthropic.NotFoundError):
            self.message(model, "fault:404")

    def test_the_clients_own_retries_work(self):
        model, account = spare("openai")
        client = self.openai(max_retries=1)
        answer = client.chat.completions.create(model=model, messages=user("fault:500-once say hello"))
        self.assertEqual(answer.choices[0].message.content, GREETING)
        self.assertEqual(len(self.seen(account)), 2)

    @each("groq", "mistral")
    def test_a_provider_that_does_not_begin_is_too_slow(self, kind, model):
        model, _ = spare(kind)
        with self.assertRaises(openai.APIStatusError) as raised:
            self.chat(model, "fault:slow-first-byte=8")
        self.assertEqual(raised.exception.status_code, 504)
        self.assertEqual(self.chat(model, "say hello").choices[0].message.content, GREETING)

    def test_a_client_that_waits_no_longer_frees_the_provider(self):
        with self.assertRaises(openai.APITimeoutError):
            self.chat(f"openai/{MODELS['openai']}", "fault:slow-first-byte=20", timeout=0.5)
        self.eventually(lambda: self.last("openai").left, "the provider still works for nobody")
        with self.assertRaises(anthropic.APITimeoutError):
            self.message(f"gemini/{MODELS['gemini']}", "fault:slow-first-byte=20", timeout=0.5)
        self.eventually(lambda: self.last("gemini").left, "the provider still works for nobody")
        self.assertEqual(self.gateway.last_call(f"gemini/{MODELS['gemini']}")["outcome"], "cancelled")
