/// What an assay says under a policy. Later cases are stricter.
package enum Verdict: String, Sendable, Hashable, CaseIterable, Comparable {
    case pass
    case review
    case block

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// A verdict with the finding that decided it, in words.
package struct Judgement: Sendable, Hashable {
    /// What the policy says.
    package var verdict: Verdict
    /// Why, in a sentence for a person; holds no secret.
    package var reason: String

    /// A verdict and its reason.
    package init(_ verdict: Verdict, _ reason: String) {
        self.verdict = verdict
        self.reason = reason
    }
}
