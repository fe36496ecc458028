import CupelCore
import OrderedCollections

/// Writes Gemini's `generateContent` (ai.google.dev/api/generate-content).
struct GeminiRequest {
    /// What Google documents for tool calls that have no seal because another model made them
    /// (ai.google.dev/gemini-api/docs/thought-signatures).
    private static let absentSeal = "skip_thought_signature_validator"

    let request: ProviderRequest

    init(_ chat: ChatRequest, _ model: String, _ traits: ProviderTraits) throws(CupelError) {
        var body: OrderedDictionary<String, JSON> = [:]
        if !chat.system.isEmpty {
            body["systemInstruction"] = ["parts": .array(chat.system.map { ["text": .string($0.text)] })]
        }
        body["contents"] = .array(try Self.contents(chat, traits))
        if !chat.tools.isEmpty {
            body["tools"] = [["functionDeclarations": .array(chat.tools.map(Self.declaration))]]
            if let choice = chat.toolChoice { body["toolConfig"] = Self.config(choice) }
        }
        let config = try Self.generation(chat, traits)
        if !config.isEmpty { body["generationConfig"] = .object(config) }
        let name = Self.escaped(model)
        let path =
            chat.isStream ? "/models/\(name):streamGenerateContent?alt=sse" : "/models/\(name):generateContent"
        request = ProviderRequest(path, .object(body))
    }

    private static func escaped(_ model: String) -> String {
        PercentEncoding.encode(model.hasPrefix("models/") ? String(model.dropFirst(7)) : model)
    }

    private static func contents(_ chat: ChatRequest, _ traits: ProviderTraits) throws(CupelError) -> [JSON] {
        var contents: [JSON] = []
        var names: [String: String] = [:]
        for turn in chat.alternatingTurns {
            var parts: [JSON] = []
            var isFirstCall = true
            for part in turn.parts {
                switch part {
                case .text(let text): parts.append(["text": .string(text.text)])
                case .image(let image): parts.append(try self.image(image))
                case .toolCall(let call):
                    names[call.id] = call.name
                    var json: JSON = [
                        "functionCall": ["name": .string(call.name), "args": try call.strictArguments()]
                    ]
                    let absent = isFirstCall && traits.thinksInLevels ? absentSeal : nil
                    if let seal = call.signature ?? absent { json["thoughtSignature"] = .string(seal) }
                    isFirstCall = false
                    parts.append(json)
                case .toolResult(let result):
                    guard let name = names[result.callID] else {
                        throw WireValue(.null, "tool_call_id").wrong("names no tool call of the turns before")
                    }
                    parts += try self.result(result, name)
                case .reasoning(let thought):
                    guard let seal = GeminiSeal.value(of: thought.signature) else { continue }
                    parts.append(["text": "", "thoughtSignature": .string(seal)])
                }
            }
            guard !parts.isEmpty else { continue }
            contents.append(["role": turn.speaker == .user ? "user" : "model", "parts": .array(parts)])
        }
        return contents
    }

    private static func result(_ result: ChatToolResult, _ name: String) throws(CupelError) -> [JSON] {
        let said: JSON = [result.isError ? "error" : "result": .string(result.text)]
        var parts: [JSON] = [["functionResponse": ["name": .string(name), "response": said]]]
        for case .image(let image) in result.parts { parts.append(try self.image(image)) }
        return parts
    }

    private static func image(_ image: ChatImage) throws(CupelError) -> JSON {
        switch image.source {
        case .data(let mediaType, let base64):
            return ["inlineData": ["mimeType": .string(mediaType), "data": .string(base64)]]
        case .url(let url):
            var file: JSON = ["fileUri": .string(url)]
            if let type = mediaType(ofPath: url) { file["mimeType"] = .string(type) }
            return ["fileData": file]
        }
    }

    /// The type that the end of an address tells.
    private static func mediaType(ofPath url: String) -> String? {
        let path = url.prefix { $0 != "?" && $0 != "#" }.lowercased()
        let types = [
            ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp",
            ".gif": "image/gif", ".heic": "image/heic",
        ]
        return types.first { path.hasSuffix($0.key) }?.value
    }

    private static func declaration(_ tool: ChatTool) -> JSON {
        var json: JSON = ["name": .string(tool.name)]
        if let description = tool.description { json["description"] = .string(description) }
        if let schema = tool.schema, let clean = GeminiSchema.parameters(schema) { json["parameters"] = clean }
        return json
    }

    private static func config(_ choice: ChatToolChoice) -> JSON {
        let config: JSON =
            switch choice {
            case .auto: ["mode": "AUTO"]
            case .none: ["mode": "NONE"]
            case .required: ["mode": "ANY"]
            case .named(let name): ["mode": "ANY", "allowedFunctionNames": [.string(name)]]
            }
        return ["functionCallingConfig": config]
    }

    private static func generation(
        _ chat: ChatRequest,
        _ traits: ProviderTraits
    ) throws(CupelError) -> OrderedDictionary<String, JSON> {
        var config: OrderedDictionary<String, JSON> = [:]
        config["maxOutputTokens"] = chat.maxOutputTokens.map { .integer(Int64($0)) }
        config["temperature"] = chat.temperature.map { .number($0) }
        config["topP"] = chat.topP.map { .number($0) }
        config["topK"] = chat.topK.map { .integer(Int64($0)) }
        config["presencePenalty"] = chat.presencePenalty.map { .number($0) }
        config["frequencyPenalty"] = chat.frequencyPenalty.map { .number($0) }
        if !chat.stop.isEmpty { config["stopSequences"] = .array(chat.stop.map { .string($0) }) }
        if let seed = chat.seed {
            guard let seed = Int32(exactly: seed) else {
                throw WireValue(.null, "seed").wrong("must fit 32 bits for this provider")
            }
            config["seed"] = .integer(Int64(seed))
        }
        switch chat.shape {
        case nil: break
        case .object?: config["responseMimeType"] = "application/json"
        case .schema(_, _, let schema, _)?:
            config["responseMimeType"] = "application/json"
            config["responseJsonSchema"] = GeminiSchema.withoutDialect(schema)
        }
        config["thinkingConfig"] = thinking(chat.effort, traits)
        return config
    }

    private static func thinking(_ effort: ChatEffort?, _ traits: ProviderTraits) -> JSON? {
        guard let effort else { return nil }
        if traits.thinksInLevels {
            switch effort {
            case .adaptive: return ["includeThoughts": true]
            case .off, .level("none"): return ["thinkingLevel": "minimal"]
            case .level("xhigh"), .level("max"): return ["includeThoughts": true, "thinkingLevel": "high"]
            case .level, .tokens:
                return ["includeThoughts": true, "thinkingLevel": .string(effort.level ?? "high")]
            }
        }
        guard let tokens = effort.tokens else { return ["includeThoughts": true, "thinkingBudget": -1] }
        if tokens == 0 { return ["thinkingBudget": 0] }
        return ["includeThoughts": true, "thinkingBudget": .integer(Int64(min(tokens, 24_576)))]
    }
}
