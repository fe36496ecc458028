"""The fake providers themselves: they must refuse what the real ones refuse, or the other tests show nothing."""

import json
import urllib.error
import urllib.request

from harness import Case

CHAT = {"model": "m", "messages": [{"role": "user", "content": "say hello"}]}
MESSAGES = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "say hello"}]}
CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "say hello"}]}]}
CONVERSE = {"messages": [{"role": "user", "content": [{"text": "say hello"}]}]}
HEADERS = {
    "openai": {"authorization": "Bearer upstream-x"},
    "mistral": {"authorization": "Bearer upstream-x"},
    "anthropic": {"x-api-key": "upstream-x", "anthropic-version": "2023-06-01"},
    "gemini": {"x-goog-api-key": "upstream-x"},
    "bedrock": {},
}
PATHS = {
    "openai": "/v1/chat/completions", "mistral": "/v1/chat/completions", "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/m:generateContent", "bedrock": "/model/m/converse",
}


class ProviderTests(Case):
    """Requests straight to the fakes."""

    def ask(self, kind, body, headers=None, path=None):
        """The status of a request to a fake."""
        address = f"http://127.0.0.1:{self.gateway.providers.ports[kind]}{path or PATHS[kind]}"
        request = urllib.request.Request(address, data=json.dumps(body).encode(), method="POST")
        for name, value in {"content-type": "application/json", **(HEADERS[kind] if headers is None else headers)}.items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def test_a_good_request_is_taken(self):
        for kind, body in (("openai", CHAT), ("mistral", CHAT), ("anthropic", MESSAGES), ("gemini", CONTENTS)):
            self.assertEqual(self.ask(kind, body), 200, kind)

    def test_a_request_without_credential_is_refused(self):
        for kind, body, status in (("openai", CHAT, 401), ("anthropic", MESSAGES, 401), ("gemini", CONTENTS, 400),
                                   ("bedrock", CONVERSE, 403)):
            self.assertEqual(self.ask(kind, body, {}), status, kind)

    def test_a_wrong_signature_is_refused(self):
        header = ("AWS4-HMAC-SHA256 Credential=AKUPSTREAMUPSTREAM/20261121/us-east-1/bedrock/aws4_request, "
                  "SignedHeaders=host;x-amz-date, Signature=" + "0" * 64)
        self.assertEqual(self.ask("bedrock", CONVERSE, {"authorization": header, "x-amz-date": "20261121T000000Z"}), 403)

    def test_unknown_and_missing_members_are_refused(self):
        for kind, body in (
            ("openai", {**CHAT, "nonsense": 1}), ("openai", {**CHAT, "max_tokens": 5}), ("openai", {"model": "m"}),
            ("openai", {**CHAT, "stream_options": {"include_usage": True}}), ("mistral", {**CHAT, "user": "u"}),
            ("mistral", {**CHAT, "max_completion_tokens": 5}), ("anthropic", {**MESSAGES, "n": 1}),
            ("anthropic", {**CHAT}), ("anthropic", {**MESSAGES, "messages": []}),
            ("gemini", {**CONTENTS, "model": "m"}), ("gemini", {**CONTENTS, "generationConfig": {"max_tokens": 5}}),
        ):
            self.assertEqual(self.ask(kind, body), 400, (kind, body))

    def test_results_of_tools_without_their_calls_are_refused(self):
        result = {"role": "tool", "tool_call_id": "call_1", "content": "x"}
        self.assertEqual(self.ask("openai", {**CHAT, "messages": [*CHAT["messages"], result]}), 400)
        block = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}
        self.assertEqual(self.ask("anthropic", {**MESSAGES, "messages": [{"role": "user", "content": [block]}]}), 400)
        part = {"functionResponse": {"name": "f", "response": {"result": "x"}}}
        talk = [*CONTENTS["contents"], {"role": "model", "parts": [{"text": "y"}]}, {"role": "user", "parts": [part]}]
        self.assertEqual(self.ask("gemini", {"contents": talk}), 400)

    def test_the_newer_version_of_anthropics_api_knows_no_temperature(self):
        headers = {**HEADERS["anthropic"], "anthropic-version": "2026-10-21"}
        self.assertEqual(self.ask("anthropic", {**MESSAGES, "temperature": 1}), 200)
        self.assertEqual(self.ask("anthropic", {**MESSAGES, "temperature": 1}, headers), 400)
