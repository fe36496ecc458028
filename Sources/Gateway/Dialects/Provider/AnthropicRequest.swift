import CupelCore
import OrderedCollections

/// Writes Anthropic's messages (docs.anthropic.com/en/api/messages).
///
/// A schema for the answer goes into `output_config.format`, Anthropic's own structured output
/// (docs.anthropic.com/en/docs/build-with-claude/structured-outputs); a forced tool would not go together with thinking
/// and would hide the client's own tools. "Any JSON object" has no mode there and becomes a sentence of the system
/// prompt.
struct AnthropicRequest {
    /// The version of the format that this speaks.
    static let version = "2023-06-01"
    /// The least budget for thoughts that Anthropic takes.
    private static let leastThinking = 1_024

    let request: ProviderRequest

    init(_ chat: ChatRequest, _ model: String, _ traits: ProviderTraits) throws(CupelError) {
        try chat.refusePenalties()
        if let temperature = chat.temperature, temperature > 1 {
            throw WireValue(.null, "temperature").wrong("must be at most 1 for this provider")
        }
        let limit = chat.maxOutputTokens ?? traits.defaultMaxOutputTokens
        var body: OrderedDictionary<String, JSON> = ["model": .string(model), "max_tokens": .integer(Int64(limit))]
        let system = Self.system(chat)
        if !system.isEmpty { body["system"] = .array(system) }
        var messages: [JSON] = []
        for turn in chat.alternatingTurns {
            let content = try Self.content(turn.parts)
            guard !content.isEmpty else { continue }
            messages.append(["role": turn.speaker == .user ? "user" : "assistant", "content": .array(content)])
        }
        body["messages"] = .array(messages)
        if !chat.tools.isEmpty {
            body["tools"] = .array(chat.tools.map(Self.tool))
            body["tool_choice"] = Self.choice(chat)
        }
        Self.addThinking(chat, limit, traits, to: &body)
        body["temperature"] = chat.temperature.map { .number($0) }
        body["top_p"] = chat.topP.map { .number($0) }
        body["top_k"] = chat.topK.map { .integer(Int64($0)) }
        if !chat.stop.isEmpty { body["stop_sequences"] = .array(chat.stop.map { .string($0) }) }
        if let user = chat.user { body["metadata"] = ["user_id": .string(user)] }
        if chat.isStream { body["stream"] = true }
        let version = ProviderRequest.Header(name: "anthropic-version", value: Self.version)
        request = ProviderRequest("/v1/messages", .object(body), headers: [version])
    }

    private static func system(_ chat: ChatRequest) -> [JSON] {
        var system = chat.system.filter { !$0.text.isEmpty }.map {
            marked(["type": "text", "text": .string($0.text)], $0.cache)
        }
        if chat.shape == .object { system.append(["type": "text", "text": .string(ChatRequest.objectInstruction)]) }
        return system
    }

    private static func marked(_ block: JSON, _ cache: ChatCacheMark?) -> JSON {
        guard let cache else { return block }
        var block = block
        block["cache_control"] = cache == .long ? ["type": "ephemeral", "ttl": "1h"] : ["type": "ephemeral"]
        return block
    }

    private static func content(_ parts: [ChatPart]) throws(CupelError) -> [JSON] {
        var content: [JSON] = []
        for part in parts {
            switch part {
            case .text(let text):
                guard !text.text.isEmpty else { continue }
                content.append(marked(["type": "text", "text": .string(text.text)], text.cache))
            case .image(let image): content.append(marked(self.image(image), image.cache))
            case .toolCall(let call):
                let block: JSON = [
                    "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
                    "input": try call.strictArguments(),
                ]
                content.append(marked(block, call.cache))
            case .toolResult(let result):
                var block: JSON = ["type": "tool_result", "tool_use_id": .string(result.callID)]
                let inner = try self.content(result.parts)
                if !inner.isEmpty { block["content"] = .array(inner) }
                if result.isError { block["is_error"] = true }
                content.append(marked(block, result.cache))
            case .reasoning(let thought): if let block = thinking(thought) { content.append(block) }
            }
        }
        return content
    }

    /// Anthropic takes back only thoughts that it sealed.
    private static func thinking(_ thought: ChatReasoning) -> JSON? {
        guard let seal = thought.signature, GeminiSeal.value(of: seal) == nil else { return nil }
        if thought.isRedacted { return ["type": "redacted_thinking", "data": .string(seal)] }
        return ["type": "thinking", "thinking": .string(thought.text), "signature": .string(seal)]
    }

    private static func image(_ image: ChatImage) -> JSON {
        switch image.source {
        case .url(let url): ["type": "image", "source": ["type": "url", "url": .string(url)]]
        case .data(let mediaType, let base64):
            [
                "type": "image",
                "source": ["type": "base64", "media_type": .string(mediaType), "data": .string(base64)],
            ]
        }
    }

    private static func tool(_ tool: ChatTool) -> JSON {
        var json: JSON = [
            "name": .string(tool.name), "input_schema": tool.schema ?? ["type": "object", "properties": .object([:])],
        ]
        if let description = tool.description { json["description"] = .string(description) }
        if let isStrict = tool.isStrict, isStrict { json["strict"] = true }
        return marked(json, tool.cache)
    }

    private static func choice(_ chat: ChatRequest) -> JSON? {
        var choice: JSON
        switch chat.toolChoice {
        case nil:
            guard chat.allowsParallelTools == false else { return nil }
            choice = ["type": "auto"]
        case .auto?: choice = ["type": "auto"]
        case ChatToolChoice.none?: return ["type": "none"]
        case .required?: choice = ["type": "any"]
        case .named(let name)?: choice = ["type": "tool", "name": .string(name)]
        }
        if chat.allowsParallelTools == false { choice["disable_parallel_tool_use"] = true }
        return choice
    }

    private static func addThinking(
        _ chat: ChatRequest,
        _ limit: Int,
        _ traits: ProviderTraits,
        to body: inout OrderedDictionary<String, JSON>
    ) {
        var output: OrderedDictionary<String, JSON> = [:]
        if case .schema(_, _, let schema, _)? = chat.shape {
            output["format"] = ["type": "json_schema", "schema": schema]
        }
        if traits.thinksAdaptively {
            switch chat.effort {
            case nil: break
            case .off?: body["thinking"] = ["type": "disabled"]
            case .level("none")?: body["thinking"] = ["type": "disabled"]
            case .adaptive?, .level?, .tokens?:
                body["thinking"] = ["type": "adaptive"]
                if let level = chat.effort?.level { output["effort"] = .string(level == "minimal" ? "low" : level) }
            }
        } else if let budget = chat.effort?.tokens, min(budget, limit - 1) >= leastThinking {
            body["thinking"] = ["type": "enabled", "budget_tokens": .integer(Int64(min(budget, limit - 1)))]
        }
        if !output.isEmpty { body["output_config"] = .object(output) }
    }
}
