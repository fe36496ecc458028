package import CupelCore
import OrderedCollections

/// The counts of an evaluation, as a table and as JSON.
package struct EvaluationReport: Sendable {
    /// How each ask went, in order.
    package let outcomes: [EvaluationOutcome]
    /// Processor time of all asks together, by who used it, where it was measured.
    package var processorTimes: [(name: String, total: Duration)] = []

    /// A report of these outcomes.
    package init(outcomes: [EvaluationOutcome]) { self.outcomes = outcomes }

    /// The measures in the order of the table: name and count.
    package var counts: [(name: String, count: Int)] {
        [
            ("valid YAML and schema", outcomes.count(where: \.isValid)),
            ("module arguments valid", outcomes.count(where: \.hasValidArguments)),
            ("syntax-check clean", outcomes.count(where: \.isSyntaxClean)),
            ("lint clean", outcomes.count(where: \.isLintClean)),
            ("right intent", outcomes.count(where: \.hasRightIntent)),
        ]
    }

    /// Median and largest wall milliseconds of each stage, over the asks that gave a playbook.
    package var stages: [(name: String, median: Double, largest: Double)] {
        let authored = outcomes.compactMap(\.authored)
        return [
            ("planning", authored.map(\.timings.planning.inMilliseconds)),
            ("model", authored.map(\.timings.answering.inMilliseconds)),
            ("composing and checking", authored.map(\.timings.composing.inMilliseconds)),
            ("lint in the loop", authored.map(\.timings.linting.inMilliseconds)),
            ("inspection", outcomes.filter { $0.authored != nil }.map(\.inspectionMilliseconds)),
        ].map { name, values in (name, Self.median(values), values.max() ?? 0) }
    }

    /// Tokens of all prompts and of all answers.
    package var tokens: (prompt: Int, answer: Int) {
        let attempts = outcomes.compactMap(\.authored).flatMap(\.attempts)
        return (
            attempts.reduce(0) { $0 + $1.answer.promptTokens }, attempts.reduce(0) { $0 + $1.answer.answerTokens }
        )
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }

    /// The table for people.
    package var table: String {
        var lines = ["\(outcomes.count) asks", ""]
        lines.append(Self.row("measure", "asks", "share"))
        for (name, count) in counts {
            lines.append(Self.row(name, String(count), "\(count * 100 / max(1, outcomes.count)) %"))
        }
        lines += ["", Self.row("stage", "median ms", "largest ms")]
        for stage in stages {
            lines.append(Self.row(stage.name, Self.rounded(stage.median), Self.rounded(stage.largest)))
        }
        if !processorTimes.isEmpty { lines += ["", Self.row("processor time", "ms an ask", "")] }
        for (name, total) in processorTimes {
            lines.append(Self.row(name, Self.rounded(total.inMilliseconds / Double(max(1, outcomes.count))), ""))
        }
        lines += ["", "tokens: \(tokens.prompt) prompt, \(tokens.answer) answer"]
        let wrong = outcomes.filter { !$0.hasRightIntent || !$0.isLintClean }
        if !wrong.isEmpty { lines += ["", "not right:"] }
        for outcome in wrong { lines.append("- " + outcome.ask + ": " + Self.reason(outcome)) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func reason(_ outcome: EvaluationOutcome) -> String {
        if let failure = outcome.failure { return failure }
        let found = outcome.findings.map(\.text)
        return (found + (outcome.hasRightIntent ? [] : ["another intent than expected"])).joined(separator: "; ")
    }

    private static func row(_ first: String, _ second: String, _ third: String) -> String {
        func padded(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        return first + padded(second, 38 - first.count) + padded(third, 12)
    }

    private static func rounded(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// The report as JSON.
    package var json: JSON {
        var measures: JSON = [:]
        if case .object(var members) = measures {
            for (name, count) in counts { members[name] = .integer(Int64(count)) }
            measures = .object(members)
        }
        return [
            "asks": .integer(Int64(outcomes.count)), "counts": measures,
            "tokens": ["prompt": .integer(Int64(tokens.prompt)), "answer": .integer(Int64(tokens.answer))],
            "stages": .array(
                stages.map {
                    ["stage": .string($0.name), "median_ms": .number($0.median), "largest_ms": .number($0.largest)]
                }
            ),
            "processor_ms": .array(
                processorTimes.map { ["who": .string($0.name), "total": .number($0.total.inMilliseconds)] }
            ),
            "outcomes": .array(outcomes.map(Self.json)),
        ]
    }

    private static func json(_ outcome: EvaluationOutcome) -> JSON {
        [
            "ask": .string(outcome.ask), "failure": outcome.failure.map(JSON.string) ?? .null,
            "valid": .bool(outcome.isValid), "arguments_valid": .bool(outcome.hasValidArguments),
            "syntax_clean": .bool(outcome.isSyntaxClean), "lint_clean": .bool(outcome.isLintClean),
            "right_intent": .bool(outcome.hasRightIntent),
            "findings": .array(outcome.findings.map { .string($0.text) }),
            "timings": outcome.authored?.timings.json ?? .null,
            "yaml": outcome.authored.map { .string($0.yaml) } ?? .null,
        ]
    }
}
