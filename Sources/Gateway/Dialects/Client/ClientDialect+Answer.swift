package import CupelCore
import OrderedCollections

extension ClientDialect {
    /// An answer's body in the client's dialect.
    package func body(of answer: ChatAnswer, _ frame: ClientFrame) -> JSON {
        switch self {
        case .chatCompletions: Self.chatBody(of: answer, frame)
        case .responses: ResponsesBody(answer, frame).json
        case .messages: Self.messagesBody(of: answer, frame)
        }
    }

    /// The body of Anthropic's `messages/count_tokens` (docs.anthropic.com/en/api/messages-count-tokens).
    package static func tokenCount(_ tokens: Int) -> JSON { ["input_tokens": .integer(Int64(tokens))] }

    private static func chatBody(of answer: ChatAnswer, _ frame: ClientFrame) -> JSON {
        var message: OrderedDictionary<String, JSON> = ["role": "assistant"]
        let text = answer.text
        let calls = answer.toolCalls
        message["content"] = text.isEmpty && !calls.isEmpty ? .null : .string(text)
        message["refusal"] = .null
        let thought = answer.reasoning
        if !thought.isEmpty { message["reasoning_content"] = .string(thought) }
        let sealed = answer.parts.compactMap(thinkingBlock)
        if !sealed.isEmpty { message["thinking_blocks"] = .array(sealed) }
        if !calls.isEmpty { message["tool_calls"] = .array(calls.map(chatToolCall)) }
        var body: OrderedDictionary<String, JSON> = [
            "id": .string(frame.id(answer.id, "chatcmpl-")), "object": "chat.completion",
            "created": .integer(Int64(frame.created)), "model": .string(frame.model(answer.model)),
            "choices": [
                [
                    "index": 0, "message": .object(message), "logprobs": nil,
                    "finish_reason": .string(answer.finish.openAIWord),
                ]
            ],
        ]
        if let usage = answer.usage { body["usage"] = usage.chatCompletionsJSON }
        return .object(body)
    }

    /// A thought with its seal, so that a client of chat completions can hand it back; thoughts without one need no
    /// block, as no provider takes them back.
    private static func thinkingBlock(_ part: ChatPart) -> JSON? {
        guard case .reasoning(let thought) = part, thought.signature != nil else { return nil }
        return messagesBlock(part)
    }

    private static func chatToolCall(_ call: ChatToolCall) -> JSON {
        var json: JSON = [
            "id": .string(call.id), "type": "function",
            "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
        ]
        if let seal = call.signature { json["extra_content"] = ["google": ["thought_signature": .string(seal)]] }
        return json
    }

    private static func messagesBody(of answer: ChatAnswer, _ frame: ClientFrame) -> JSON {
        let hasStop = answer.stopSequence != nil
        return [
            "id": .string(frame.id(answer.id, "msg_")), "type": "message", "role": "assistant",
            "model": .string(frame.model(answer.model)),
            "content": .array(answer.partsWithSealsApart.map(messagesBlock)),
            "stop_reason": .string(answer.finish.anthropicWord(hasStopSequence: hasStop)),
            "stop_sequence": answer.stopSequence.map { .string($0) } ?? .null,
            "usage": (answer.usage ?? TokenUsage(input: 0, output: 0)).messagesJSON,
        ]
    }

    private static func messagesBlock(_ part: ChatPart) -> JSON {
        switch part {
        case .text(let text): return ["type": "text", "text": .string(text.text)]
        case .reasoning(let thought):
            if thought.isRedacted { return ["type": "redacted_thinking", "data": .string(thought.signature ?? "")] }
            return [
                "type": "thinking", "thinking": .string(thought.text), "signature": .string(thought.signature ?? ""),
            ]
        case .toolCall(let call):
            return [
                "type": "tool_use", "id": .string(call.id), "name": .string(call.name), "input": call.argumentsJSON,
            ]
        case .image, .toolResult: return ["type": "text", "text": ""]
        }
    }
}

extension ChatToolCall {
    /// The arguments as an object. What a model wrote that is none stands under `_raw`, so that the client's tool says
    /// what is wrong rather than that the call is lost.
    var argumentsJSON: JSON {
        if arguments.isEmpty { return .object([:]) }
        let limits = JSONLimits(bytes: 8 << 20, depth: 128, values: 1_000_000)
        if let json = try? JSON(parsing: arguments, limits: limits), case .object = json { return json }
        return ["_raw": .string(arguments)]
    }
}
