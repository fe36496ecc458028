import CupelCore

/// A call of the past, as far as the policy looks at it.
package struct PastCall: Sendable {
    /// The call's name, for the answer.
    package var id: String
    package var caller: CallerFacts
    package var candidate: CandidateFacts
    package var request: RequestFacts

    /// A call of the past.
    package init(id: String, caller: CallerFacts, candidate: CandidateFacts, request: RequestFacts) {
        self.id = id
        self.caller = caller
        self.candidate = candidate
        self.request = request
    }
}

/// What another policy would have made of calls of the past.
package struct PolicyComparison: Sendable {
    /// What became, or would have become, of a call.
    package enum Outcome: Sendable, Hashable {
        case allowed(CallSettings)
        case refused(PolicyViolation)

        /// The rule that refuses.
        package var rule: String? {
            if case .refused(let violation) = self { violation.rule } else { nil }
        }
    }

    /// How a call's outcome differs.
    package enum Change: String, Sendable, CaseIterable {
        /// It was let through and would be refused.
        case refused
        /// It was refused and would be let through.
        case allowed
        /// It would go the same way, by another rule or with other settings.
        case changed
    }

    /// A call that would have gone another way.
    package struct Difference: Sendable {
        package let call: String
        package let change: Change
        package let before: Outcome
        package let after: Outcome

        /// What differs, in a sentence.
        package var explanation: String {
            switch (before, after) {
            case (_, .refused(let violation)): "the rule '\(violation.rule)' forbids it: \(violation.message)"
            case (.refused(let violation), .allowed): "the rule '\(violation.rule)' does not forbid it any more"
            case (.allowed(let old), .allowed(let new)): Self.settings(old, new)
            }
        }

        private static func settings(_ old: CallSettings, _ new: CallSettings) -> String {
            var parts: [String] = []
            if old.secrets != new.secrets { parts.append("secrets: \(old.secrets.rawValue) → \(new.secrets.rawValue)") }
            if old.recordsBodies != new.recordsBodies {
                parts.append("record_bodies: \(old.recordsBodies) → \(new.recordsBodies)")
            }
            if old.cacheSeconds != new.cacheSeconds {
                func word(_ seconds: Int?) -> String { seconds.map { "\($0) s" } ?? "off" }
                parts.append("cache: \(word(old.cacheSeconds)) → \(word(new.cacheSeconds))")
            }
            return parts.joined(separator: ", ")
        }
    }

    /// The calls that were looked at.
    package let checked: Int
    /// Those that differ, in the order in which they were given, at most ``maximumDifferences``.
    package let differences: [Difference]
    /// How many differ, by how.
    package let counts: [Change: Int]
    /// How many each rule of the new policy would refuse.
    package let refusedByRule: [String: Int]

    /// Differences that are listed; all are counted.
    package static let maximumDifferences = 1000

    /// Puts calls to both policies.
    package static func compare(_ old: CallPolicy, _ new: CallPolicy, calls: [PastCall]) -> PolicyComparison {
        var (before, after) = (Judge(policy: old), Judge(policy: new))
        var differences: [Difference] = []
        var counts: [Change: Int] = [:]
        var refused: [String: Int] = [:]
        for call in calls {
            let (one, other) = (before.outcome(of: call), after.outcome(of: call))
            if let rule = other.rule { refused[rule, default: 0] += 1 }
            guard let change = change(one, other) else { continue }
            counts[change, default: 0] += 1
            guard differences.count < maximumDifferences else { continue }
            differences.append(Difference(call: call.id, change: change, before: one, after: other))
        }
        return PolicyComparison(
            checked: calls.count,
            differences: differences,
            counts: counts,
            refusedByRule: refused
        )
    }

    private static func change(_ before: Outcome, _ after: Outcome) -> Change? {
        switch (before, after) {
        case (.allowed, .refused): return .refused
        case (.refused, .allowed): return .allowed
        case (.refused(let old), .refused(let new)): return old.rule == new.rule ? nil : .changed
        case (.allowed(var old), .allowed(let new)):
            // Bounds that a call stays within change nothing for it.
            old.bounds = new.bounds
            return old == new ? nil : .changed
        }
    }

    /// One policy, with what it said to callers and of candidates kept: past calls are many, their kinds few.
    private struct Judge {
        let policy: CallPolicy
        var callers: [CallerFacts: CallerPolicy] = [:]
        var decisions: [CallerFacts: [CandidateFacts: CandidateDecision]] = [:]

        mutating func outcome(of call: PastCall) -> Outcome {
            let decision = decision(call)
            if let violation = decision.refusal ?? decision.check(call.request) { return .refused(violation) }
            return .allowed(decision.settings)
        }

        private mutating func decision(_ call: PastCall) -> CandidateDecision {
            if let known = decisions[call.caller]?[call.candidate] { return known }
            let caller = callers[call.caller] ?? policy.forCaller(call.caller)
            callers[call.caller] = caller
            let decision = caller.decision(for: call.candidate)
            decisions[call.caller, default: [:]][call.candidate] = decision
            return decision
        }
    }
}
