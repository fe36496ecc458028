package import CupelCore

/// What is kept of one call: everything but what was said.
package struct CallRecord: Sendable, Hashable {
    /// How a call ended.
    package enum Outcome: Sendable, Hashable {
        /// An answer came.
        case answered
        /// It failed, with this code.
        case failed(ErrorCode)
        /// Whoever asked no longer wants to know.
        case cancelled

        /// `answered`, `cancelled`, or the error's code.
        package var word: String {
            switch self {
            case .answered: "answered"
            case .failed(let code): code.rawValue
            case .cancelled: "cancelled"
            }
        }
    }

    /// The call's name.
    package var id: Identifier<CallRecord>
    /// The upstream's name.
    package var upstream: String
    /// The model that was asked for.
    package var modelAsked: String
    /// The model that says it answered.
    package var modelAnswered: String?
    /// What the call was for.
    package var purpose: String
    /// When it began.
    package var started: Timestamp
    /// From the beginning to the first byte of the answer that counted.
    package var firstByte: Duration?
    /// From the beginning to the end.
    package var duration: Duration
    /// HTTP requests that were sent.
    package var attempts: Int
    /// How the shape was asked for, when one was.
    package var structuredMode: StructuredMode?
    /// Tokens, when the upstream counted.
    package var usage: TokenUsage?
    /// Why the answer ended, when one came: `stop`, `length`, ...
    package var finish: String?
    /// How the call ended.
    package var outcome: Outcome
}

/// Takes the record of each call, ended well or not.
package typealias CallSink = @Sendable (CallRecord) async -> Void
