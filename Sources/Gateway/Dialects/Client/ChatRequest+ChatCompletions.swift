import CupelCore
import OrderedCollections

/// Reading OpenAI's chat completions (platform.openai.com/docs/api-reference/chat/create).
extension ChatRequest {
    mutating func readChatCompletions(_ body: WireValue) throws(CupelError) {
        try refuseUntranslatable(body)
        for message in try body.required("messages").array() { try readChatMessage(message) }
        for tool in try body.array("tools") { tools.append(try Self.chatTool(tool)) }
        if let choice = body.member("tool_choice") { toolChoice = try Self.chatToolChoice(choice) }
        allowsParallelTools = try body.bool("parallel_tool_calls")
        if let format = body.member("response_format") { shape = try Self.chatShape(format) }
        maxOutputTokens = try body.int("max_tokens", least: 1)
        if let limit = try body.int("max_completion_tokens", least: 1) { maxOutputTokens = limit }
        temperature = try body.double("temperature")
        topP = try body.double("top_p")
        topK = try body.int("top_k")
        presencePenalty = try body.double("presence_penalty")
        frequencyPenalty = try body.double("frequency_penalty")
        stop = try body.strings("stop")
        seed = try body.int("seed", least: -(1 << 40))
        count = try body.int("n", least: 1) ?? 1
        effort = try body.string("reasoning_effort").map { .level($0) }
        user = try body.string("safety_identifier")
        if let name = try body.string("user") { user = name }
        metadata = body.member("metadata")?.json
        isStream = try body.bool("stream") ?? false
        wantsStreamUsage = try body.member("stream_options")?.bool("include_usage") ?? false
    }

    private func refuseUntranslatable(_ body: WireValue) throws(CupelError) {
        for name in ["audio", "web_search_options", "functions", "function_call"] {
            if let value = body.member(name) { throw value.untranslatable("`\(name)`") }
        }
        if try body.strings("modalities").contains(where: { $0 != "text" }), let value = body.member("modalities") {
            throw value.untranslatable("an answer that is not text")
        }
        if try body.bool("logprobs") == true, let value = body.member("logprobs") {
            throw value.untranslatable("log probabilities")
        }
        if let bias = body.member("logit_bias"), bias.json.objectValue?.isEmpty == false {
            throw bias.untranslatable("a bias on tokens")
        }
    }

    private mutating func readChatMessage(_ message: WireValue) throws(CupelError) {
        let role = try message.object().required("role")
        switch try role.string() {
        case "system", "developer":
            for part in try Self.chatContent(message.required("content")) {
                guard case .text(let text) = part else { throw message.wrong("a system message holds text only") }
                system.append(text)
            }
        case "user":
            turns.append(ChatTurn(.user, try Self.chatContent(message.required("content"))))
        case "assistant":
            turns.append(ChatTurn(.assistant, try Self.chatAssistantParts(message)))
        case "tool":
            let parts = try Self.chatContent(message.required("content"))
            let result = ChatToolResult(callID: try message.required("tool_call_id").string(), parts: parts)
            addToolResult(result)
        default:
            throw role.wrong("must be system, developer, user, assistant or tool")
        }
    }

    /// Results of tools that follow each other are one turn.
    mutating func addToolResult(_ result: ChatToolResult) {
        if let last = turns.last, last.speaker == .user, case .toolResult? = last.parts.last {
            turns[turns.count - 1].parts.append(.toolResult(result))
        } else {
            turns.append(ChatTurn(.user, [.toolResult(result)]))
        }
    }

    private static func chatContent(_ content: WireValue) throws(CupelError) -> [ChatPart] {
        if case .string(let text) = content.json { return [.text(text)] }
        var parts: [ChatPart] = []
        for element in try content.array() {
            let type = try element.object().required("type")
            switch try type.string() {
            case "text":
                parts.append(.text(ChatText(try element.required("text").string(), cache: try cacheMark(element))))
            case "refusal":
                parts.append(.text(try element.required("refusal").string()))
            case "image_url":
                let image = try element.required("image_url")
                let url = try image.required("url")
                let source = try imageSource(url)
                parts.append(.image(ChatImage(source, detail: try image.string("detail"))))
            case let other:
                throw type.untranslatable("a part of type `\(other.prefix(40))`")
            }
        }
        return parts
    }

    /// Reads an address or a `data:` URL (RFC 2397) in base64.
    static func imageSource(_ url: WireValue) throws(CupelError) -> ChatImage.Source {
        let text = try url.string()
        guard text.hasPrefix("data:") else { return .url(text) }
        guard let comma = text.firstIndex(of: ",") else { throw url.wrong("is a data URL without data") }
        let head = text[text.index(text.startIndex, offsetBy: 5)..<comma]
        guard head.hasSuffix(";base64"), head.utf8.count < 100 else {
            throw url.wrong("must be an address, or a data URL in base64")
        }
        return .data(mediaType: String(head.dropLast(7)), base64: String(text[text.index(after: comma)...]))
    }

    private static func chatAssistantParts(_ message: WireValue) throws(CupelError) -> [ChatPart] {
        var parts: [ChatPart] = []
        for block in try message.array("thinking_blocks") {
            if let part = try thinking(block) { parts.append(part) }
        }
        if parts.isEmpty, let thought = try message.string("reasoning_content"), !thought.isEmpty {
            parts.append(.reasoning(ChatReasoning(thought)))
        }
        if let content = message.member("content") { parts += try chatContent(content) }
        if let refusal = try message.string("refusal") { parts.append(.text(refusal)) }
        if let call = message.member("function_call") { throw call.untranslatable("`function_call`") }
        for call in try message.array("tool_calls") {
            let function = try call.required("function")
            parts.append(
                .toolCall(
                    ChatToolCall(
                        id: try call.required("id").string(),
                        name: try function.required("name").string(),
                        arguments: try function.string("arguments") ?? "{}",
                        signature: try call.member("extra_content")?.member("google")?.string("thought_signature")
                    )
                )
            )
        }
        return parts.filter { $0 != .text("") }
    }

    private static func chatTool(_ tool: WireValue) throws(CupelError) -> ChatTool {
        let type = try tool.object().required("type")
        guard try type.string() == "function" else { throw type.untranslatable("a tool that is no function") }
        return try functionTool(try tool.required("function"))
    }

    /// Reads OpenAI's definition of a function.
    static func functionTool(_ function: WireValue) throws(CupelError) -> ChatTool {
        ChatTool(
            name: try function.required("name").string(),
            description: try function.string("description"),
            schema: try function.member("parameters")?.object().json,
            isStrict: try function.bool("strict")
        )
    }

    private static func chatToolChoice(_ choice: WireValue) throws(CupelError) -> ChatToolChoice {
        if case .object = choice.json {
            guard try choice.string("type") == "function" else { throw choice.untranslatable("this choice") }
            return .named(try choice.required("function").required("name").string())
        }
        return try toolChoiceWord(choice)
    }

    /// Reads OpenAI's words for a choice.
    static func toolChoiceWord(_ choice: WireValue) throws(CupelError) -> ChatToolChoice {
        switch try choice.string() {
        case "auto": return .auto
        case "none": return .none
        case "required": return .required
        default: throw choice.wrong("must be auto, none, required or a function")
        }
    }

    private static func chatShape(_ format: WireValue) throws(CupelError) -> ChatShape? {
        let type = try format.object().required("type")
        switch try type.string() {
        case "text": return nil
        case "json_object": return .object
        case "json_schema": return try schemaShape(try format.required("json_schema"))
        default: throw type.wrong("must be text, json_object or json_schema")
        }
    }

    /// Reads OpenAI's definition of a shape.
    static func schemaShape(_ value: WireValue) throws(CupelError) -> ChatShape {
        .schema(
            name: try value.string("name") ?? "answer",
            description: try value.string("description"),
            schema: try value.required("schema").object().json,
            isStrict: try value.bool("strict")
        )
    }

    /// Anthropic's `cache_control`, which OpenRouter takes in OpenAI's parts too.
    static func cacheMark(_ value: WireValue) throws(CupelError) -> ChatCacheMark? {
        guard let control = value.member("cache_control") else { return nil }
        guard let ttl = try control.string("ttl") else { return .short }
        guard let mark = ChatCacheMark(rawValue: ttl) else { throw control.wrong("ttl must be 5m or 1h") }
        return mark
    }
}
