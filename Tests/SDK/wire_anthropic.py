"""Anthropic's messages (docs.anthropic.com/en/api/messages) and the counting of their tokens."""

import base64
import json

from script import Ask, Refusal, Turn, faults, known, need, pieces, respond, seal
from wire import MEGABYTE, Reply, Wire

MEMBERS = {
    "model", "messages", "system", "max_tokens", "metadata", "stop_sequences", "stream", "temperature", "top_k",
    "top_p", "tools", "tool_choice", "thinking", "service_tier", "output_config", "output_format", "container",
    "context_management", "mcp_servers", "cache_control", "inference_geo", "speed", "diagnostics", "user_profile_id",
    "workspace_id",
}
# The second one knows no temperature (platform.claude.com/docs/en/api/versioning).
VERSIONS = ("2023-06-01", "2026-10-21")
COUNTED = {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "context_management"}
TYPES = {
    400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
    404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error",
}
EXTRA = "{}: Extra inputs are not permitted"


class Anthropic(Wire):
    """Anthropic itself."""

    middle = 4

    def check(self, request):
        """The credential, the version and the kind of body."""
        if not request.headers.get("x-api-key", "").startswith("upstream-"):
            raise Refusal(401, "invalid x-api-key")
        if request.headers.get("anthropic-version") not in VERSIONS:
            raise Refusal(400, "anthropic-version: header is required, once")
        if request.headers.get("content-type") != "application/json":
            raise Refusal(400, "content-type must be application/json")

    def text(self, request):
        """The text that orders faults."""
        return json.dumps(request.json.get("messages", "")) if isinstance(request.json, dict) else ""

    def reply(self, request):
        """The answer."""
        if request.path == "/v1/messages/count_tokens":
            known(request.json, "", COUNTED, EXTRA)
            ask = _read({"max_tokens": 1, **request.json})
            return Reply(body=json.dumps({"input_tokens": 20 + ask.words + 5 * len(ask.tools)}).encode())
        if request.path != "/v1/messages":
            raise Refusal(404, f"Not found: {request.path}")
        is_old = request.headers["anthropic-version"] == VERSIONS[0]
        known(request.json, "", MEMBERS if is_old else MEMBERS - {"temperature", "top_p", "top_k"}, EXTRA)
        ask = _read(request.json)
        answer = respond(ask)
        whole = _whole(ask, answer)
        headers = {"request-id": "req_upstream", "anthropic-ratelimit-requests-remaining": "99"}
        if ask.stream:
            events = _events(whole, faults(self.text(request), "-"))
            return Reply(type="text/event-stream; charset=utf-8", chunks=events, usage=answer.usage, headers=headers)
        return Reply(body=json.dumps(whole, ensure_ascii=False).encode(), usage=answer.usage, headers=headers)

    def refuse(self, refusal):
        """A refusal in the provider's form."""
        kind = TYPES.get(refusal.status, "api_error")
        body = {"type": "error", "error": {"type": kind, "message": refusal.message}, "request_id": "req_upstream"}
        return Reply(refusal.status, body=json.dumps(body).encode(), headers=refusal.headers)

    def fault(self, status, number, context=False):
        """A fault that a prompt orders."""
        if context:
            return Refusal(400, "prompt is too long: 208310 tokens > 200000 maximum")
        if status == 402:
            return Refusal(400, "Your credit balance is too low to access the Anthropic API.")
        return Refusal(status, f"The script orders {status}.",
                       headers={"retry-after": str(number)} if number is not None else {})

    def stream_error(self):
        """An error inside a stream."""
        return _event("error", error={"type": "overloaded_error", "message": "Overloaded"})

    def comment(self):
        """A ping, as Anthropic sends it."""
        return _event("ping")

    def garbage(self):
        """An event that is none."""
        return b'event: content_block_delta\ndata: {"type": "content_block_del\n\n'


def _read(body):
    ask = Ask(need(body, "", "model", str), [], stream=body.get("stream") is True)
    ask.limit = need(body, "", "max_tokens", int)
    system = body.get("system") or []
    for part in [{"type": "text", "text": system}] if isinstance(system, str) else system:
        known(part, "system", {"type", "text", "cache_control", "citations"}, EXTRA)
        ask.system.append(need(part, "system", "text", str))
    messages = need(body, "", "messages", list)
    if not messages or messages[0].get("role") != "user":
        raise Refusal(400, "messages: first message must use the user role")
    for index, message in enumerate(messages):
        path = f"messages.{index}"
        known(message, path, {"role", "content"}, EXTRA)
        if message.get("role") not in ("user", "assistant"):
            raise Refusal(400, f"{path}.role: must be user or assistant")
        ask.turns.append(_turn(message, path))
    _check_calls(ask)
    if json.dumps(body).count('"cache_control"') > 4:
        raise Refusal(400, "A maximum of 4 blocks with cache_control may be provided.")
    for index, tool in enumerate(body.get("tools") or []):
        path = f"tools.{index}"
        known(tool, path, {"type", "name", "description", "input_schema", "cache_control", "strict",
                           "eager_input_streaming", "input_examples", "defer_loading", "allowed_callers"}, EXTRA)
        if need(tool, path, "input_schema", dict).get("type") != "object":
            raise Refusal(400, f"{path}.input_schema.type: Field required")
        ask.tools[need(tool, path, "name", str)] = tool["input_schema"]
    _options(ask, body)
    return ask


def _options(ask, body):
    choice = body.get("tool_choice") or {"type": "auto"}
    known(choice, "tool_choice", {"type", "name", "disable_parallel_tool_use"}, EXTRA)
    if "tool_choice" in body and not ask.tools:
        raise Refusal(400, "tool_choice may only be specified while providing tools")
    ask.choice, ask.parallel = choice["type"], not choice.get("disable_parallel_tool_use", False)
    thinking = body.get("thinking") or {"type": "disabled"}
    if thinking["type"] == "enabled":
        if not 1024 <= need(thinking, "thinking", "budget_tokens", int) < ask.limit:
            raise Refusal(400, "thinking.budget_tokens: must be at least 1024 and less than max_tokens")
        if body.get("temperature", 1) != 1:
            raise Refusal(400, "`temperature` may only be set to 1 when thinking is enabled")
        if ask.choice in ("any", "tool"):
            raise Refusal(400, "Thinking may not be enabled when tool_choice forces tool use.")
    ask.thinks = thinking["type"] != "disabled"
    shape = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if shape:
        known(shape, "output_config.format", {"type", "schema"}, EXTRA)
        ask.shape = need(shape, "output_config.format", "schema", dict)
        if ask.shape.get("type") == "object" and ask.shape.get("additionalProperties") is not False:
            raise Refusal(400, "output_config.format.schema: For 'object' type, 'additionalProperties' must be "
                          "explicitly set to false")


def _turn(message, path):
    turn = Turn(message["role"])
    content = need(message, path, "content", (str, list))
    for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
        kind = need(block, path, "type", str)
        if kind == "text":
            if not need(block, path, "text", str):
                raise Refusal(400, f"{path}: text content blocks must be non-empty")
            turn.texts.append(block["text"])
        elif kind == "image":
            source = need(block, path, "source", dict)
            if source["type"] == "base64":
                known(source, path, {"type", "media_type", "data"}, EXTRA)
                turn.images.append((source["media_type"], len(base64.b64decode(source["data"], validate=True))))
            else:
                turn.images.append(("url", len(need(source, path, "url", str))))
        elif kind == "tool_use" and turn.role == "assistant":
            known(block, path, {"type", "id", "name", "input", "cache_control", "caller"}, EXTRA)
            turn.calls.append((block["id"], block["name"], json.dumps(need(block, path, "input", dict))))
        elif kind == "tool_result" and turn.role == "user":
            known(block, path, {"type", "tool_use_id", "content", "is_error", "cache_control"}, EXTRA)
            said = block.get("content", "")
            texts = [said] if isinstance(said, str) else [part.get("text", "") for part in said]
            turn.results.append((block["tool_use_id"], "".join(texts), block.get("is_error", False)))
        elif kind == "thinking" and turn.role == "assistant":
            if block.get("signature") != seal(block.get("thinking", "")):
                raise Refusal(400, f"{path}: Invalid `signature` in `thinking` block")
            turn.thoughts.append(block["signature"])
        elif kind == "redacted_thinking" and turn.role == "assistant":
            turn.thoughts.append(need(block, path, "data", str))
        else:
            raise Refusal(400, f"{path}: Input tag '{kind}' found using 'type' does not match any expected tag")
    return turn


def _check_calls(ask):
    for before, turn in zip([Turn("user"), *ask.turns], ask.turns):
        wanted, given = {call[0] for call in before.calls}, {result[0] for result in turn.results}
        if given - wanted:
            raise Refusal(400, "unexpected `tool_use_id` found in `tool_result` blocks")
        if wanted - given:
            raise Refusal(400, "`tool_use` ids were found without `tool_result` blocks immediately after")
    if ask.turns[-1].calls:
        raise Refusal(400, "`tool_use` ids were found without `tool_result` blocks immediately after")


def usage(found):
    """Usage in Anthropic's words: what the cache held is beside the input."""
    return {
        "input_tokens": found.input - found.cached - found.written, "cache_read_input_tokens": found.cached,
        "cache_creation_input_tokens": found.written, "output_tokens": found.output,
        "cache_creation": {"ephemeral_5m_input_tokens": found.written, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    }


def _whole(ask, answer):
    content = []
    for part in answer.parts:
        if part[0] == "text":
            content.append({"type": "text", "text": part[1]})
        elif part[0] == "think":
            content.append({"type": "thinking", "thinking": part[1], "signature": part[2]})
        else:
            content.append({"type": "tool_use", "id": part[1], "name": part[2], "input": json.loads(part[3])})
    finish = {"tools": "tool_use", "length": "max_tokens", "stop": "end_turn"}[answer.finish]
    return {
        "id": "msg_upstream", "type": "message", "role": "assistant", "model": ask.model, "content": content,
        "stop_reason": finish, "stop_sequence": None, "usage": usage(answer.usage),
    }


def _event(kind, **members):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members}, ensure_ascii=False)}\n\n".encode()


def _events(whole, orders):
    begun = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    yield _event("message_start", message=begun)
    for index, block in enumerate(whole["content"]):
        kind = block["type"]
        empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}[kind]
        yield _event("content_block_start", index=index, content_block={**block, **empty})
        if index == 0:
            yield _event("ping")
        if kind == "text":
            for piece in [block["text"]] if "huge-chunk" in orders else pieces(block["text"]):
                text = piece + "x" * (MEGABYTE * ("huge-chunk" in orders))
                yield _event("content_block_delta", index=index, delta={"type": "text_delta", "text": text})
        elif kind == "thinking":
            for piece in pieces(block["thinking"]):
                yield _event("content_block_delta", index=index, delta={"type": "thinking_delta", "thinking": piece})
            delta = {"type": "signature_delta", "signature": block["signature"]}
            yield _event("content_block_delta", index=index, delta=delta)
        else:
            text = json.dumps(block["input"], ensure_ascii=False)
            for start in [None, *range(0, len(text), 7)]:
                part = "" if start is None else text[start : start + 7]
                delta = {"type": "input_json_delta", "partial_json": part}
                yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage={"output_tokens": whole["usage"]["output_tokens"]})
    yield _event("message_stop")
