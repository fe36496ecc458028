package import CupelCore
import OrderedCollections

extension TreeReport {
    /// The report as one object: verdict, counts, findings, allowances, and what was not looked at.
    package func json(under policy: VerdictPolicy = .standard) -> JSON {
        let judgement = judgement(under: policy)
        var counts: OrderedDictionary<String, JSON> = [:]
        for severity in Severity.allCases.reversed() {
            counts[severity.rawValue] = .integer(Int64(findings.count { $0.severity == severity }))
        }
        var skipped: OrderedDictionary<String, JSON> = [:]
        for kind in TreeProblem.Kind.allCases { skipped[kind.rawValue] = .integer(Int64(passedOver[kind] ?? 0)) }
        return [
            "verdict": .string(judgement.verdict.rawValue), "reason": .string(judgement.reason),
            "rule_pack": .string(rulePackVersion), "layers": .array(layers.map { .string($0.rawValue) }),
            "files": .integer(Int64(files)), "bytes": .integer(Int64(bytes)), "truncated": .bool(isTruncated),
            "counts": .object(counts), "findings": .array(findings.map(\.json)),
            "allowances": .array(allowances.map(\.json)), "passed_over": .object(skipped),
            "problems": .array(
                problems.map {
                    ["path": .string($0.path), "kind": .string($0.kind.rawValue), "detail": .string($0.detail)]
                }
            ),
            "times": times.json,
        ]
    }

    /// Whether anything found is at or above a severity, as `--fail-on` asks.
    package func hasFindings(atOrAbove severity: Severity) -> Bool { findings.contains { $0.severity >= severity } }
}

extension Assay {
    /// Whether anything found is at or above a severity, as `--fail-on` asks.
    package func hasFindings(atOrAbove severity: Severity) -> Bool { findings.contains { $0.severity >= severity } }

    /// The assay as a report on one file, for the renderers.
    package var report: TreeReport {
        TreeReport(
            findings: findings,
            allowances: allowances,
            files: 1,
            bytes: bytes,
            times: times,
            isTruncated: isTruncated,
            layers: layers,
            rulePackVersion: rulePackVersion
        )
    }
}
