"""What the fake providers answer: decided by the last text of a prompt, in no provider's words.

A prompt holds one of the commands below, and any number of faults as ``fault:NAME``, ``fault:NAME=NUMBER`` or
``fault@ACCOUNT:NAME``, which then happens at that account only. Usage is a function of what was asked and said, so that
a stream and its unstreamed twin must cost the same.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field

GREETING = "Héllo, wörld: 你好 🙂 it works."
WEATHER = {"city": "Paris", "unit": "c"}
PERSON = {"name": "Ada Lovelace", "age": 36}
THOUGHT = "The user wants a number, so I count: 17 and 25 make 42."


class Refusal(Exception):
    """What a provider answers when a request breaks its rules."""

    def __init__(self, status, message, code="", param=None, headers=()):
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.headers = status, message, code, param, dict(headers)


@dataclass
class Turn:
    """What one speaker says: texts, images as (media type, bytes), tool calls and results."""

    role: str
    texts: list = field(default_factory=list)
    images: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    results: list = field(default_factory=list)
    thoughts: list = field(default_factory=list)


@dataclass
class Ask:
    """A request as every provider understands it."""

    model: str
    turns: list
    system: list = field(default_factory=list)
    tools: dict = field(default_factory=dict)
    choice: str = "auto"
    parallel: bool = True
    shape: object = None
    thinks: bool = False
    stream: bool = False
    limit: int | None = None

    @property
    def text(self):
        """The last text of the user."""
        for turn in reversed(self.turns):
            if turn.role == "user" and (turn.texts or turn.results):
                return turn.texts[-1] if turn.texts else ""
        return ""

    @property
    def words(self):
        """All that was said, in words."""
        said = list(self.system)
        for turn in self.turns:
            said += turn.texts + [call[2] for call in turn.calls] + [result[1] for result in turn.results]
        return sum(len(text.split()) for text in said)


@dataclass
class Usage:
    """Tokens: ``input`` with cached ones, ``output`` with reasoning."""

    input: int
    output: int
    cached: int = 0
    written: int = 0
    reasoning: int = 0


@dataclass
class Answer:
    """Parts are ("text", text), ("think", text, seal), ("call", id, name, arguments)."""

    parts: list
    usage: Usage
    finish: str = "stop"

    @property
    def text(self):
        return "".join(part[1] for part in self.parts if part[0] == "text")

    @property
    def calls(self):
        return [part for part in self.parts if part[0] == "call"]


def seal(text):
    """The signature of a thought; a provider takes back only what it sealed itself."""
    return "seal-" + hashlib.sha256(text.encode()).hexdigest()[:32]


def faults(text, account):
    """The faults that a prompt orders at an account, as {name: number}."""
    found = {}
    for where, name, number in re.findall(r"fault(?:@([\w-]+))?:([a-z0-9-]+)(?:=(\d+))?", text):
        if not where or where == account:
            found[name] = int(number) if number else None
    return found


def _call(index, name, arguments):
    digest = hashlib.sha256(f"{name}{index}{arguments}".encode()).hexdigest()[:20]
    return ("call", f"call_{digest}", name, json.dumps(arguments, ensure_ascii=False))


def _parts(ask):
    text = ask.text
    if ask.turns and ask.turns[-1].results:
        return [("text", "Results: " + " | ".join(result[1] for result in ask.turns[-1].results))]
    name = next(iter(ask.tools), None)
    if "two tools" in text or "call tool" in text:
        if name is None:
            raise Refusal(400, "The script calls a tool and the request offers none.", "no_tools")
        if ask.choice == "none":
            return [("text", "No tool may be called.")]
        cities = [WEATHER]
        if "two tools" in text and ask.parallel:
            cities = [WEATHER, {"city": "Zürich", "unit": "f"}]
        calls = [_call(index, name, arguments) for index, arguments in enumerate(cities)]
        return ([("text", "Let me look.")] if "with words" in text else []) + calls
    if "json" in text:
        if ask.shape is None:
            return [("text", "no shape was asked for")]
        return [("text", json.dumps(PERSON))]
    if "think" in text:
        thought = [("think", THOUGHT, seal(THOUGHT))] if ask.thinks else []
        return thought + [("text", "42")]
    if "see image" in text:
        images = [image for turn in ask.turns for image in turn.images]
        return [("text", "I see " + ", ".join(f"{kind} of {size} bytes" for kind, size in images))]
    if "repeat system" in text:
        return [("text", " ".join(ask.system))]
    if "repeat this: " in text:
        return [("text", text.split("repeat this: ", 1)[1])]
    if "count thoughts" in text:
        return [("text", f"{sum(len(turn.thoughts) for turn in ask.turns)} thoughts came back")]
    if match := re.search(r"(?:long|slow) (\d+)", text):
        return [("text", " ".join(f"word{index}" for index in range(int(match[1]))))]
    return [("text", GREETING)]


def respond(ask):
    """The answer to a request."""
    parts = _parts(ask)
    finish = "tools" if any(part[0] == "call" for part in parts) else "stop"
    reasoning = sum(len(part[1].split()) for part in parts if part[0] == "think")
    said = sum(len(part[1].split()) for part in parts if part[0] == "text")
    said += 10 * sum(part[0] == "call" for part in parts)
    if ask.limit is not None and said > ask.limit and parts[-1][0] == "text":
        said, finish = ask.limit, "length"
        parts[-1] = ("text", " ".join(parts[-1][1].split()[: ask.limit]))
    usage = Usage(20 + ask.words + 5 * len(ask.tools), said + reasoning, reasoning=reasoning)
    if "cached" in ask.text:
        usage.cached = 8
    if "written" in ask.text:
        usage.written = 6
    return Answer(parts, usage, finish)


def pieces(text):
    """A text as a model says it: word by word."""
    return re.findall(r"\s*\S+|\s+$", text) or ([text] if text else [])


def known(value, path, names, extra="Unknown parameter: '{}'."):
    """Refuses members that the API does not know."""
    if not isinstance(value, dict):
        raise Refusal(400, f"'{path or 'body'}' must be an object.", "invalid_type", path or None)
    for name in value:
        if name not in names:
            where = f"{path}.{name}" if path else name
            raise Refusal(400, extra.format(where), "unknown_parameter", where)


def need(value, path, name, kind=None):
    """A member that must be there, of a type."""
    if name not in value:
        raise Refusal(400, f"Missing required parameter: '{(path + '.') if path else ''}{name}'.", "missing", name)
    found = value[name]
    if kind is not None and (not isinstance(found, kind) or (isinstance(found, bool) and kind is int)):
        raise Refusal(400, f"Invalid type for '{(path + '.') if path else ''}{name}'.", "invalid_type", name)
    return found
