import CupelCore
import HTTPTypes
import Policy

/// The policy in force, and what another one would change.
struct PolicyRoutes: Sendable {
    let source: PolicySource
    let past: PastCalls

    private static let root = "/api/v1/admin/policy"
    private static let tag = "policy"
    /// A file of the largest size, with room for what JSON adds to its characters.
    private static let maximumBody = 2 * PolicyFile.maximumBytes + (64 << 10)

    private static let inForce = Schema.object([
        ("version", Schema.text), ("file", Schema.optional(Schema.text)), ("rules", Schema.array(Schema.text)),
        ("text", Schema.text),
    ])

    private static let verdict = Schema.object(
        [("valid", ["type": "boolean"])],
        optional: [
            ("problems", Schema.array(Schema.object([("field", Schema.text), ("message", Schema.text)]))),
            ("version", Schema.text), ("rules", Schema.array(Schema.text)), ("checked", ["type": "integer"]),
            ("counts", Schema.any), ("refused_by_rule", Schema.any), ("not_checked", Schema.array(Schema.text)),
            (
                "differences",
                Schema.array(
                    Schema.object([
                        ("call", Schema.identifier),
                        ("change", Schema.choice(PolicyComparison.Change.allCases.map(\.rawValue))),
                        ("before", Schema.optional(Schema.text)), ("after", Schema.optional(Schema.text)),
                        ("explanation", Schema.text),
                    ])
                )
            ),
        ]
    )

    func all() -> [Route] {
        [
            Route(.get, Self.root, tag: Self.tag, "The policy in force") { _ in .json(current()) }
                .answering(200, "The policy", Self.inForce),
            Route(.post, Self.root + "/reload", tag: Self.tag, "Read the policy's file again") { _ in
                try source.reload()
                return .json(current())
            }
            .answering(200, "The policy in force now", Self.inForce)
            .answering(422, "What is wrong with the file; the policy in force stays", Schema.problem),
            Route(.post, Self.root + "/check", tag: Self.tag, "What a policy would change, without using it") {
                try await check($0)
            }
            .body(
                Schema.object(
                    [("text", Schema.text)],
                    optional: [("calls", Schema.integer(0...PastCalls.maximumCount, default: 1000))]
                ),
                maximumBytes: Self.maximumBody
            )
            .answering(200, "Its problems, or the recorded calls that would have gone another way", Self.verdict),
        ]
    }

    private func current() -> JSON {
        let file = source.current
        return [
            "version": .string(file.version.hex), "file": source.path.map { .string($0) } ?? .null,
            "rules": .array(file.calls.ruleNames.map { .string($0) }), "text": .string(source.text),
        ]
    }

    private func check(_ request: RouteRequest) async throws -> RouteResponse {
        var fields = try request.fields()
        let text = fields.value("text")?.stringValue
        if text == nil { fields.problem("text", "must be the text of a policy file") }
        let count = fields.integer("calls", default: 1000, in: 0...PastCalls.maximumCount)
        try fields.finish()
        let file: PolicyFile
        do {
            file = try PolicyFile(text ?? "")
        } catch let error as CupelError where error.code == .invalidPolicy {
            let problems = error.fields.map { field -> JSON in
                ["field": .string(field.field), "message": .string(field.message)]
            }
            return .json(["valid": false, "problems": .array(problems)])
        }
        let calls = try await past.newest(count)
        return .json(Self.json(file, PolicyComparison.compare(source.current.calls, file.calls, calls: calls)))
    }

    private static func json(_ file: PolicyFile, _ comparison: PolicyComparison) -> JSON {
        func counts(_ pairs: [(String, Int)]) -> JSON {
            var json: JSON = [:]
            for (name, count) in pairs { json[name] = .integer(Int64(count)) }
            return json
        }
        let changes = PolicyComparison.Change.allCases.map { ($0.rawValue, comparison.counts[$0] ?? 0) }
        let rules = comparison.refusedByRule.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let differences = comparison.differences.map { difference -> JSON in
            [
                "call": .string(difference.call), "change": .string(difference.change.rawValue),
                "before": difference.before.rule.map { .string($0) } ?? .null,
                "after": difference.after.rule.map { .string($0) } ?? .null,
                "explanation": .string(difference.explanation),
            ]
        }
        return [
            "valid": true, "version": .string(file.version.hex),
            "rules": .array(file.calls.ruleNames.map { .string($0) }),
            "checked": .integer(Int64(comparison.checked)), "counts": counts(changes),
            "refused_by_rule": counts(rules.map { ($0.key, $0.value) }),
            "not_checked": .array(PastCalls.unknown.map { .string($0) }), "differences": .array(differences),
        ]
    }
}
