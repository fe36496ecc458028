package import CupelCore

/// What happens to secrets that are found in a prompt, in tool-call arguments and in results.
package enum SecretsMode: String, Sendable, CaseIterable {
    /// Nothing is looked for.
    case off
    /// They are counted and go out.
    case observe
    /// Placeholders go out and the originals come back into the answer.
    case redact
    /// The call is refused.
    case block
}

/// Bounds of one call, each with the name of the rule that sets it.
package struct CallBounds: Sendable, Hashable {
    /// A bound and who set it.
    package struct Bound<Value: Sendable & Hashable & Comparable>: Sendable, Hashable {
        package let value: Value
        package let rule: String

        /// The tighter of two; of equal ones the first.
        static func tighter(_ one: Bound?, _ other: Bound?) -> Bound? {
            guard let one, let other else { return one ?? other }
            return other.value < one.value ? other : one
        }
    }

    /// The most that a call may cost, by its worst case.
    package var cost: Bound<Money>?
    /// The most tokens in.
    package var inputTokens: Bound<Int>?
    /// The most tokens out; a call that asks for no number gets this one.
    package var outputTokens: Bound<Int>?

    /// Nothing is bounded.
    package static let none = CallBounds()
    /// The largest number of tokens that can be said.
    package static let maximumTokens = 1_000_000_000

    /// The tighter of both, bound by bound.
    func tightened(by other: CallBounds) -> CallBounds {
        CallBounds(
            cost: .tighter(cost, other.cost),
            inputTokens: .tighter(inputTokens, other.inputTokens),
            outputTokens: .tighter(outputTokens, other.outputTokens)
        )
    }
}

/// A call that the policy forbids: by which rule, and why.
package struct PolicyViolation: Sendable, Hashable {
    /// The rule's name; `calls.limits` for the section's own limits.
    package let rule: String
    /// What was asked and what is allowed; holds nothing of what was said.
    package let message: String

    /// As an answer, 403.
    package var error: CupelError {
        CupelError(.policyViolation, "The rule '\(rule)' of the policy forbids this: \(message).")
    }
}
