package import CupelCore
import OrderedCollections

extension ReportInput {
    /// The report as one object: verdict, counts, findings, allowances, and what was not looked at.
    package var json: JSON {
        var counts: OrderedDictionary<String, JSON> = [:]
        for severity in Severity.allCases.reversed() {
            counts[severity.rawValue] = .integer(Int64(report.findings.count { $0.severity == severity }))
        }
        var skipped: OrderedDictionary<String, JSON> = [:]
        for kind in TreeProblem.Kind.allCases {
            skipped[kind.rawValue] = .integer(Int64(report.passedOver[kind] ?? 0))
        }
        var licences: OrderedDictionary<String, JSON> = [:]
        for (expression, files) in report.licences.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            licences[expression] = .integer(Int64(files))
        }
        return [
            "verdict": .string(judgement.verdict.rawValue), "reason": .string(judgement.reason),
            "rule_pack": .string(report.rulePackVersion),
            "layers": .array(report.layers.map { .string($0.rawValue) }),
            "files": .integer(Int64(report.files)), "bytes": .integer(Int64(report.bytes)),
            "truncated": .bool(report.isTruncated), "counts": .object(counts),
            "findings": .array(report.findings.map(\.json)), "allowances": .array(report.allowances.map(\.json)),
            "known": .integer(Int64(known)), "gone": .integer(Int64(gone)),
            "stale_exceptions": .array(
                stale.map {
                    [
                        "rule": .string($0.exception.rule.text), "path": .string($0.exception.path),
                        "owner": .string($0.exception.owner), "cause": .string($0.cause.rawValue),
                    ]
                }
            ),
            "passed_over": .object(skipped),
            "problems": .array(
                report.problems.map {
                    ["path": .string($0.path), "kind": .string($0.kind.rawValue), "detail": .string($0.detail)]
                }
            ),
            "times": report.times.json, "statistics": report.statistics(under: policy).json,
            "quality": report.quality.json, "licence": report.declared.map { .string($0.description) } ?? .null,
            "licences": .object(licences),
        ]
    }
}

extension TreeReport {
    /// The report as one object, under a policy alone.
    package func json(under policy: VerdictPolicy = .standard) -> JSON {
        ReportInput(self, judgement(under: policy), policy: policy).json
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
