import CupelCore

/// Reading OpenAI's responses (platform.openai.com/docs/api-reference/responses/create), as far as it is stateless.
extension ChatRequest {
    mutating func readResponses(_ body: WireValue) throws(CupelError) {
        try refuseState(body)
        if let text = try body.string("instructions"), !text.isEmpty { system.append(ChatText(text)) }
        let input = try body.required("input")
        if case .string(let text) = input.json {
            turns = [ChatTurn(.user, [.text(text)])]
        } else {
            for item in try input.array() { try readItem(try item.object()) }
        }
        for tool in try body.array("tools") {
            let type = try tool.object().required("type")
            guard try type.string() == "function" else { throw type.untranslatable("a tool that is no function") }
            tools.append(try Self.functionTool(tool))
        }
        if let choice = body.member("tool_choice") { toolChoice = try Self.responsesToolChoice(choice) }
        allowsParallelTools = try body.bool("parallel_tool_calls")
        if let format = body.member("text")?.member("format") { shape = try Self.responsesShape(format) }
        maxOutputTokens = try body.int("max_output_tokens", least: 1)
        temperature = try body.double("temperature")
        topP = try body.double("top_p")
        effort = try body.member("reasoning")?.string("effort").map { .level($0) }
        user = try body.string("safety_identifier")
        if let name = try body.string("user") { user = name }
        metadata = body.member("metadata")?.json
        isStream = try body.bool("stream") ?? false
        wantsStreamUsage = true
    }

    private func refuseState(_ body: WireValue) throws(CupelError) {
        for name in ["previous_response_id", "conversation", "prompt"] {
            guard let value = body.member(name) else { continue }
            throw value.wrong("needs state that another provider does not keep; send the whole conversation in `input`")
        }
        for name in ["background", "store"] where try body.bool(name) == true {
            throw WireValue(.null, name).wrong("needs state that another provider does not keep; send false")
        }
    }

    private mutating func readItem(_ item: WireValue) throws(CupelError) {
        switch try item.string("type") ?? "message" {
        case "message": try readResponsesMessage(item)
        case "function_call":
            let call = ChatToolCall(
                id: try item.required("call_id").string(),
                name: try item.required("name").string(),
                arguments: try item.string("arguments") ?? "{}"
            )
            addAssistant(.toolCall(call))
        case "function_call_output":
            let output = try item.required("output")
            let parts: [ChatPart]
            if case .string(let text) = output.json {
                parts = [.text(text)]
            } else {
                parts = try Self.responsesContent(output)
            }
            addToolResult(ChatToolResult(callID: try item.required("call_id").string(), parts: parts))
        case "reasoning":
            var text = ""
            for part in try item.array("summary") { text += try part.string("text") ?? "" }
            addAssistant(.reasoning(ChatReasoning(text, sealOrData: try item.string("encrypted_content"))))
        case let other:
            throw WireValue(.null, item.path + ".type").untranslatable("an item of type `\(other.prefix(40))`")
        }
    }

    private mutating func readResponsesMessage(_ item: WireValue) throws(CupelError) {
        let role = try item.required("role")
        let parts = try Self.responsesContent(try item.required("content"))
        switch try role.string() {
        case "system", "developer":
            for part in parts {
                guard case .text(let text) = part else { throw item.wrong("a system message holds text only") }
                system.append(text)
            }
        case "user": turns.append(ChatTurn(.user, parts))
        case "assistant": for part in parts { addAssistant(part) }
        default: throw role.wrong("must be system, developer, user or assistant")
        }
    }

    /// The items of an answer follow each other and are one turn.
    private mutating func addAssistant(_ part: ChatPart) {
        if turns.last?.speaker == .assistant {
            turns[turns.count - 1].parts.append(part)
        } else {
            turns.append(ChatTurn(.assistant, [part]))
        }
    }

    private static func responsesContent(_ content: WireValue) throws(CupelError) -> [ChatPart] {
        if case .string(let text) = content.json { return [.text(text)] }
        var parts: [ChatPart] = []
        for element in try content.array() {
            let type = try element.object().required("type")
            switch try type.string() {
            case "input_text", "output_text", "text": parts.append(.text(try element.required("text").string()))
            case "refusal": parts.append(.text(try element.required("refusal").string()))
            case "input_image":
                let source = try imageSource(try element.required("image_url"))
                parts.append(.image(ChatImage(source, detail: try element.string("detail"))))
            case let other: throw type.untranslatable("a part of type `\(other.prefix(40))`")
            }
        }
        return parts
    }

    private static func responsesToolChoice(_ choice: WireValue) throws(CupelError) -> ChatToolChoice {
        guard case .object = choice.json else { return try toolChoiceWord(choice) }
        guard try choice.string("type") == "function" else { throw choice.untranslatable("this choice") }
        return .named(try choice.required("name").string())
    }

    private static func responsesShape(_ format: WireValue) throws(CupelError) -> ChatShape? {
        let type = try format.object().required("type")
        switch try type.string() {
        case "text": return nil
        case "json_object": return .object
        case "json_schema": return try schemaShape(format)
        default: throw type.wrong("must be text, json_object or json_schema")
        }
    }
}
