"""OpenAI's wire format (platform.openai.com/docs/api-reference) and two that resemble it, Groq's and Mistral's."""

import base64
import json
import struct

import wire_responses
from script import Ask, Refusal, Turn, Usage, faults, known, need, pieces, respond
from wire import MEGABYTE, Reply, Wire

CHAT = {
    "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "max_completion_tokens",
    "max_tokens", "temperature", "top_p", "n", "stop", "seed", "presence_penalty", "frequency_penalty", "logprobs",
    "top_logprobs", "logit_bias", "user", "safety_identifier", "metadata", "store", "stream", "stream_options",
    "reasoning_effort", "service_tier", "verbosity", "prompt_cache_key", "modalities", "audio", "prediction",
    "web_search_options",
}
TYPES = {401: "authentication_error", 403: "permission_error", 404: "invalid_request_error", 429: "rate_limit_error"}
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class OpenAI(Wire):
    """OpenAI itself."""

    chat = CHAT
    limits = {"max_completion_tokens"}
    knows_stream_usage = True
    has_responses = True
    prefix = "/v1"

    def check(self, request):
        """The credential and the kind of body."""
        if not request.headers.get("authorization", "").startswith("Bearer upstream-"):
            raise Refusal(401, "Incorrect API key provided. You can find your API key in your account.")
        if request.method == "POST" and request.headers.get("content-type") != "application/json":
            raise Refusal(400, "Unsupported Content-Type; use application/json.", "unsupported_media_type")

    def text(self, request):
        """The text that orders faults."""
        if not isinstance(request.json, dict):
            return ""
        return json.dumps(request.json.get("messages") or request.json.get("input") or "")

    def reply(self, request):
        """The answer."""
        path = request.path.removeprefix(self.prefix)
        if not request.path.startswith(self.prefix):
            raise Refusal(404, f"Invalid URL (POST {request.path})")
        if path == "/chat/completions":
            return self._chat(request)
        if path == "/responses" and self.has_responses:
            return wire_responses.reply(request)
        if path == "/embeddings":
            return self._embeddings(request.json)
        raise Refusal(404, f"Invalid URL (POST {request.path})")

    def refuse(self, refusal):
        """A refusal in the provider's form."""
        error = {
            "message": refusal.message, "type": TYPES.get(refusal.status, "invalid_request_error"),
            "param": refusal.param, "code": refusal.code or CODES.get(refusal.status),
        }
        if refusal.status >= 500:
            error["type"] = "server_error"
        return Reply(refusal.status, body=json.dumps({"error": error}).encode(), headers=refusal.headers)

    def fault(self, status, number, context=False):
        """A fault that a prompt orders."""
        if context:
            return Refusal(400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded")
        if status == 402:
            return Refusal(429, "You exceeded your current quota, check your plan.", "insufficient_quota")
        headers = {"retry-after": str(number)} if number is not None else {}
        return Refusal(status, f"The script orders {status}.", headers=headers)

    def stream_error(self):
        """An error inside a stream."""
        error = {"error": {"message": "The engine is overloaded.", "type": "server_error", "code": "overloaded"}}
        return b"data: " + json.dumps(error).encode() + b"\n\n"

    # MARK: Chat completions

    def _chat(self, request):
        body = request.json
        known(body, "", self.chat)
        ask = self._read(body)
        answer = respond(ask)
        name = f"chatcmpl-{abs(hash(ask.text)) % 10**12}"
        if ask.stream:
            wants = (body.get("stream_options") or {}).get("include_usage", not self.knows_stream_usage)
            events = self._events(name, ask, answer, wants, faults(self.text(request), "-"))
            return Reply(type="text/event-stream", chunks=events, usage=answer.usage)
        message = {"role": "assistant", "content": answer.text or None, "refusal": None, "annotations": []}
        thought = "".join(part[1] for part in answer.parts if part[0] == "think")
        if thought:
            message["reasoning_content"] = thought
        if answer.calls:
            message["tool_calls"] = [self._call(part) for part in answer.calls]
        whole = {
            "id": name, "object": "chat.completion", "created": 1763000000, "model": ask.model + "-0601",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}],
            "usage": usage(answer.usage), "service_tier": "default", "system_fingerprint": "fp_1",
        }
        return Reply(body=json.dumps(whole, ensure_ascii=False).encode(), usage=answer.usage,
                     headers={"openai-processing-ms": "12", "x-request-id": "req_upstream"})

    def _read(self, body):
        ask = Ask(need(body, "", "model", str), [], stream=body.get("stream") is True)
        for index, message in enumerate(need(body, "", "messages", list)):
            _message(ask, message, f"messages[{index}]")
        if not ask.turns:
            raise Refusal(400, "messages must hold a message of the user.", "invalid", "messages")
        _check_calls(ask)
        _tools(ask, body)
        _shape(ask, body.get("response_format"))
        for name in ("max_tokens", "max_completion_tokens"):
            if name in body and name not in self.limits:
                raise Refusal(400, f"Unsupported parameter: '{name}' is not supported with this model.",
                              "unsupported_parameter", name)
            ask.limit = body.get(name, ask.limit)
        if "stream_options" in body:
            if not ask.stream or not self.knows_stream_usage:
                raise Refusal(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                              "invalid", "stream_options")
            known(body["stream_options"], "stream_options", {"include_usage", "include_obfuscation"})
        ask.thinks = body.get("reasoning_effort", "none") != "none"
        return ask

    def _call(self, part):
        return {"id": part[1], "type": "function", "function": {"name": part[2], "arguments": part[3]}}

    def _events(self, name, ask, answer, wants, orders):
        def chunk(delta, finish=None):
            event = {
                "id": name, "object": "chat.completion.chunk", "created": 1763000000, "model": ask.model + "-0601",
                "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
            }
            if wants and self.knows_stream_usage:
                event["usage"] = None
            return event

        yield _event(chunk({"role": "assistant", "content": "", "refusal": None}))
        for part in answer.parts:
            if part[0] == "think":
                for piece in pieces(part[1]):
                    yield _event(chunk({"reasoning_content": piece}))
            elif part[0] == "text":
                said = [part[1]] if "huge-chunk" in orders else pieces(part[1])
                for piece in said:
                    yield _event(chunk({"content": piece + "x" * (MEGABYTE * ("huge-chunk" in orders))}))
        for index, part in enumerate(answer.calls):
            head = {"name": part[2], "arguments": ""}
            yield _event(chunk({"tool_calls": [{"index": index, "id": part[1], "type": "function", "function": head}]}))
            for start in range(0, len(part[3]), 7):
                arguments = {"arguments": part[3][start : start + 7]}
                yield _event(chunk({"tool_calls": [{"index": index, "function": arguments}]}))
        last = chunk({}, _finish(answer))
        if wants and not self.knows_stream_usage:
            last["usage"] = usage(answer.usage)
        yield _event(last)
        if wants and self.knows_stream_usage:
            yield _event({**chunk({}), "choices": [], "usage": usage(answer.usage)})
        yield b"data: [DONE]\n\n"

    def _embeddings(self, body):
        known(body, "", {"model", "input", "encoding_format", "dimensions", "user"})
        texts = need(body, "", "input", (str, list))
        texts = [texts] if isinstance(texts, str) else texts
        tokens = sum(len(text.split()) for text in texts)
        vectors = [[float(len(text)), 0.5, -0.25] for text in texts]
        if body.get("encoding_format") == "base64":
            vectors = [base64.b64encode(struct.pack("<3f", *vector)).decode() for vector in vectors]
        data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        whole = {
            "object": "list", "data": data, "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        return Reply(body=json.dumps(whole).encode(), usage=Usage(tokens, 0))


class Groq(OpenAI):
    """Groq's (console.groq.com/docs/openai): no log probabilities, no storing."""

    chat = CHAT - {"store", "logit_bias", "logprobs", "top_logprobs", "audio", "modalities", "prediction"}
    limits = {"max_completion_tokens", "max_tokens"}
    prefix = "/openai/v1"


class Mistral(OpenAI):
    """Mistral's (docs.mistral.ai/api), which refuses what it does not know and sends usage unasked."""

    chat = {
        "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "max_tokens",
        "temperature", "top_p", "n", "stop", "random_seed", "presence_penalty", "frequency_penalty", "stream",
        "safe_prompt", "metadata", "prompt_mode", "reasoning_effort",
    }
    limits = {"max_tokens"}
    knows_stream_usage = False
    has_responses = False


def usage(found):
    """Usage in OpenAI's words."""
    return {
        "prompt_tokens": found.input, "completion_tokens": found.output, "total_tokens": found.input + found.output,
        "prompt_tokens_details": {"cached_tokens": found.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": found.reasoning, "audio_tokens": 0},
    }


def _finish(answer):
    return "tool_calls" if answer.finish == "tools" else answer.finish


def _event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _message(ask, message, path):
    role = need(message, path, "role", str)
    turn = Turn({"tool": "user", "developer": "system"}.get(role, role))
    content = message.get("content")
    if role not in ("system", "developer", "user", "assistant", "tool"):
        raise Refusal(400, f"Invalid value: '{role}'.", "invalid_value", path + ".role")
    known(message, path, {
        "user": {"role", "content", "name"}, "tool": {"role", "content", "tool_call_id"},
        "assistant": {"role", "content", "name", "refusal", "tool_calls", "audio", "annotations", "reasoning_content"},
    }.get(role, {"role", "content", "name"}))
    if content is None and not (role == "assistant" and message.get("tool_calls")):
        raise Refusal(400, f"Invalid value for 'content': expected a string, got null ({path}).", "invalid", path)
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else content or []:
        if part.get("type") == "text":
            turn.texts.append(need(part, path, "text", str))
        elif part.get("type") == "image_url" and role == "user":
            turn.images.append(image(need(need(part, path, "image_url", dict), path, "url", str)))
        else:
            raise Refusal(400, f"Invalid value: '{part.get('type')}' ({path}).", "invalid_value", path)
    if role == "tool":
        turn = Turn("user", results=[(need(message, path, "tool_call_id", str), "".join(turn.texts), False)])
        if ask.turns and ask.turns[-1].results:
            ask.turns[-1].results += turn.results
            return
    for call in message.get("tool_calls") or []:
        function = need(call, path, "function", dict)
        arguments = need(function, path, "arguments", str)
        turn.calls.append((need(call, path, "id", str), need(function, path, "name", str), arguments))
    if turn.role == "system":
        ask.system += turn.texts
    else:
        ask.turns.append(turn)


def image(url):
    """What a URL or a data URL holds."""
    if not url.startswith("data:"):
        return ("url", len(url))
    kind, _, data = url[5:].partition(";base64,")
    return (kind, len(base64.b64decode(data, validate=True)))


def _check_calls(ask):
    open_calls = set()
    for turn in ask.turns:
        for call, _, _ in turn.results:
            if call not in open_calls:
                raise Refusal(400, "messages with role 'tool' must be a response to a preceding message with "
                              "'tool_calls'.", "invalid", "messages")
            open_calls.discard(call)
        if open_calls:
            raise Refusal(400, "An assistant message with 'tool_calls' must be followed by tool messages responding "
                          "to each 'tool_call_id'.", "invalid", "messages")
        open_calls = {call for call, _, _ in turn.calls}


def _tools(ask, body):
    for index, tool in enumerate(body.get("tools") or []):
        path = f"tools[{index}]"
        if need(tool, path, "type", str) != "function":
            raise Refusal(400, f"Invalid value: '{tool['type']}'.", "invalid_value", path)
        function = need(tool, path, "function", dict)
        known(function, path, {"name", "description", "parameters", "strict"})
        if function.get("strict"):
            strict(function.get("parameters") or {}, path)
        ask.tools[need(function, path, "name", str)] = function.get("parameters")
    choice = body.get("tool_choice")
    if ("tool_choice" in body or "parallel_tool_calls" in body) and not ask.tools:
        raise Refusal(400, "'tool_choice' is only allowed when 'tools' are specified.", "invalid", "tool_choice")
    ask.choice = choice if isinstance(choice, str) else "named" if choice else "auto"
    ask.parallel = body.get("parallel_tool_calls", True)


def strict(schema, path):
    """OpenAI's rules for strict schemas."""
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise Refusal(400, f"Invalid schema: 'additionalProperties' is required to be false ({path}).", "schema")
        if set(schema.get("required", [])) != set(schema.get("properties", {})):
            raise Refusal(400, f"Invalid schema: 'required' must hold every property ({path}).", "schema")


def _shape(ask, shape):
    if shape is None or shape.get("type") == "text":
        return
    if shape["type"] == "json_object":
        ask.shape = "object"
        return
    value = need(shape, "response_format", "json_schema", dict)
    known(value, "response_format.json_schema", {"name", "schema", "strict", "description"})
    need(value, "response_format.json_schema", "name", str)
    ask.shape = need(value, "response_format.json_schema", "schema", dict)
    if value.get("strict"):
        strict(ask.shape, "response_format")
