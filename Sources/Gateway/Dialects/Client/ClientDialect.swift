package import CupelCore

/// The wire formats that clients speak to us, and that bodies may pass through in.
package enum ClientDialect: String, Sendable, Hashable, CaseIterable {
    /// OpenAI's chat completions (platform.openai.com/docs/api-reference/chat).
    case chatCompletions = "chat/completions"
    /// OpenAI's responses (platform.openai.com/docs/api-reference/responses).
    case responses
    /// Anthropic's messages (docs.anthropic.com/en/api/messages).
    case messages

    /// Whether errors and lists have OpenAI's form.
    package var isOpenAI: Bool { self != .messages }

    /// The fields that name a call: `x-request-id`, which OpenAI's SDK reads, and for Anthropic's `request-id` too
    /// (docs.anthropic.com/en/api/errors).
    package func requestFields(_ id: String) -> [(name: String, value: String)] {
        isOpenAI ? [("x-request-id", id)] : [("x-request-id", id), ("request-id", id)]
    }
}

extension ChatRequest {
    /// Reads a request's body.
    /// - Throws: ``CupelError`` `validation_error` naming the field that is wrong or that cannot be translated.
    package init(parsing json: JSON, _ dialect: ClientDialect) throws(CupelError) {
        let body = WireValue(json)
        self.init(model: try body.object().required("model").string())
        switch dialect {
        case .chatCompletions: try readChatCompletions(body)
        case .responses: try readResponses(body)
        case .messages: try readMessages(body)
        }
        joinSeals()
        try check()
    }

    /// Holds what every dialect holds.
    private func check() throws(CupelError) {
        guard turns.contains(where: { !$0.parts.isEmpty }) || !system.isEmpty else {
            throw CupelError(.validationError, "The request has no message: send at least one.")
        }
        var names: Set<String> = []
        for (index, tool) in tools.enumerated() where !names.insert(tool.name).inserted {
            throw WireValue(.null, "tools[\(index)]").wrong("repeats the name of another tool")
        }
        if case .named(let name)? = toolChoice, !names.contains(name) {
            throw WireValue(.null, "tool_choice").wrong("names a tool that is not among `tools`")
        }
    }
}
