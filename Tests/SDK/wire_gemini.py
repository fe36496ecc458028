"""Google's Gemini API (ai.google.dev/api/generate-content): generateContent and streamGenerateContent."""

import base64
import hashlib
import json
import re

from script import Ask, Refusal, Turn, faults, known, need, pieces, respond
from wire import MEGABYTE, Reply, Wire

STATES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
}
UNKNOWN = 'Invalid JSON payload received. Unknown name "{}": Cannot find field.'
CONFIG = {
    "maxOutputTokens", "temperature", "topP", "topK", "presencePenalty", "frequencyPenalty", "stopSequences", "seed",
    "responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig", "candidateCount",
}
# What an OpenAPI schema of Gemini's knows (ai.google.dev/api/caching#Schema).
SCHEMA = {
    "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required",
    "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering",
    "default", "items", "minimum", "maximum",
}


class Gemini(Wire):
    """Google itself."""

    middle = 2

    def check(self, request):
        """The credential."""
        if not request.headers.get("x-goog-api-key", "").startswith("upstream-"):
            raise Refusal(400, "API key not valid. Please pass a valid API key.")

    def text(self, request):
        """The text that orders faults."""
        return json.dumps(request.json.get("contents", "")) if isinstance(request.json, dict) else ""

    def reply(self, request):
        """The answer."""
        match = re.fullmatch(r"/v1beta/models/([A-Za-z0-9._-]+):(generateContent|streamGenerateContent|countTokens)",
                             request.path)
        if not match:
            raise Refusal(404, f"The requested URL {request.path} was not found on this server.")
        streams = match[2] == "streamGenerateContent"
        if streams and request.query != "alt=sse":
            raise Refusal(400, "The script serves streams with alt=sse only.")
        ask = _read(request.json, match[1])
        answer = respond(ask)
        if streams:
            chunks = _events(ask, answer, faults(self.text(request), "-"))
            return Reply(type="text/event-stream", chunks=chunks, usage=answer.usage)
        return Reply(body=json.dumps(_whole(ask, answer, _parts(answer)), ensure_ascii=False).encode(),
                     type="application/json; charset=UTF-8", usage=answer.usage)

    def refuse(self, refusal):
        """A refusal in the provider's form."""
        error = {"code": refusal.status, "message": refusal.message, "status": STATES.get(refusal.status, "UNKNOWN")}
        delay = refusal.headers.pop("retry", None)
        if delay:
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{delay}s"}]
        return Reply(refusal.status, body=json.dumps({"error": error}).encode(), headers=refusal.headers)

    def fault(self, status, number, context=False):
        """A fault that a prompt orders."""
        if context:
            return Refusal(400, "The input token count exceeds the maximum number of tokens allowed (1048576).")
        return Refusal(503 if status == 529 else status, f"The script orders {status}.",
                       headers={"retry": str(number)} if number is not None else {})

    def stream_error(self):
        """An error inside a stream."""
        error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
        return b"data: " + json.dumps(error).encode() + b"\r\n\r\n"

    def garbage(self):
        """An event that is none."""
        return b'data: {"candidates": [{"content": {"par\r\n\r\n'


def _read(body, model):
    known(body, "", {"contents", "systemInstruction", "tools", "toolConfig", "safetySettings", "generationConfig",
                     "cachedContent", "labels"}, UNKNOWN)
    ask = Ask(model, [])
    system = body.get("systemInstruction") or {"parts": []}
    ask.system = [need(part, "systemInstruction", "text", str) for part in system["parts"]]
    for index, content in enumerate(need(body, "", "contents", list)):
        known(content, f"contents[{index}]", {"role", "parts"}, UNKNOWN)
        if content.get("role") not in ("user", "model"):
            raise Refusal(400, "Please use a valid role: user, model.")
        ask.turns.append(_turn(content))
    if not ask.turns or ask.turns[0].role != "user" or ask.turns[0].results:
        raise Refusal(400, "Please ensure that the conversation begins with a turn of the user.")
    for before, turn in zip(ask.turns, ask.turns[1:]):
        if len(before.calls) != len(turn.results):
            raise Refusal(400, "Please ensure that the number of function response parts is equal to the number of "
                          "function call parts of the function call turn.")
        for call, result in zip(before.calls, turn.results):
            if call[1] != result[0]:
                raise Refusal(400, "Please ensure that function response turn comes immediately after a function call.")
    for tool in body.get("tools") or []:
        known(tool, "tools", {"functionDeclarations", "googleSearch", "codeExecution", "urlContext"}, UNKNOWN)
        for function in tool.get("functionDeclarations", []):
            known(function, "tools", {"name", "description", "parameters", "parametersJsonSchema", "response"}, UNKNOWN)
            _schema(function.get("parameters"))
            ask.tools[need(function, "tools", "name", str)] = function.get("parameters")
    choice = (body.get("toolConfig") or {}).get("functionCallingConfig") or {"mode": "AUTO"}
    known(choice, "toolConfig", {"mode", "allowedFunctionNames"}, UNKNOWN)
    ask.choice = {"NONE": "none", "ANY": "required"}.get(choice["mode"], "auto")
    _config(ask, body.get("generationConfig") or {})
    return ask


def _config(ask, config):
    known(config, "generation_config", CONFIG, UNKNOWN)
    ask.limit = config.get("maxOutputTokens")
    if config.get("responseMimeType") == "application/json":
        ask.shape = config.get("responseJsonSchema") or config.get("responseSchema") or "object"
    elif "responseSchema" in config or "responseJsonSchema" in config:
        raise Refusal(400, "responseMimeType must be application/json when a response schema is set.")
    thinking = config.get("thinkingConfig") or {}
    known(thinking, "thinking_config", {"includeThoughts", "thinkingBudget", "thinkingLevel"}, UNKNOWN)
    ask.thinks = bool(thinking.get("includeThoughts"))


def _schema(schema):
    """Refuses what a schema of Gemini's does not know."""
    if not isinstance(schema, dict):
        return
    known(schema, "parameters", SCHEMA, UNKNOWN)
    for part in [*schema.get("properties", {}).values(), *schema.get("anyOf", []), schema.get("items")]:
        _schema(part)


def _turn(content):
    turn = Turn("user" if content["role"] == "user" else "assistant")
    if not content.get("parts"):
        raise Refusal(400, "contents.parts must not be empty.")
    for part in content["parts"]:
        known(part, "parts", {"text", "inlineData", "fileData", "functionCall", "functionResponse",
                              "thoughtSignature", "thought"}, UNKNOWN)
        kinds = {"text", "inlineData", "fileData", "functionCall", "functionResponse"} & set(part)
        if len(kinds) != 1:
            raise Refusal(400, "A part must have exactly one initialized field.")
        if "thoughtSignature" in part:
            base64.b64decode(part["thoughtSignature"], validate=True)
            turn.thoughts.append(part["thoughtSignature"])
        if "text" in part and part["text"]:
            turn.texts.append(part["text"])
        elif "inlineData" in part:
            data = part["inlineData"]
            known(data, "inline_data", {"mimeType", "data"}, UNKNOWN)
            turn.images.append((data["mimeType"], len(base64.b64decode(data["data"], validate=True))))
        elif "fileData" in part:
            turn.images.append(("url", len(part["fileData"]["fileUri"])))
        elif "functionCall" in part:
            call = part["functionCall"]
            turn.calls.append((call.get("id", ""), call["name"], json.dumps(need(call, "function_call", "args", dict))))
        elif "functionResponse" in part:
            response = part["functionResponse"]
            said = need(response, "function_response", "response", dict)
            turn.results.append((response["name"], str(next(iter(said.values()), "")), "error" in said))
    return turn


def signature(text):
    """A thought's signature, which is base64 here."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _parts(answer):
    parts, sign = [], None
    for part in answer.parts:
        if part[0] == "think":
            parts.append({"text": part[1], "thought": True})
            sign = signature(part[1])
        elif part[0] == "text":
            parts.append({"text": part[1]})
        else:
            parts.append({"functionCall": {"name": part[2], "args": json.loads(part[3])}})
            sign = sign or signature(part[3])
        if sign and part[0] != "think":
            parts[-1]["thoughtSignature"] = sign
            sign = None
    return parts


def _whole(ask, answer, parts, is_last=True):
    found = answer.usage
    counts = {"promptTokenCount": found.input, "totalTokenCount": found.input + found.output}
    if found.cached:
        counts["cachedContentTokenCount"] = found.cached
    if is_last:
        counts["candidatesTokenCount"] = found.output - found.reasoning
        if found.reasoning:
            counts["thoughtsTokenCount"] = found.reasoning
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    if is_last:
        candidate["finishReason"] = "MAX_TOKENS" if answer.finish == "length" else "STOP"
    return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": ask.model, "responseId": "resp-upstream"}


def _events(ask, answer, orders):
    split = []
    for part in _parts(answer):
        if "functionCall" in part or "huge-chunk" in orders:
            if "text" in part:
                part["text"] += "x" * MEGABYTE
            split.append(part)
            continue
        for piece in pieces(part["text"]):
            split.append({**part, "text": piece})
            split[-1].pop("thoughtSignature", None)
        if "thoughtSignature" in part:
            split[-1]["thoughtSignature"] = part["thoughtSignature"]
    for index, part in enumerate(split):
        event = _whole(ask, answer, [part], is_last=index == len(split) - 1)
        yield b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\r\n\r\n"
