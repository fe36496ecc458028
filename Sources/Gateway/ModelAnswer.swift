package import CupelCore

/// What a model answered.
package struct ModelAnswer: Sendable {
    /// The text, as it came.
    package var text: String
    /// The object in the text, when a shape was asked for and one is there. It is not held against the schema.
    package var json: JSON?
    /// Why the answer ended.
    package var finish: FinishReason
    /// What it took.
    package var usage: TokenUsage
    /// The record of the call.
    package var record: CallRecord

    /// Whether the answer was cut by the limit on tokens: a failure, not an answer.
    package var isCut: Bool { finish == .length }
}

/// Why an answer ended.
package enum FinishReason: Sendable, Hashable {
    /// The model was done.
    case stop
    /// The limit on tokens cut it.
    case length
    /// The upstream's filter withheld it.
    case filtered
    /// Something else, in the upstream's word.
    case other(String)

    /// Reads OpenAI's `finish_reason`.
    init(_ word: String?) {
        self =
            switch word {
            case "stop", nil: .stop
            case "length": .length
            case "content_filter": .filtered
            case let word?: .other(word)
            }
    }

    /// The word for the record.
    package var word: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .filtered: "content_filter"
        case .other(let word): word
        }
    }
}
