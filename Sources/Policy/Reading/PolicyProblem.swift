package import CupelCore

/// Something that is wrong with a policy file, and where.
package struct PolicyProblem: Sendable, Hashable {
    /// Where it stands; `nil` for what is wrong with the file as a whole.
    package let location: PolicyLocation?
    /// What is wrong and what is allowed, with the path of the key, as `calls.rules[2].when.teams`.
    package let message: String

    /// As a field of an error: `line 12, column 5`.
    package var field: FieldProblem {
        FieldProblem(location.map { "line \($0.line), column \($0.column)" } ?? "policy", message)
    }

    /// Problems that are named in one error; a file with more is wrong enough.
    package static let maximumNamed = 100

    /// All problems as one error.
    static func error(_ problems: [PolicyProblem]) -> CupelError {
        let ordered = problems.sorted { left, right in
            let (one, other) = (left.location, right.location)
            return (one?.line ?? 0, one?.column ?? 0) < (other?.line ?? 0, other?.column ?? 0)
        }
        let count = problems.count == 1 ? "one problem" : "\(problems.count) problems"
        return CupelError(
            .invalidPolicy,
            "The policy has \(count).",
            fields: ordered.prefix(maximumNamed).map(\.field)
        )
    }
}
