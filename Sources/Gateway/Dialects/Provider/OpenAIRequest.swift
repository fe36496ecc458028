import CupelCore
import OrderedCollections

/// Writes OpenAI's chat completions (platform.openai.com/docs/api-reference/chat/create).
struct OpenAIRequest {
    let request: ProviderRequest

    init(_ chat: ChatRequest, _ model: String, _ traits: ProviderTraits) throws(CupelError) {
        var body: OrderedDictionary<String, JSON> = [
            "model": .string(model), "messages": .array(Self.messages(chat, traits)),
        ]
        if !chat.tools.isEmpty {
            body["tools"] = .array(chat.tools.map(Self.tool))
            body["tool_choice"] = chat.toolChoice.map(Self.choice)
            body["parallel_tool_calls"] = chat.allowsParallelTools.map { .bool($0) }
        }
        body["response_format"] = chat.shape.map(Self.format)
        let limit = traits.knowsMaxCompletionTokens ? "max_completion_tokens" : "max_tokens"
        body[limit] = chat.maxOutputTokens.map { .integer(Int64($0)) }
        body["temperature"] = chat.temperature.map { .number($0) }
        body["top_p"] = chat.topP.map { .number($0) }
        if let topK = chat.topK {
            guard traits.knowsTopK else {
                throw WireValue(.null, "top_k").wrong("is not known to this provider; leave it out")
            }
            body["top_k"] = .integer(Int64(topK))
        }
        body["presence_penalty"] = chat.presencePenalty.map { .number($0) }
        body["frequency_penalty"] = chat.frequencyPenalty.map { .number($0) }
        if !chat.stop.isEmpty { body["stop"] = .array(chat.stop.map { .string($0) }) }
        body["seed"] = chat.seed.map { .integer(Int64($0)) }
        body["reasoning_effort"] = chat.effort?.level.map { .string($0) }
        if traits.knowsUser { body["user"] = chat.user.map { .string($0) } }
        body["metadata"] = chat.metadata
        if chat.isStream {
            body["stream"] = true
            if traits.knowsStreamUsage { body["stream_options"] = ["include_usage": true] }
        }
        request = ProviderRequest("/chat/completions", .object(body))
    }

    private static func messages(_ chat: ChatRequest, _ traits: ProviderTraits) -> [JSON] {
        var messages: [JSON] = []
        if !chat.system.isEmpty {
            let text = chat.system.map(\.text).joined(separator: "\n\n")
            messages.append(["role": "system", "content": .string(text)])
        }
        for turn in chat.turns {
            switch turn.speaker {
            case .user: messages += userMessages(turn.parts)
            case .assistant: if let message = assistantMessage(turn.parts, traits) { messages.append(message) }
            }
        }
        return messages
    }

    /// Results of tools come first, as messages of their own; images among them can only be a user's.
    private static func userMessages(_ parts: [ChatPart]) -> [JSON] {
        var messages: [JSON] = []
        var content: [JSON] = []
        for part in parts {
            switch part {
            case .text(let text): content.append(["type": "text", "text": .string(text.text)])
            case .image(let image): content.append(self.image(image))
            case .toolResult(let result):
                messages.append([
                    "role": "tool", "tool_call_id": .string(result.callID), "content": .string(result.text),
                ])
                for case .image(let image) in result.parts { content.append(self.image(image)) }
            case .toolCall, .reasoning: break
            }
        }
        if content.count == 1, let text = content[0]["text"] {
            messages.append(["role": "user", "content": text])
        } else if !content.isEmpty {
            messages.append(["role": "user", "content": .array(content)])
        }
        return messages
    }

    private static func image(_ image: ChatImage) -> JSON {
        let url: String =
            switch image.source {
            case .url(let url): url
            case .data(let mediaType, let base64): "data:\(mediaType);base64,\(base64)"
            }
        var value: JSON = ["url": .string(url)]
        if let detail = image.detail { value["detail"] = .string(detail) }
        return ["type": "image_url", "image_url": value]
    }

    private static func assistantMessage(_ parts: [ChatPart], _ traits: ProviderTraits) -> JSON? {
        var text = ""
        var thought = ""
        var calls: [JSON] = []
        for part in parts {
            switch part {
            case .text(let part): text += part.text
            case .reasoning(let part): thought += part.text
            case .toolCall(let call):
                var json: JSON = [
                    "id": .string(call.id), "type": "function",
                    "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
                ]
                if let seal = call.signature {
                    json["extra_content"] = ["google": ["thought_signature": .string(seal)]]
                }
                calls.append(json)
            case .image, .toolResult: break
            }
        }
        guard !text.isEmpty || !calls.isEmpty else { return nil }
        var message: JSON = ["role": "assistant", "content": text.isEmpty ? .null : .string(text)]
        if traits.takesThoughtsBack, !thought.isEmpty { message["reasoning_content"] = .string(thought) }
        if !calls.isEmpty { message["tool_calls"] = .array(calls) }
        return message
    }

    private static func tool(_ tool: ChatTool) -> JSON {
        var function: JSON = ["name": .string(tool.name)]
        if let description = tool.description { function["description"] = .string(description) }
        if let schema = tool.schema { function["parameters"] = schema }
        if let isStrict = tool.isStrict { function["strict"] = .bool(isStrict) }
        return ["type": "function", "function": function]
    }

    private static func choice(_ choice: ChatToolChoice) -> JSON {
        switch choice {
        case .auto: "auto"
        case .none: "none"
        case .required: "required"
        case .named(let name): ["type": "function", "function": ["name": .string(name)]]
        }
    }

    private static func format(_ shape: ChatShape) -> JSON {
        switch shape {
        case .object: return ["type": "json_object"]
        case .schema(let name, let description, let schema, let isStrict):
            var value: JSON = ["name": .string(name), "schema": schema]
            if let description { value["description"] = .string(description) }
            value["strict"] = .bool(isStrict ?? true)
            return ["type": "json_schema", "json_schema": value]
        }
    }
}
