import CupelCore

/// Reading Anthropic's messages (docs.anthropic.com/en/api/messages).
extension ChatRequest {
    mutating func readMessages(_ body: WireValue) throws(CupelError) {
        for name in ["mcp_servers", "container"] {
            if let value = body.member(name), value.json != .array([]) { throw value.untranslatable("`\(name)`") }
        }
        if let text = body.member("system") { system = try Self.systemTexts(text) }
        for message in try body.required("messages").array() { try readMessage(message) }
        for tool in try body.array("tools") { tools.append(try Self.messagesTool(tool)) }
        if let choice = body.member("tool_choice") { try readMessagesToolChoice(choice) }
        maxOutputTokens = try body.int("max_tokens", least: 1)
        temperature = try body.double("temperature")
        topP = try body.double("top_p")
        topK = try body.int("top_k")
        stop = try body.strings("stop_sequences")
        user = try body.member("metadata")?.string("user_id")
        isStream = try body.bool("stream") ?? false
        wantsStreamUsage = true
        try readThinking(body)
        if let format = body.member("output_config")?.member("format") ?? body.member("output_format") {
            guard try format.string("type") == "json_schema" else { throw format.wrong("type must be json_schema") }
            shape = try Self.schemaShape(format)
        }
    }

    private mutating func readThinking(_ body: WireValue) throws(CupelError) {
        let level = try body.member("output_config")?.string("effort")
        effort = level.map { .level($0) }
        guard let thinking = body.member("thinking") else { return }
        let type = try thinking.required("type")
        switch try type.string() {
        case "enabled": effort = .tokens(try thinking.required("budget_tokens").int(least: 1))
        case "adaptive", "between_tools": effort = effort ?? .adaptive
        case "disabled": effort = .off
        default: throw type.wrong("must be enabled, adaptive, between_tools or disabled")
        }
    }

    private static func systemTexts(_ value: WireValue) throws(CupelError) -> [ChatText] {
        if case .string(let text) = value.json { return text.isEmpty ? [] : [ChatText(text)] }
        var texts: [ChatText] = []
        for block in try value.array() {
            texts.append(ChatText(try block.required("text").string(), cache: try cacheMark(block)))
        }
        return texts
    }

    private mutating func readMessage(_ message: WireValue) throws(CupelError) {
        let role = try message.object().required("role")
        let content = try message.required("content")
        switch try role.string() {
        case "user": turns.append(ChatTurn(.user, try Self.messagesContent(content)))
        case "assistant": turns.append(ChatTurn(.assistant, try Self.messagesContent(content)))
        case "system": system += try Self.systemTexts(content)
        default: throw role.wrong("must be user or assistant")
        }
    }

    private static func messagesContent(_ content: WireValue) throws(CupelError) -> [ChatPart] {
        if case .string(let text) = content.json { return text.isEmpty ? [] : [.text(text)] }
        var parts: [ChatPart] = []
        for block in try content.array() {
            if let part = try messagesBlock(try block.object()) { parts.append(part) }
        }
        return parts
    }

    private static func messagesBlock(_ block: WireValue) throws(CupelError) -> ChatPart? {
        let type = try block.required("type")
        let cache = try cacheMark(block)
        switch try type.string() {
        case "text":
            return .text(ChatText(try block.required("text").string(), cache: cache))
        case "image":
            return .image(ChatImage(try messagesImage(try block.required("source")), cache: cache))
        case "tool_use":
            let input = try block.required("input").object().json
            return .toolCall(
                ChatToolCall(
                    id: try block.required("id").string(),
                    name: try block.required("name").string(),
                    arguments: input.text(),
                    cache: cache
                )
            )
        case "tool_result":
            var result = ChatToolResult(callID: try block.required("tool_use_id").string(), parts: [], cache: cache)
            if let content = block.member("content") { result.parts = try messagesContent(content) }
            result.isError = try block.bool("is_error") ?? false
            return .toolResult(result)
        case "thinking", "redacted_thinking":
            return try thinking(block)
        case let other:
            throw type.untranslatable("a block of type `\(other.prefix(40))`")
        }
    }

    /// Reads Anthropic's blocks of thought.
    static func thinking(_ block: WireValue) throws(CupelError) -> ChatPart? {
        switch try block.string("type") {
        case "thinking":
            let seal = try block.string("signature").flatMap { $0.isEmpty ? nil : $0 }
            return .reasoning(ChatReasoning(try block.string("thinking") ?? "", signature: seal))
        case "redacted_thinking":
            return .reasoning(ChatReasoning("", signature: try block.required("data").string(), isRedacted: true))
        default: return nil
        }
    }

    private static func messagesImage(_ source: WireValue) throws(CupelError) -> ChatImage.Source {
        let type = try source.required("type")
        switch try type.string() {
        case "base64":
            return .data(
                mediaType: try source.required("media_type").string(),
                base64: try source.required("data").string()
            )
        case "url": return .url(try source.required("url").string())
        case let other: throw type.untranslatable("an image by `\(other.prefix(40))`")
        }
    }

    private static func messagesTool(_ tool: WireValue) throws(CupelError) -> ChatTool {
        if let type = try tool.object().member("type"), try type.string() != "custom" {
            throw type.untranslatable("a tool that Anthropic runs or defines")
        }
        return ChatTool(
            name: try tool.required("name").string(),
            description: try tool.string("description"),
            schema: try tool.required("input_schema").object().json,
            isStrict: try tool.bool("strict"),
            cache: try cacheMark(tool)
        )
    }

    private mutating func readMessagesToolChoice(_ choice: WireValue) throws(CupelError) {
        let type = try choice.object().required("type")
        switch try type.string() {
        case "auto": toolChoice = .auto
        case "any": toolChoice = .required
        case "none": toolChoice = ChatToolChoice.none
        case "tool": toolChoice = .named(try choice.required("name").string())
        default: throw type.wrong("must be auto, any, tool or none")
        }
        if let isDisabled = try choice.bool("disable_parallel_tool_use") { allowsParallelTools = !isDisabled }
    }
}
