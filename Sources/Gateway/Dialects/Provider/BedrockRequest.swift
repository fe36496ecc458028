import CupelCore
import OrderedCollections

/// Writes Bedrock's Converse (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html).
struct BedrockRequest {
    let request: ProviderRequest

    init(_ chat: ChatRequest, _ model: String, _ traits: ProviderTraits) throws(CupelError) {
        try chat.refusePenalties()
        if chat.allowsParallelTools == false, !chat.tools.isEmpty {
            throw WireValue(.null, "parallel_tool_calls").wrong("cannot be switched off at this provider")
        }
        var body: OrderedDictionary<String, JSON> = [:]
        let system = Self.system(chat)
        if !system.isEmpty { body["system"] = .array(system) }
        var messages: [JSON] = []
        for turn in chat.alternatingTurns {
            let content = try Self.content(turn.parts)
            guard !content.isEmpty else { continue }
            messages.append(["role": turn.speaker == .user ? "user" : "assistant", "content": .array(content)])
        }
        body["messages"] = .array(messages)
        body["toolConfig"] = try Self.toolConfig(chat)
        let limit = chat.maxOutputTokens ?? traits.defaultMaxOutputTokens
        var inference: JSON = ["maxTokens": .integer(Int64(limit))]
        if let temperature = chat.temperature { inference["temperature"] = .number(temperature) }
        if let topP = chat.topP { inference["topP"] = .number(topP) }
        if !chat.stop.isEmpty { inference["stopSequences"] = .array(chat.stop.map { .string($0) }) }
        body["inferenceConfig"] = inference
        let additional = Self.additional(chat, model, limit, traits)
        if !additional.isEmpty { body["additionalModelRequestFields"] = .object(additional) }
        body["outputConfig"] = Self.outputConfig(chat)
        let path = "/model/\(PercentEncoding.encode(model))/\(chat.isStream ? "converse-stream" : "converse")"
        let accept = chat.isStream ? "application/vnd.amazon.eventstream" : "application/json"
        request = ProviderRequest(path, .object(body), headers: [.init(name: "accept", value: accept)])
    }

    private static func system(_ chat: ChatRequest) -> [JSON] {
        var system: [JSON] = []
        for text in chat.system where !text.text.isEmpty {
            system.append(["text": .string(text.text)])
            if let mark = text.cache { system.append(cachePoint(mark)) }
        }
        if chat.shape == .object { system.append(["text": .string(ChatRequest.objectInstruction)]) }
        return system
    }

    private static func cachePoint(_ mark: ChatCacheMark) -> JSON {
        ["cachePoint": mark == .long ? ["type": "default", "ttl": "1h"] : ["type": "default"]]
    }

    private static func content(_ parts: [ChatPart]) throws(CupelError) -> [JSON] {
        var content: [JSON] = []
        for part in parts {
            var mark: ChatCacheMark?
            switch part {
            case .text(let text):
                guard !text.text.isEmpty else { continue }
                content.append(["text": .string(text.text)])
                mark = text.cache
            case .image(let image):
                content.append(try self.image(image))
                mark = image.cache
            case .toolCall(let call):
                content.append([
                    "toolUse": [
                        "toolUseId": .string(call.id), "name": .string(call.name), "input": try call.strictArguments(),
                    ]
                ])
                mark = call.cache
            case .toolResult(let result):
                var inner = try self.content(result.parts)
                if inner.isEmpty { inner = [["text": ""]] }
                content.append([
                    "toolResult": [
                        "toolUseId": .string(result.callID), "content": .array(inner),
                        "status": result.isError ? "error" : "success",
                    ]
                ])
                mark = result.cache
            case .reasoning(let thought): if let block = reasoning(thought) { content.append(block) }
            }
            if let mark { content.append(cachePoint(mark)) }
        }
        return content
    }

    /// Thoughts are taken back only with their seal.
    private static func reasoning(_ thought: ChatReasoning) -> JSON? {
        guard let seal = thought.signature, GeminiSeal.value(of: seal) == nil else { return nil }
        if thought.isRedacted { return ["reasoningContent": ["redactedContent": .string(seal)]] }
        return [
            "reasoningContent": ["reasoningText": ["text": .string(thought.text), "signature": .string(seal)]]
        ]
    }

    private static func image(_ image: ChatImage) throws(CupelError) -> JSON {
        guard case .data(let mediaType, let base64) = image.source else {
            throw WireValue(.null, "image_url").wrong("must be the image itself, in base64, for this provider")
        }
        let formats = ["image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"]
        guard let format = formats[mediaType] else {
            throw WireValue(.null, "image_url").wrong("must be PNG, JPEG, GIF or WebP for this provider")
        }
        return ["image": ["format": .string(format), "source": ["bytes": .string(base64)]]]
    }

    private static func toolConfig(_ chat: ChatRequest) throws(CupelError) -> JSON? {
        guard !chat.tools.isEmpty else { return nil }
        var config: JSON = [:]
        switch chat.toolChoice {
        case nil: break
        case .auto?: config["toolChoice"] = ["auto": .object([:])]
        case .required?: config["toolChoice"] = ["any": .object([:])]
        case .named(let name)?: config["toolChoice"] = ["tool": ["name": .string(name)]]
        case ChatToolChoice.none?:
            // Converse has no such choice; without tools it comes to the same, but calls in the conversation need them.
            let hasCalls = chat.turns.contains { turn in
                turn.parts.contains { part in
                    switch part {
                    case .toolCall, .toolResult: true
                    case .text, .image, .reasoning: false
                    }
                }
            }
            guard hasCalls else { return nil }
            throw WireValue(.null, "tool_choice").wrong("cannot be none at this provider after tools were called")
        }
        var tools: [JSON] = []
        for tool in chat.tools {
            var spec: JSON = [
                "name": .string(tool.name),
                "inputSchema": ["json": tool.schema ?? ["type": "object", "properties": .object([:])]],
            ]
            if let description = tool.description, !description.isEmpty { spec["description"] = .string(description) }
            if tool.isStrict == true { spec["strict"] = true }
            tools.append(["toolSpec": spec])
            if let mark = tool.cache { tools.append(cachePoint(mark)) }
        }
        config["tools"] = .array(tools)
        return config
    }

    /// What Converse has no field for and passes to the model: thinking and `top_k` of Anthropic's.
    private static func additional(
        _ chat: ChatRequest,
        _ model: String,
        _ limit: Int,
        _ traits: ProviderTraits
    ) -> OrderedDictionary<String, JSON> {
        var fields: OrderedDictionary<String, JSON> = [:]
        fields["top_k"] = chat.topK.map { .integer(Int64($0)) }
        guard model.contains("anthropic") else {
            fields["reasoning_effort"] = chat.effort?.level.map { .string($0) }
            return fields
        }
        if traits.thinksAdaptively, let effort = chat.effort, effort.tokens != 0 {
            fields["thinking"] = ["type": "adaptive"]
            if let level = effort.level { fields["output_config"] = ["effort": .string(level)] }
        } else if let budget = chat.effort?.tokens, min(budget, limit - 1) >= 1_024 {
            fields["thinking"] = ["type": "enabled", "budget_tokens": .integer(Int64(min(budget, limit - 1)))]
        }
        return fields
    }

    private static func outputConfig(_ chat: ChatRequest) -> JSON? {
        guard case .schema(let name, let description, let schema, _)? = chat.shape else { return nil }
        var format: JSON = ["name": .string(name), "schema": .string(schema.text())]
        if let description { format["description"] = .string(description) }
        return ["textFormat": ["type": "json_schema", "structure": ["jsonSchema": format]]]
    }
}
