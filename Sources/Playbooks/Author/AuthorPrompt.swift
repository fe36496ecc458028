package import CupelCore
import OrderedCollections

/// What a model is asked.
package struct AuthorPrompt: Sendable, Hashable {
    /// The system message.
    package let system: String
    /// The user's message.
    package let user: String
    /// The JSON Schema that constrains the answer.
    package let schema: JSON
    /// Tokens that the answer may have.
    package let maximumTokens: Int
}

/// What a model answered.
package struct AuthorAnswer: Sendable, Hashable {
    /// The text.
    package var text: String
    /// Whether the token limit ended it.
    package var isCut: Bool
    /// Tokens of the prompt, where the upstream says.
    package var promptTokens: Int
    /// Tokens of the answer, where the upstream says.
    package var answerTokens: Int

    /// An answer.
    package init(text: String, isCut: Bool, promptTokens: Int = 0, answerTokens: Int = 0) {
        self.text = text
        self.isCut = isCut
        self.promptTokens = promptTokens
        self.answerTokens = answerTokens
    }
}

/// Something that a linter found in a playbook.
package struct LintFinding: Sendable, Hashable {
    /// The rule, as `name[casing]`.
    package var rule: String
    /// What it says.
    package var message: String
    /// The line, from 1; 0 when it is not known.
    package var line: Int

    /// A finding.
    package init(rule: String, message: String, line: Int = 0) {
        self.rule = rule
        self.message = message
        self.line = line
    }

    /// The finding as a line of text.
    package var text: String { line > 0 ? "\(rule) at line \(line): \(message)" : "\(rule): \(message)" }
}

extension AuthorPrompt {
    /// Characters of the ask that a prompt repeats; the plan holds the rest.
    static let maximumAskCharacters = 1000
    /// Problems that are told to the model again.
    static let maximumProblems = 5

    /// The prompt for a plan, with what was wrong with the last answer.
    init(ask: Ask, plan: Plan, schema: AnswerSchema, problems: [String]) {
        system = "You write Ansible playbooks. Answer with one JSON object that does what the user asks, in order."
        var lines = ["Ask: " + ask.text.prefix(Self.maximumAskCharacters)]
        for (index, task) in plan.tasks.enumerated() where task.offers.count > 1 || task.hasChoice {
            let modules = task.offers.map(\.module).joined(separator: " or ")
            lines.append("task\(index + 1): \(modules) for \"\(task.clause.prefix(200))\"")
        }
        for (label, value) in schema.labels { lines.append("\(label) = \(value.text().prefix(120))") }
        if !problems.isEmpty {
            lines.append("Your last answer was wrong:")
            lines += problems.prefix(Self.maximumProblems).map { "- " + $0.prefix(300) }
        }
        user = lines.joined(separator: "\n")
        self.schema = schema.schema
        maximumTokens = schema.tokenLimit
    }
}

extension TaskDraft {
    /// Whether the model has a value to pick.
    var hasChoice: Bool { offers.contains { $0.slots.contains { $0.candidates.count > 1 } } }
}
