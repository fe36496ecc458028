import CupelCore
import OrderedCollections

/// Findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 2020).
enum SARIFReport {
    private static let schema =
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

    static func json(_ input: ReportInput) -> JSON {
        let rules = OrderedSet(input.report.findings.map(\.rule))
        let run: JSON = [
            "tool": [
                "driver": [
                    "name": "cupel", "semanticVersion": .string(version(input.version)),
                    "properties": ["rulePack": .string(input.report.rulePackVersion)],
                    "rules": .array(rules.map { rule($0, input) }),
                ]
            ],
            "columnKind": "unicodeCodePoints",
            "invocations": [
                [
                    "executionSuccessful": .bool(true),
                    "toolExecutionNotifications": .array(input.report.problems.map(notification)),
                ]
            ],
            "results": .array(
                input.report.findings.map { finding in result(finding, rules.firstIndex(of: finding.rule) ?? 0) }
            ),
            "properties": [
                "verdict": .string(input.judgement.verdict.rawValue), "reason": .string(input.judgement.reason),
            ],
        ]
        return ["$schema": .string(schema), "version": "2.1.0", "runs": [run]]
    }

    /// A version of three numbers, as SemVer wants it.
    private static func version(_ text: String) -> String { text.isEmpty ? "0.0.0" : text }

    private static func rule(_ id: String, _ input: ReportInput) -> JSON {
        let findings = input.report.findings.filter { $0.rule == id }
        let worst = findings.map(\.severity).max() ?? .medium
        let card = input.descriptions[id]
        let description = card.map { $0.description.prefix(1).uppercased() + $0.description.dropFirst() } ?? id
        var members: OrderedDictionary<String, JSON> = [
            "id": .string(id), "shortDescription": ["text": .string(description)],
            "defaultConfiguration": ["level": .string(level(worst))],
            "properties": [
                "tags": .array(
                    (["security", findings.first?.layer.rawValue] + [card?.category]).compactMap { $0 }.map {
                        .string($0)
                    }
                ),
                "security-severity": .string(score(worst)),
            ],
        ]
        if let reference = card?.references.first(where: { $0.hasPrefix("https://") }) {
            members["helpUri"] = .string(reference)
        }
        return .object(members)
    }

    private static func result(_ finding: Finding, _ ruleIndex: Int) -> JSON {
        [
            "ruleId": .string(finding.rule), "ruleIndex": .integer(Int64(ruleIndex)),
            "level": .string(level(finding.severity)), "message": ["text": .string(finding.message)],
            "locations": [
                [
                    "physicalLocation": [
                        "artifactLocation": ["uri": .string(uri(finding.path))],
                        "region": [
                            "startLine": .integer(Int64(max(1, finding.line))),
                            "startColumn": .integer(Int64(max(1, finding.column))),
                            "endColumn": .integer(Int64(max(1, finding.column) + max(1, finding.excerpt.length))),
                            "snippet": ["text": .string(finding.excerpt.text)],
                        ],
                    ]
                ]
            ],
            "partialFingerprints": ["cupel/v1": .string(finding.fingerprint)],
            "properties": [
                "severity": .string(finding.severity.rawValue), "layer": .string(finding.layer.rawValue),
            ],
        ]
    }

    private static func notification(_ problem: TreeProblem) -> JSON {
        let detail = problem.detail.isEmpty ? "" : ": \(problem.detail)"
        return [
            "level": "warning",
            "message": ["text": .string("\(problem.path) was not looked at (\(problem.kind.rawValue))\(detail)")],
            "locations": [["physicalLocation": ["artifactLocation": ["uri": .string(uri(problem.path))]]]],
        ]
    }

    private static func level(_ severity: Severity) -> String {
        switch severity {
        case .critical, .high: "error"
        case .medium: "warning"
        case .low, .info: "note"
        }
    }

    /// What code hosts order findings by, 0 to 10.
    private static func score(_ severity: Severity) -> String {
        switch severity {
        case .critical: "9.5"
        case .high: "8.0"
        case .medium: "5.5"
        case .low: "3.0"
        case .info: "1.0"
        }
    }

    /// A path as a URI reference (RFC 3986): from the root of the tree where it is relative.
    static func uri(_ path: String) -> String {
        var text = ""
        for byte in (path.hasPrefix("./") ? path.dropFirst(2) : path[...]).utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text.hasPrefix("/") ? "file://" + text : text
    }
}
