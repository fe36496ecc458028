package import CupelCore

/// One thing that the syntax check or ansible-lint found.
package struct LintFinding: Sendable, Hashable {
    /// How bad ansible-lint thinks it is.
    package enum Severity: String, Sendable, Hashable {
        case error
        case warning
    }

    /// The rule, as `fqcn[action-core]`; `syntax-check` for what Ansible itself refuses.
    package var rule: String
    /// How bad it is.
    package var severity: Severity
    /// What is wrong, in the tool's words.
    package var message: String
    /// The line, from 1; 0 when it is not known.
    package var line: Int
    /// The column, from 1, where the tool knows it.
    package var column: Int?

    /// Names one finding.
    package init(rule: String, severity: Severity = .error, message: String, line: Int = 0, column: Int? = nil) {
        self.rule = rule
        self.severity = severity
        self.message = message
        self.line = line
        self.column = column
    }

    /// The finding as a line of text.
    package var text: String { line > 0 ? "\(rule) at line \(line): \(message)" : "\(rule): \(message)" }

    /// The finding as it is kept.
    package var json: JSON {
        [
            "rule": .string(rule), "severity": .string(severity.rawValue), "message": .string(message),
            "line": .integer(Int64(line)), "column": column.map { .integer(Int64($0)) } ?? .null,
        ]
    }
}

/// What Ansible's own tools say about a playbook.
package struct LintResult: Sendable, Hashable {
    /// How the tools were run.
    package enum Mode: String, Sendable, Hashable {
        /// By the worker that keeps them loaded.
        case warm
        /// As the ordinary commands.
        case plain
    }

    /// What a step cost.
    package struct Cost: Sendable, Hashable {
        /// Processor time of the step and what it started.
        package var cpu: Duration
        /// Time that passed.
        package var wall: Duration
    }

    /// What `ansible-playbook --syntax-check` refuses; empty when it passes.
    package var syntax: [LintFinding]
    /// What `ansible-lint` finds, in its order.
    package var lint: [LintFinding]
    /// The cost of the syntax check.
    package var syntaxCost: Cost
    /// The cost of ansible-lint.
    package var lintCost: Cost
    /// How the tools were run.
    package var mode: Mode

    /// Whether neither tool found anything.
    package var isClean: Bool { syntax.isEmpty && lint.isEmpty }

    /// The result as it is kept.
    package var json: JSON {
        [
            "mode": .string(mode.rawValue), "tools": .array(AnsibleTools.packages.map { .string($0) }),
            "syntax": .array(syntax.map(\.json)), "lint": .array(lint.map(\.json)),
            "syntax_cpu_ms": .number(syntaxCost.cpu.inMilliseconds),
            "lint_cpu_ms": .number(lintCost.cpu.inMilliseconds),
            "syntax_wall_ms": .number(syntaxCost.wall.inMilliseconds),
            "lint_wall_ms": .number(lintCost.wall.inMilliseconds),
        ]
    }
}
