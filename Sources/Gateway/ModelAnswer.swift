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
