package import CupelCore
import OrderedCollections

/// What all assays that are kept found, and how much of it people called a false alarm.
package struct AssayTotals: Sendable, Hashable {
    /// Distinct findings, and how many of them are false alarms by the word of a person.
    package struct Line: Sendable, Hashable {
        package var findings = 0
        package var falseAlarms = 0

        /// The share of false alarms, from 0 to 1; 0 where nothing was found.
        package var rate: Double { findings == 0 ? 0 : Double(falseAlarms) / Double(findings) }

        var json: JSON {
            [
                "findings": .integer(Int64(findings)), "false_alarms": .integer(Int64(falseAlarms)),
                "false_alarm_rate": .number((rate * 10_000).rounded() / 10_000),
            ]
        }
    }

    /// A rule of a layer.
    private struct RuleName: Hashable {
        var layer: String
        var rule: String
    }

    /// Rules that are named, at most: those with the most false alarms, then those with the most findings.
    package static let maximumRules = 50

    package var assays = 0
    package var files = 0
    package var bytes = 0
    package var outcomes: [FileOutcome: Int] = [:]
    private var rules: [RuleName: Line] = [:]

    /// No assay at all.
    package init() {}

    /// What is asked of the table of counts.
    static var sums: String {
        (["files", "bytes"] + FileOutcome.allCases.map(\.rawValue))
            .map { "CAST(COALESCE(SUM(\($0)), 0) AS BIGINT) AS \($0)" }.joined(separator: ", ")
    }

    mutating func note(_ layer: String, _ rule: String, findings: Int = 0, falseAlarms: Int = 0) {
        let name = RuleName(layer: layer, rule: rule)
        rules[name, default: Line()].findings += findings
        rules[name]?.falseAlarms += falseAlarms
    }

    /// Sums by layer, in their order; layers that found nothing too.
    package var layers: [(layer: Layer, line: Line)] {
        Layer.allCases.map { layer in
            let lines = rules.filter { $0.key.layer == layer.rawValue }.values
            return (
                layer,
                lines.reduce(into: Line()) { sum, line in
                    sum.findings += line.findings
                    sum.falseAlarms += line.falseAlarms
                }
            )
        }
    }

    /// The rules that people complain about most.
    package var worstRules: [(layer: String, rule: String, line: Line)] {
        rules.map { ($0.key.layer, $0.key.rule, $0.value) }.sorted {
            ($1.2.falseAlarms, $1.2.findings, $0.1) < ($0.2.falseAlarms, $0.2.findings, $1.1)
        }.prefix(Self.maximumRules).map { (layer: $0.0, rule: $0.1, line: $0.2) }
    }

    /// The totals as they are sent.
    package var json: JSON {
        var json: JSON = [
            "assays": .integer(Int64(assays)), "files": .integer(Int64(files)), "bytes": .integer(Int64(bytes)),
        ]
        for outcome in FileOutcome.allCases { json[outcome.rawValue] = .integer(Int64(outcomes[outcome] ?? 0)) }
        var lines: OrderedDictionary<String, JSON> = [:]
        for (layer, line) in layers { lines[layer.rawValue] = line.json }
        json["layers"] = .object(lines)
        json["rules"] = .array(
            worstRules.map { layer, rule, line in
                var json = line.json
                json["rule"] = .string(rule)
                json["layer"] = .string(layer)
                return json
            }
        )
        return json
    }
}
