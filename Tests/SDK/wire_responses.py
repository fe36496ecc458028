"""OpenAI's responses (platform.openai.com/docs/api-reference/responses), as far as they keep no state."""

import base64
import json

from script import Ask, Refusal, Turn, known, need, pieces, respond
from wire import Reply

MEMBERS = {
    "model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "max_output_tokens",
    "temperature", "top_p", "reasoning", "store", "include", "stream", "stream_options", "metadata", "user",
    "safety_identifier", "prompt_cache_key", "service_tier", "truncation", "previous_response_id", "background",
    "max_tool_calls", "top_logprobs", "client_metadata",
}


def reply(request):
    """The answer to a request."""
    ask = _read(request.json)
    answer = respond(ask)
    whole = _whole(ask, answer)
    if ask.stream:
        return Reply(type="text/event-stream", chunks=_events(whole), usage=answer.usage)
    return Reply(body=json.dumps(whole, ensure_ascii=False).encode(), usage=answer.usage)


def _read(body):
    known(body, "", MEMBERS)
    ask = Ask(need(body, "", "model", str), [], stream=body.get("stream") is True)
    if body.get("instructions"):
        ask.system.append(body["instructions"])
    items = need(body, "", "input", (str, list))
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    for index, item in enumerate(items):
        _item(ask, item, f"input[{index}]")
    for index, tool in enumerate(body.get("tools") or []):
        path = f"tools[{index}]"
        if need(tool, path, "type", str) == "function":
            known(tool, path, {"type", "name", "description", "parameters", "strict"})
            ask.tools[need(tool, path, "name", str)] = tool.get("parameters")
    choice = body.get("tool_choice", "auto")
    ask.choice = choice if isinstance(choice, str) else "named"
    ask.parallel = body.get("parallel_tool_calls") is not False
    shape = (body.get("text") or {}).get("format") or {"type": "text"}
    if shape["type"] == "json_schema":
        known(shape, "text.format", {"type", "name", "schema", "strict", "description"})
        need(shape, "text.format", "name", str)
        ask.shape = need(shape, "text.format", "schema", dict)
    ask.limit = body.get("max_output_tokens")
    ask.thinks = (body.get("reasoning") or {}).get("effort", "none") != "none"
    return ask


def _item(ask, item, path):
    kind = item.get("type", "message")
    if kind == "message":
        role = need(item, path, "role", str)
        turn = Turn(role)
        content = need(item, path, "content", (str, list))
        for part in [{"type": "input_text", "text": content}] if isinstance(content, str) else content:
            wanted = "output_text" if role == "assistant" else "input_text"
            if part["type"] == "input_image" and role == "user":
                kind, _, data = part["image_url"][5:].partition(";base64,")
                turn.images.append((kind, len(base64.b64decode(data, validate=True))))
            elif part["type"] in (wanted, "refusal"):
                turn.texts.append(part["text"])
            else:
                raise Refusal(400, f"Invalid value: '{part['type']}' at {path}.", "invalid_value", path)
        if role in ("system", "developer"):
            ask.system += turn.texts
        else:
            ask.turns.append(turn)
    elif kind == "function_call":
        call = (need(item, path, "call_id", str), need(item, path, "name", str), need(item, path, "arguments", str))
        ask.turns.append(Turn("assistant", calls=[call]))
    elif kind == "function_call_output":
        call = need(item, path, "call_id", str)
        if not any(call == made[0] for turn in ask.turns for made in turn.calls):
            raise Refusal(400, f"No tool call found for function call output with call_id {call}.", "invalid", path)
        result = (call, need(item, path, "output", str), False)
        if ask.turns[-1].results:
            ask.turns[-1].results.append(result)
        else:
            ask.turns.append(Turn("user", results=[result]))
    elif kind == "reasoning":
        ask.turns.append(Turn("assistant", thoughts=[item.get("encrypted_content")]))
    else:
        raise Refusal(400, f"Invalid value: '{kind}' at {path}.", "invalid_value", path)


def _whole(ask, answer):
    output = []
    for index, part in enumerate(answer.parts):
        if part[0] == "text":
            content = {"type": "output_text", "text": part[1], "annotations": [], "logprobs": []}
            output.append({"id": f"msg_{index}", "type": "message", "status": "completed", "role": "assistant",
                           "content": [content]})
        elif part[0] == "think":
            output.append({"id": f"rs_{index}", "type": "reasoning", "encrypted_content": part[2],
                           "summary": [{"type": "summary_text", "text": part[1]}]})
        else:
            output.append({"id": f"fc_{index}", "type": "function_call", "status": "completed", "call_id": part[1],
                           "name": part[2], "arguments": part[3]})
    found = answer.usage
    is_cut = answer.finish == "length"
    return {
        "id": "resp_upstream", "object": "response", "created_at": 1763000000, "error": None, "instructions": None,
        "status": "incomplete" if is_cut else "completed", "model": ask.model + "-0601", "output": output,
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None, "metadata": {},
        "parallel_tool_calls": ask.parallel, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "usage": {
            "input_tokens": found.input, "input_tokens_details": {"cached_tokens": found.cached},
            "output_tokens": found.output, "output_tokens_details": {"reasoning_tokens": found.reasoning},
            "total_tokens": found.input + found.output,
        },
    }


def _events(whole):
    number = -1

    def event(kind, **members):
        nonlocal number
        number += 1
        value = {"type": kind, "sequence_number": number, **members}
        return f"event: {kind}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n".encode()

    begun = {**whole, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    yield event("response.created", response=begun)
    yield event("response.in_progress", response=begun)
    for index, item in enumerate(whole["output"]):
        where = {"output_index": index, "item_id": item["id"]}
        if item["type"] == "message":
            yield event("response.output_item.added", output_index=index,
                        item={**item, "status": "in_progress", "content": []})
            yield from _message(event, where, item)
        elif item["type"] == "reasoning":
            yield event("response.output_item.added", output_index=index, item={**item, "summary": []})
            text = item["summary"][0]["text"]
            part = {"type": "summary_text", "text": ""}
            yield event("response.reasoning_summary_part.added", summary_index=0, part=part, **where)
            for piece in pieces(text):
                yield event("response.reasoning_summary_text.delta", summary_index=0, delta=piece, **where)
            yield event("response.reasoning_summary_text.done", summary_index=0, text=text, **where)
            yield event("response.reasoning_summary_part.done", summary_index=0, part={**part, "text": text}, **where)
        else:
            yield event("response.output_item.added", output_index=index,
                        item={**item, "status": "in_progress", "arguments": ""})
            for start in range(0, len(item["arguments"]), 7):
                delta = item["arguments"][start : start + 7]
                yield event("response.function_call_arguments.delta", delta=delta, **where)
            yield event("response.function_call_arguments.done", arguments=item["arguments"], name=item["name"],
                        **where)
        yield event("response.output_item.done", output_index=index, item=item)
    yield event("response.incomplete" if whole["status"] == "incomplete" else "response.completed", response=whole)


def _message(event, where, item):
    text = item["content"][0]["text"]
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    yield event("response.content_part.added", content_index=0, part=part, **where)
    for piece in pieces(text):
        yield event("response.output_text.delta", content_index=0, delta=piece, logprobs=[], **where)
    yield event("response.output_text.done", content_index=0, text=text, logprobs=[], **where)
    yield event("response.content_part.done", content_index=0, part={**part, "text": text}, **where)
