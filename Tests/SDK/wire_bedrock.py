"""Bedrock's Converse and ConverseStream (docs.aws.amazon.com/bedrock/latest/APIReference): signed requests in, binary
frames out (smithy.io/2.0/aws/amazon-eventstream.html)."""

import base64
import datetime
import hashlib
import hmac
import json
import re
import struct
import urllib.parse
import zlib

from script import Ask, Refusal, Turn, faults, known, need, pieces, respond, seal
from wire import MEGABYTE, Reply, Wire

ACCESS = "AK" + "UPSTREAM" * 2
ERRORS = {
    400: "ValidationException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
    429: "ThrottlingException", 500: "InternalServerException", 503: "ServiceUnavailableException",
    424: "ModelErrorException", 408: "ModelTimeoutException",
}
REGION = "us-east-1"


def secret():
    """The key that signs requests; made at run time, for it must not look like one in a file."""
    return "upstream-" + "k" * 31


def signature(request, signed, stamp, scope):
    """The signature that Signature Version 4 asks for (docs.aws.amazon.com/IAM, reference_sigv-create-signed-request)."""
    path, _, query = request.target.partition("?")
    lines = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in signed)
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join([
        request.method, urllib.parse.quote(path, safe="/-_.~"),
        "&".join(f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}" for k, v in pairs),
        lines, ";".join(signed), hashlib.sha256(request.raw).hexdigest(),
    ])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret()).encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


class Bedrock(Wire):
    """Bedrock's runtime."""

    def check(self, request):
        """The signature, over this very body, of this quarter of an hour."""
        match = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\S+), SignedHeaders=([a-z0-9;-]+), "
                             r"Signature=([0-9a-f]{64})", request.headers.get("authorization", ""))
        if not match:
            raise Refusal(403, "Missing Authentication Token", "MissingAuthenticationTokenException")
        access, scope, names, given = match.groups()
        stamp, signed = request.headers.get("x-amz-date", ""), names.split(";")
        if access != ACCESS or scope != f"{stamp[:8]}/{REGION}/bedrock/aws4_request":
            raise Refusal(403, "The security token included in the request is invalid.", "UnrecognizedClientException")
        if not {"host", "x-amz-date"} <= set(signed) or signed != sorted(signed):
            raise Refusal(403, "host and x-amz-date must be signed.", "InvalidSignatureException")
        age = datetime.datetime.now(datetime.UTC) - datetime.datetime.strptime(stamp + "+0000", "%Y%m%dT%H%M%SZ%z")
        if abs(age.total_seconds()) > 900 or signature(request, signed, stamp, scope) != given:
            raise Refusal(403, "The request signature we calculated does not match.", "InvalidSignatureException")

    def text(self, request):
        """The text that orders faults."""
        return json.dumps(request.json.get("messages", "")) if isinstance(request.json, dict) else ""

    def reply(self, request):
        """The answer."""
        match = re.fullmatch(r"/model/([^/]+)/converse(-stream)?", request.path)
        if not match:
            raise Refusal(404, "Unknown operation", "UnknownOperationException")
        ask = _read(request.json, urllib.parse.unquote(match[1]))
        answer = respond(ask)
        if match[2]:
            chunks = _events(answer, faults(self.text(request), "-"))
            return Reply(type="application/vnd.amazon.eventstream", chunks=chunks, usage=answer.usage)
        whole = {
            "output": {"message": {"role": "assistant", "content": [_block(part) for part in answer.parts]}},
            "stopReason": _finish(answer), "usage": _usage(answer.usage), "metrics": {"latencyMs": 7},
        }
        return Reply(body=json.dumps(whole, ensure_ascii=False).encode(), usage=answer.usage)

    def refuse(self, refusal):
        """A refusal in the provider's form."""
        kind = refusal.code if refusal.code.endswith("Exception") else ERRORS.get(refusal.status, ERRORS[500])
        headers = {"x-amzn-errortype": kind + ":http://internal.amazon.com/coral/", **refusal.headers}
        return Reply(refusal.status, body=json.dumps({"message": refusal.message}).encode(), headers=headers)

    def fault(self, status, number, context=False):
        """A fault that a prompt orders."""
        if context:
            return Refusal(400, "The model returned the following errors: Input is too long for requested model.")
        return Refusal(503 if status == 529 else status, f"The script orders {status}.",
                       headers={"retry-after": str(number)} if number is not None else {})

    def stream_error(self):
        """An exception inside a stream."""
        return frame({":message-type": "exception", ":exception-type": "serviceUnavailableException"},
                     {"message": "Bedrock is overloaded."})

    def comment(self):
        """An event that readers do not know; ConverseStream has no comments."""
        return _event("heartbeat", {})

    def garbage(self):
        """A frame whose checksum is wrong."""
        whole = bytearray(_event("contentBlockDelta", {"delta": {"text": "spoilt"}, "contentBlockIndex": 0}))
        whole[-8] ^= 1
        return bytes(whole)


def frame(headers, payload):
    """A frame of AWS's event stream, whose headers are texts."""
    head = b""
    for name, value in {**headers, ":content-type": "application/json"}.items():
        head += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload, ensure_ascii=False).encode()
    start = struct.pack(">II", 16 + len(head) + len(body), len(head))
    whole = start + struct.pack(">I", zlib.crc32(start)) + head + body
    return whole + struct.pack(">I", zlib.crc32(whole))


def _event(kind, payload):
    return frame({":message-type": "event", ":event-type": kind}, payload)


def _read(body, model):
    known(body, "", {"messages", "system", "inferenceConfig", "toolConfig", "additionalModelRequestFields",
                     "additionalModelResponseFieldPaths", "guardrailConfig", "outputConfig", "performanceConfig",
                     "requestMetadata", "serviceTier"})
    ask = Ask(model, [])
    for part in body.get("system") or []:
        known(part, "system", {"text", "cachePoint", "guardContent"})
        ask.system += [part["text"]] if "text" in part else []
    for message in need(body, "", "messages", list):
        known(message, "messages", {"role", "content"})
        ask.turns.append(_turn(message))
    roles = [turn.role for turn in ask.turns]
    if not roles or roles[0] != "user" or any(left == right for left, right in zip(roles, roles[1:])):
        raise Refusal(400, "A conversation must alternate between user and assistant roles, the user first.")
    for before, turn in zip([Turn("user"), *ask.turns], ask.turns):
        if {call[0] for call in before.calls} != {result[0] for result in turn.results}:
            raise Refusal(400, "Expected toolResult blocks at messages for the toolUse ids of the turn before.")
    config = body.get("toolConfig") or {"tools": []}
    known(config, "toolConfig", {"tools", "toolChoice"})
    for tool in need(config, "toolConfig", "tools", list):
        if "toolSpec" in tool:
            known(tool["toolSpec"], "toolSpec", {"name", "description", "inputSchema", "strict"})
            ask.tools[tool["toolSpec"]["name"]] = need(tool["toolSpec"]["inputSchema"], "inputSchema", "json", dict)
    if any(turn.calls or turn.results for turn in ask.turns) and not ask.tools:
        raise Refusal(400, "The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    ask.choice = next(iter(config.get("toolChoice") or {"auto": {}}))
    inference = body.get("inferenceConfig") or {}
    known(inference, "inferenceConfig", {"maxTokens", "temperature", "topP", "stopSequences"})
    ask.limit = inference.get("maxTokens")
    extra = body.get("additionalModelRequestFields") or {}
    if thinking := extra.get("thinking"):
        if thinking["type"] == "enabled" and not 1024 <= thinking["budget_tokens"] < (ask.limit or 1 << 20):
            raise Refusal(400, "thinking.budget_tokens must be at least 1024 and less than max_tokens")
        ask.thinks = thinking["type"] != "disabled"
    if shape := (body.get("outputConfig") or {}).get("textFormat"):
        known(shape, "textFormat", {"type", "structure"})
        ask.shape = json.loads(shape["structure"]["jsonSchema"]["schema"])
    return ask


def _turn(message):
    turn = Turn(message["role"])
    if not message["content"]:
        raise Refusal(400, "The content field in the Message object must not be empty.")
    for block in message["content"]:
        if len(block) != 1:
            raise Refusal(400, "A content block is a union: exactly one member must be set.")
        kind, value = next(iter(block.items()))
        if kind == "text":
            if not value.strip():
                raise Refusal(400, "The text field in the ContentBlock object must not be blank.")
            turn.texts.append(value)
        elif kind == "image":
            data = base64.b64decode(value["source"]["bytes"], validate=True)
            turn.images.append((f"image/{value['format']}", len(data)))
        elif kind == "toolUse":
            turn.calls.append((value["toolUseId"], value["name"], json.dumps(need(value, kind, "input", dict))))
        elif kind == "toolResult":
            said = "".join(part.get("text", "") for part in need(value, kind, "content", list))
            turn.results.append((value["toolUseId"], said, value.get("status") == "error"))
        elif kind == "reasoningContent":
            thought = value.get("reasoningText") or {}
            if thought and thought.get("signature") != seal(thought["text"]):
                raise Refusal(400, "Invalid `signature` in `thinking` block")
            turn.thoughts.append(thought.get("signature"))
        elif kind != "cachePoint":
            raise Refusal(400, f"Unknown content block {kind}.")
    return turn


def _block(part):
    if part[0] == "text":
        return {"text": part[1]}
    if part[0] == "think":
        return {"reasoningContent": {"reasoningText": {"text": part[1], "signature": part[2]}}}
    return {"toolUse": {"toolUseId": part[1], "name": part[2], "input": json.loads(part[3])}}


def _finish(answer):
    return {"tools": "tool_use", "length": "max_tokens", "stop": "end_turn"}[answer.finish]


def _usage(found):
    return {
        "inputTokens": found.input - found.cached - found.written, "outputTokens": found.output,
        "totalTokens": found.input + found.output, "cacheReadInputTokens": found.cached,
        "cacheWriteInputTokens": found.written,
    }


def _events(answer, orders):
    yield _event("messageStart", {"role": "assistant"})
    for index, part in enumerate(answer.parts):
        if part[0] == "call":
            start = {"toolUse": {"toolUseId": part[1], "name": part[2]}}
            yield _event("contentBlockStart", {"start": start, "contentBlockIndex": index})
            deltas = [{"toolUse": {"input": part[3][at : at + 7]}} for at in range(0, len(part[3]), 7)]
        elif part[0] == "think":
            deltas = [{"reasoningContent": {"text": piece}} for piece in pieces(part[1])]
            deltas.append({"reasoningContent": {"signature": part[2]}})
        elif "huge-chunk" in orders:
            deltas = [{"text": part[1] + "x" * MEGABYTE}]
        else:
            deltas = [{"text": piece} for piece in pieces(part[1])]
        for delta in deltas:
            yield _event("contentBlockDelta", {"delta": delta, "contentBlockIndex": index, "p": "abcdef"})
        yield _event("contentBlockStop", {"contentBlockIndex": index})
    yield _event("messageStop", {"stopReason": _finish(answer)})
    yield _event("metadata", {"usage": _usage(answer.usage), "metrics": {"latencyMs": 9}})
