"""The gateway under test: the real binary before fake providers, and the official clients before it."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import anthropic
import openai

import wire_bedrock
from providers import KINDS, Providers

# What each kind is asked for; each name is known to the registry, with a price.
MODELS = {
    "openai": "gpt-5.5",
    "groq": "openai/gpt-oss-120b",
    "mistral": "mistral-large-2512",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock": "claude-haiku-4-5",
}
PATHS = {"openai": "/v1", "groq": "/openai/v1", "mistral": "/v1", "gemini": "/v1beta"}
# Accounts of each kind that a test may break: what is known of one account's health says nothing of another's.
SPARES = 12
PAIRS = 8
# A stop may finish what runs, and nothing runs when the tests are over.
STOP_SECONDS = 30
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Gateway:
    """A running ``cupel serve`` and the providers behind it."""

    def __init__(self, binary):
        self._team = None
        self._folder = tempfile.TemporaryDirectory(prefix="cupel-sdk-")
        self._spares = dict.fromkeys(KINDS, 0)
        # Names with a fallback, from accounts that are no spares.
        self.pairs = [(f"openai-p{index}", f"anthropic-p{index}") for index in range(PAIRS)]
        self.providers = Providers().start()
        self.data = self._folder.name + "/data"
        with open(self._folder.name + "/cupel.yaml", "w") as file:
            file.write(self._configuration())
        environment = {name: os.environ[name] for name in ("PATH", "LLVM_PROFILE_FILE") if name in os.environ}
        environment["HOME"] = self._folder.name
        self._log = open(self._folder.name + "/log", "w+")
        self._process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--data-dir", self.data, "--config", "cupel.yaml"],
            cwd=self._folder.name, env=environment, stdout=self._log, stderr=self._log,
        )
        self.base = self._wait()
        with open(self.data + "/token") as file:
            self.token = file.read().strip()

    def _configuration(self):
        lines = ["model:", '  local: ""', "providers:"]
        for kind in KINDS:
            for account in [kind] + [f"{kind}-f{index}" for index in range(SPARES)]:
                lines += self._provider(kind, account)
        for first, second in self.pairs:
            lines += self._provider("openai", first) + self._provider("anthropic", second)
        lines += ["models:", "  house: openai/gpt-5.5"]
        for index, (first, second) in enumerate(self.pairs):
            lines += [f"  pair-{index}:", f"    variants: [{{model: gpt-5.5, provider: {first}}}]",
                      f"    fallbacks: [{{model: claude-sonnet-4-5, provider: {second}}}]"]
        return "\n".join(lines) + "\n"

    def _provider(self, kind, account):
        address = f"http://127.0.0.1:{self.providers.ports[kind]}/{account}{PATHS.get(kind, '')}"
        lines = [f"  {account}:", f"    preset: {kind}", f"    base_url: {address}"]
        if account != kind:
            lines += ["    first_byte_seconds: 1", "    between_bytes_seconds: 1"]
        if kind == "bedrock":
            return lines + [f"    access_key_id: {wire_bedrock.ACCESS}", f"    region: {wire_bedrock.REGION}",
                            f"    secret_access_key: {wire_bedrock.secret()}"]
        return lines + [f"    api_key: upstream-{account}"]

    def _wait(self):
        for _ in range(600):
            if self._process.poll() is not None:
                break
            try:
                with open(self.data + "/endpoint") as file:
                    base = file.read().strip()
                if base:
                    urllib.request.urlopen(base + "/health", timeout=5).read()
                    return base
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.05)
        raise SystemExit(f"The server did not start:\n{self.log()}")

    def log(self):
        """The last of what the server said."""
        self._log.flush()
        with open(self._log.name) as file:
            return file.read()[-8000:]

    def stop(self):
        """Stops the server, which must end well, and the providers."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self.providers.stop()
        self._log.close()
        self._folder.cleanup()
        return code

    def spare(self, kind):
        """An account that no test has used, for what may open its breaker."""
        number = self._spares[kind]
        self._spares[kind] += 1
        assert number < SPARES, f"no spare accounts of {kind} are left; raise SPARES"
        return f"{kind}-f{number}"

    def api(self, method, path, body=None):
        """Asks the server's own API as the owner."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        request = urllib.request.Request(self.base + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def call(self, id, wait=0.0):
        """The record of a call; waits until it has ended."""
        end = time.monotonic() + max(wait, 2)
        while True:
            for call in self.api("GET", "/api/v1/calls?limit=50")["items"]:
                if call["id"] == id and call["outcome"] != "open":
                    return call
            assert time.monotonic() < end, f"no record of the call {id}"
            time.sleep(0.05)

    def last_call(self, model, wait=5.0):
        """The newest record of a call for a model, once it has ended."""
        end = time.monotonic() + wait
        while True:
            calls = [c for c in self.api("GET", "/api/v1/calls?limit=50")["items"] if c["model_asked"] == model]
            if calls and calls[0]["outcome"] != "open":
                return calls[0]
            assert time.monotonic() < end, f"no ended call for {model}: {calls[:1]}"
            time.sleep(0.05)

    def calls(self, key):
        """The records of all calls by a key."""
        found, cursor = [], ""
        while True:
            page = self.api("GET", "/api/v1/calls?limit=100" + cursor)
            found += [call for call in page["items"] if call["key_name"] == key]
            if not page["next_cursor"]:
                return found
            cursor = "&cursor=" + page["next_cursor"]

    def key(self, name, models=(), expires=None, **limits):
        """A new key of the API, and its identifier."""
        if self._team is None:
            self._team = self.api("POST", "/api/v1/admin/teams", {"name": "testers"})["id"]
        made = self.api("POST", "/api/v1/admin/keys", {
            "name": name, "owner": {"kind": "team", "id": self._team}, "scopes": ["calls"], "models": list(models),
            "limits": limits, "expires_at": expires,
        })
        return made["secret"], made["id"]


GATEWAY = None


def each(*left_out):
    """Runs a test once for each kind of provider but some: it takes the kind and the name of the model."""
    def mark(test):
        test.kinds = [kind for kind in KINDS if kind not in left_out]
        return test
    return mark


class Case(unittest.TestCase):
    """A test before the running gateway."""

    def __init_subclass__(cls):
        for name, test in list(vars(cls).items()):
            if not hasattr(test, "kinds"):
                continue
            delattr(cls, name)
            for kind in test.kinds:
                def run(self, test=test, kind=kind):
                    test(self, kind, f"{kind}/{MODELS[kind]}")
                setattr(cls, f"{name}[{kind}]", run)

    def setUp(self):
        self.gateway = GATEWAY
        self.number = len(GATEWAY.providers.seen)

    def openai(self, key=None, **options):
        """OpenAI's client with only base URL and key changed, and no retries of its own."""
        options = {"max_retries": 0, "timeout": 30, **options}
        client = openai.OpenAI(base_url=GATEWAY.base + "/v1", api_key=key or GATEWAY.token, **options)
        self.addCleanup(client.close)
        return client

    def anthropic(self, key=None, **options):
        """Anthropic's client with only base URL and key changed, and no retries of its own."""
        options = {"max_retries": 0, "timeout": 30, **options}
        client = anthropic.Anthropic(base_url=GATEWAY.base, api_key=key or GATEWAY.token, **options)
        self.addCleanup(client.close)
        return client

    def seen(self, account=None):
        """The requests that providers got since the test began."""
        return GATEWAY.providers.since(self.number, account)

    def last(self, account=None):
        """The last of them."""
        seen = self.seen(account)
        self.assertTrue(seen, "no provider was asked")
        return seen[-1]

    def eventually(self, condition, what, seconds=5.0):
        """Waits until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)


def spare(kind):
    """The model's name at a spare account, and the account."""
    account = GATEWAY.spare(kind)
    return f"{account}/{MODELS[kind]}", account
