package import CupelCore
import Storage

/// How much may be asked of models within a minute and at once; what is `nil` is not limited.
package struct CallLimits: Sendable, Hashable {
    /// Calls that may begin within a minute.
    package var requestsPerMinute: Int?
    /// Tokens, in and out, within a minute.
    package var tokensPerMinute: Int?
    /// Calls that may be under way at once.
    package var parallelCalls: Int?

    /// Nothing is limited.
    package static let none = CallLimits()
    /// The largest limit that can be set; beyond it leave the limit out.
    package static let maximum = 1_000_000_000

    /// Limits, each optional.
    package init(requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, parallelCalls: Int? = nil) {
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.parallelCalls = parallelCalls
    }

    /// Whether nothing is limited.
    package var isEmpty: Bool { self == .none }

    init(row: Row) throws {
        requestsPerMinute = try row.optionalInteger("requests_per_minute")
        tokensPerMinute = try row.optionalInteger("tokens_per_minute")
        parallelCalls = try row.optionalInteger("parallel_calls")
    }

    /// As the API shows them, with null for what is not limited.
    package var json: JSON {
        func number(_ value: Int?) -> JSON { value.map { .integer(Int64($0)) } ?? .null }
        return [
            "requests_per_minute": number(requestsPerMinute), "tokens_per_minute": number(tokensPerMinute),
            "parallel_calls": number(parallelCalls),
        ]
    }

    /// - Throws: `validation_error` naming each limit that is not from 1 to ``maximum``.
    func check() throws {
        let given = [
            ("requests_per_minute", requestsPerMinute), ("tokens_per_minute", tokensPerMinute),
            ("parallel_calls", parallelCalls),
        ]
        let wrong = given.filter { name, value in value.map { !(1...Self.maximum).contains($0) } ?? false }
        guard wrong.isEmpty else {
            throw CupelError(
                .validationError,
                "The limits are wrong.",
                fields: wrong.map { FieldProblem("limits.\($0.0)", "must be from 1 to \(Self.maximum), or left out") }
            )
        }
    }
}
