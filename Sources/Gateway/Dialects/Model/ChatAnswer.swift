/// What a model answered, in no provider's words.
package struct ChatAnswer: Sendable, Hashable {
    /// The provider's name for the answer; empty where it gave none.
    package var id: String
    /// The model that answered, in the provider's words.
    package var model: String
    /// Texts, thoughts and tool calls, in order.
    package var parts: [ChatPart]
    /// Why it ended.
    package var finish: FinishReason
    /// The stop text that ended it, where the provider says which.
    package var stopSequence: String?
    /// What it took; `nil` when the provider did not say.
    package var usage: TokenUsage?

    /// An answer.
    package init(
        id: String,
        model: String,
        parts: [ChatPart],
        finish: FinishReason,
        stopSequence: String? = nil,
        usage: TokenUsage? = nil
    ) {
        self.id = id
        self.model = model
        self.parts = parts
        self.finish = finish
        self.stopSequence = stopSequence
        self.usage = usage
    }

    /// All texts in one, without thoughts.
    package var text: String {
        parts.reduce(into: "") { if case .text(let part) = $1 { $0 += part.text } }
    }

    /// All thoughts in one.
    package var reasoning: String {
        parts.reduce(into: "") { if case .reasoning(let part) = $1 { $0 += part.text } }
    }

    /// The tool calls in order.
    package var toolCalls: [ChatToolCall] {
        parts.compactMap { if case .toolCall(let call) = $0 { call } else { nil } }
    }
}

/// One thing that happens in a streamed answer, in no provider's words.
package enum ChatEvent: Sendable, Hashable {
    /// The answer begins; usage where the provider counts the question before it answers.
    case start(id: String, model: String, usage: TokenUsage?)
    /// More text.
    case text(String)
    /// More of a thought.
    case reasoning(String)
    /// The seal of the thought that ends here; Gemini seals without a thought too.
    case signature(String)
    /// A thought that Anthropic encrypted.
    case redactedReasoning(String)
    /// A tool call begins; `index` counts the calls of the answer from 0.
    case toolStart(index: Int, id: String, name: String, signature: String?)
    /// More of a call's arguments.
    case toolArguments(index: Int, String)
    /// A tool call is complete.
    case toolEnd(index: Int)
    /// What the answer took so far; a later one replaces it.
    case usage(TokenUsage)
    /// Why it ended, and the stop text if one did it.
    case finish(FinishReason, stopSequence: String?)
    /// The provider shows that it lives.
    case ping
}
