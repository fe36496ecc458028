package import CupelCore

/// What is kept of one call: everything but what was said.
package struct CallRecord: Sendable, Hashable {
    /// How a call ended.
    package enum Outcome: Sendable, Hashable {
        /// It is under way.
        case open
        /// An answer came.
        case answered
        /// It failed, with this code.
        case failed(ErrorCode)
        /// Whoever asked no longer wants to know.
        case cancelled
        /// The process ended while it was under way; what it cost is not known.
        case interrupted

        /// `open`, `answered`, `cancelled`, `interrupted`, or the error's code.
        package var word: String {
            switch self {
            case .open: "open"
            case .answered: "answered"
            case .failed(let code): code.rawValue
            case .cancelled: "cancelled"
            case .interrupted: "interrupted"
            }
        }
    }

    /// Who asked: the key and those it belongs to.
    package struct Asker: Sendable, Hashable {
        /// The key's name; empty for the owner of the data directory and for Cupel's own calls.
        package var key = ""
        /// The person's name.
        package var person = ""
        /// The team's name.
        package var team = ""
        /// The project's name.
        package var project = ""

        /// Nobody but the owner.
        package init() {}
    }

    /// The call's name.
    package var id: Identifier<CallRecord>
    /// Who asked.
    package var asker = Asker()
    /// What the client spoke: `chat.completions`, `responses`, `messages`, `embeddings`; `internal` for Cupel's own.
    package var dialect = "internal"
    /// The upstream's name.
    package var upstream: String
    /// The model that was asked for.
    package var modelAsked: String
    /// The model that it was sent to, as the registry or the upstream names it.
    package var model: String?
    /// The model that says it answered.
    package var modelAnswered: String?
    /// How the model was found: `name`, `alias`, `fallback`.
    package var route: String?
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
    /// The status that the client got; 0 where there was no HTTP.
    package var status = 0
    /// Whether the answer was a stream.
    package var isStream = false
    /// How the shape was asked for, when one was.
    package var structuredMode: StructuredMode?
    /// Tokens, when the upstream counted.
    package var usage: TokenUsage?
    /// Whether the tokens are our estimate: the stream ended before the upstream counted.
    package var isEstimated = false
    /// Why the answer ended, when one came: `stop`, `length`, ...
    package var finish: String?
    /// How the call ended.
    package var outcome: Outcome
    /// `hit` or `miss` where there is a cache.
    package var cache: String?
    /// The rule of the policy that refused it.
    package var rule: String?
    /// Secrets that were found in what was asked.
    package var redactions = 0
    /// What was held for it in the budgets.
    package var reserved = Money.zero
    /// What it cost; `nil` where the model has no known price.
    package var cost: Money?
    /// The run that it belongs to, in the caller's words.
    package var run: String?
    /// The artefact that it belongs to, in the caller's words.
    package var artefact: String?
    /// The process that took it.
    package var replica: String?
}

/// Takes the record of each call, ended well or not.
package typealias CallSink = @Sendable (CallRecord) async -> Void
