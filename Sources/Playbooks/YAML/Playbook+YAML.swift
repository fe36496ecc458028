import CupelCore
import OrderedCollections

extension Playbook {
    /// The playbook as YAML that ansible-lint's production profile accepts as to form: indented sequences, `name`
    /// first, full module names, quoted texts, `true` and `false`, lines under 160 columns.
    package func yaml() -> String {
        var writer = YAMLWriter()
        writer.line(0, "---")
        for (index, play) in plays.enumerated() {
            if index > 0 { writer.line(0, "") }
            writer.write(play)
        }
        return writer.output
    }
}

/// Writes block YAML line by line.
private struct YAMLWriter {
    private(set) var output = ""

    mutating func line(_ indent: Int, _ text: String) {
        output += (text.isEmpty ? "" : String(repeating: " ", count: indent) + text) + "\n"
    }

    mutating func write(_ play: Play) {
        line(0, "- name: " + YAMLScalar.inline(play.name))
        line(2, "hosts: " + YAMLScalar.inline(play.hosts))
        member(keywords: play.keywords, order: Keywords.play, indent: 2)
        list("tasks", play.tasks)
        if !play.handlers.isEmpty { list("handlers", play.handlers) }
    }

    private mutating func list(_ key: String, _ tasks: [PlaybookTask]) {
        line(2, tasks.isEmpty ? key + ": []" : key + ":")
        for (index, task) in tasks.enumerated() {
            if index > 0 { line(0, "") }
            write(task)
        }
    }

    private mutating func write(_ task: PlaybookTask) {
        let exceptions = task.lintExceptions.isEmpty ? "" : " # noqa: " + task.lintExceptions.joined(separator: " ")
        line(4, "- name: " + YAMLScalar.inline(task.name) + exceptions)
        if case .object([:]) = task.arguments {
            line(6, task.module + ":")
        } else {
            member(task.module, task.arguments, indent: 6)
        }
        member(keywords: task.keywords, order: Keywords.task, indent: 6)
    }

    private mutating func member(keywords: OrderedDictionary<String, JSON>, order: [String], indent: Int) {
        for key in order { if let value = keywords[key] { member(key, value, indent: indent) } }
    }

    /// One `key: value`, over as many lines as it takes.
    private mutating func member(_ key: String, _ value: JSON, indent: Int) {
        let key = YAMLScalar.inline(key) + ":"
        switch value {
        case .object(let members) where !members.isEmpty:
            line(indent, key)
            for (key, value) in members { member(key, value, indent: indent + 2) }
        case .array(let elements) where !elements.isEmpty:
            line(indent, key)
            for element in elements { self.element(element, indent: indent + 2) }
        default:
            line(indent, key + " " + scalar(value, column: indent + key.count + 1, indent: indent + 2))
        }
    }

    /// One `- value`.
    private mutating func element(_ value: JSON, indent: Int) {
        switch value {
        case .object(let members) where !members.isEmpty:
            // The first member stands beside the dash, the others under it.
            var inner = YAMLWriter()
            for (key, value) in members { inner.member(key, value, indent: indent + 2) }
            let dash = String(repeating: " ", count: indent) + "- "
            output += dash + inner.output.dropFirst(indent + 2)
        case .array(let elements) where !elements.isEmpty:
            var inner = YAMLWriter()
            for element in elements { inner.element(element, indent: indent + 2) }
            output += String(repeating: " ", count: indent) + "- " + inner.output.dropFirst(indent + 2)
        default:
            line(indent, "- " + scalar(value, column: indent + 2, indent: indent + 2))
        }
    }

    private func scalar(_ value: JSON, column: Int, indent: Int) -> String {
        switch value {
        case .string(let text): YAMLScalar.value(text, column: column, indent: indent)
        case .array: "[]"
        case .object: "{}"
        default: value.text()
        }
    }
}
