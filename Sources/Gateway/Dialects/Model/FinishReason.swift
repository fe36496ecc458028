/// Why an answer ended.
package enum FinishReason: Sendable, Hashable {
    /// The model was done.
    case stop
    /// The limit on tokens cut it.
    case length
    /// The model waits for the results of its tool calls.
    case toolCalls
    /// The upstream's filter withheld it, or the model refused.
    case filtered
    /// Something else, in the upstream's word.
    case other(String)

    /// Reads OpenAI's `finish_reason`.
    init(_ word: String?) {
        self =
            switch word {
            case "stop", nil: .stop
            case "length": .length
            case "tool_calls", "function_call": .toolCalls
            case "content_filter": .filtered
            case let word?: .other(String(word.prefix(64)))
            }
    }

    /// Reads Anthropic's `stop_reason` (docs.anthropic.com, "Handling stop reasons") and Bedrock's `stopReason`, which
    /// speaks the same words and a few more.
    init(anthropic word: String?) {
        self =
            switch word {
            case "end_turn", "stop_sequence", nil: .stop
            case "max_tokens", "model_context_window_exceeded": .length
            case "tool_use": .toolCalls
            case "refusal", "content_filtered", "guardrail_intervened": .filtered
            case let word?: .other(String(word.prefix(64)))
            }
    }

    /// Reads Gemini's `finishReason` (ai.google.dev/api/generate-content#FinishReason). Gemini says `STOP` for tool
    /// calls too, so whoever reads it says whether there were any.
    init(gemini word: String?, hasToolCalls: Bool) {
        self =
            switch word {
            case "STOP", nil: hasToolCalls ? .toolCalls : .stop
            case "MAX_TOKENS": .length
            case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY": .filtered
            case let word?: .other(String(word.prefix(64)).lowercased())
            }
    }

    /// The word for the record, which is OpenAI's `finish_reason`.
    package var word: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .filtered: "content_filter"
        case .other(let word): word
        }
    }

    /// OpenAI's `finish_reason`; its SDKs know no others than these, so what it has no word for is `stop`.
    var openAIWord: String {
        if case .other = self { "stop" } else { word }
    }

    /// Anthropic's `stop_reason`.
    func anthropicWord(hasStopSequence: Bool) -> String {
        switch self {
        case .stop: hasStopSequence ? "stop_sequence" : "end_turn"
        case .length: "max_tokens"
        case .toolCalls: "tool_use"
        case .filtered: "refusal"
        case .other(let word): word == "pause_turn" ? word : "end_turn"
        }
    }
}
