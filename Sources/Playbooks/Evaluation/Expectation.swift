package import CupelCore
import OrderedCollections

/// One ask with what a right playbook does.
package struct EvaluationCase: Sendable, Hashable {
    /// The ask.
    package let ask: String
    /// The task lists that are right, any one of them.
    package let acceptable: [[ExpectedTask]]
}

/// What one task should be.
package struct ExpectedTask: Sendable, Hashable {
    /// The short names of the modules that are right.
    package let modules: [String]
    /// What must stand in the arguments.
    package let arguments: [String: ExpectedValue]
}

/// What one argument should be.
package struct ExpectedValue: Sendable, Hashable {
    /// The values that are right; empty when only `contained` counts.
    package let accepted: [JSON]
    /// What a text or a list must contain.
    package let contained: [JSON]
    /// Whether the argument may be left out.
    package let mayBeAbsent: Bool
}

extension EvaluationCase {
    /// Bytes of a file of asks.
    package static let maximumBytes = 1 << 20
    /// Values in a file of asks.
    static let maximumValues = 50_000

    /// Reads a file of asks, YAML or JSON: `asks:`, each with `ask`, `expect` and maybe `or`.
    /// - Throws: ``CupelError`` `validation_error` naming the ask that is wrong.
    package static func cases(_ text: String) throws(CupelError) -> [EvaluationCase] {
        guard text.utf8.count <= maximumBytes else { throw refusal("it is over \(maximumBytes) bytes") }
        let document = try YAMLDocument.json(text, maximumNodes: maximumValues)
        guard let asks = document["asks"]?.arrayValue, !asks.isEmpty else { throw refusal("it has no 'asks'") }
        var cases: [EvaluationCase] = []
        for (index, entry) in asks.enumerated() {
            guard let ask = entry["ask"]?.stringValue else { throw refusal("entry \(index + 1) has no 'ask'") }
            let lists = [entry["expect"] ?? .array([])] + (entry["or"]?.arrayValue ?? [])
            var acceptable: [[ExpectedTask]] = []
            for list in lists {
                guard let tasks = list.arrayValue else { throw refusal("'\(ask)' expects no list") }
                acceptable.append(tasks.map(ExpectedTask.init(json:)))
            }
            cases.append(EvaluationCase(ask: ask, acceptable: acceptable))
        }
        return cases
    }

    private static func refusal(_ problem: String) -> CupelError {
        CupelError(.validationError, "The file of asks cannot be used: \(problem).")
    }

    /// Whether a playbook does what is expected, no more and no less.
    package func matches(_ playbook: Playbook) -> Bool {
        let tasks = playbook.plays.flatMap { $0.tasks + $0.handlers }
        return acceptable.contains { expected in
            expected.count == tasks.count && zip(expected, tasks).allSatisfy { $0.matches($1) }
        }
    }
}

extension ExpectedTask {
    init(json: JSON) {
        let named = json["module"]
        modules = (named?.arrayValue ?? named.map { [$0] } ?? []).map { Self.short($0.scalarText) }
        var arguments: [String: ExpectedValue] = [:]
        for (name, value) in json["args"]?.objectValue ?? [:] { arguments[name] = ExpectedValue(json: value) }
        self.arguments = arguments
    }

    private static func short(_ name: String) -> String {
        name.hasPrefix(ModuleCatalog.collection) ? String(name.dropFirst(ModuleCatalog.collection.count)) : name
    }

    func matches(_ task: PlaybookTask) -> Bool {
        guard modules.contains(task.shortModule) else { return false }
        return arguments.allSatisfy { name, expected in expected.matches(task.arguments[name]) }
    }
}

extension ExpectedValue {
    init(json: JSON) {
        guard let members = json.objectValue else {
            self.init(accepted: [json], contained: [], mayBeAbsent: false)
            return
        }
        let contained = members["has"].map { $0.arrayValue ?? [$0] } ?? []
        self.init(
            accepted: members["any"]?.arrayValue ?? [],
            contained: contained,
            mayBeAbsent: members["absent"]?.boolValue ?? false
        )
    }

    func matches(_ value: JSON?) -> Bool {
        guard let value, !value.isNull else { return mayBeAbsent }
        if accepted.contains(where: { Self.text($0) == Self.text(value) }) { return true }
        guard !contained.isEmpty else { return false }
        let texts = value.arrayValue?.map(Self.text)
        return contained.allSatisfy { part in
            let wanted = Self.text(part)
            return texts?.contains(wanted) ?? Self.contains(Self.text(value), wanted)
        }
    }

    private static func contains(_ text: String, _ part: String) -> Bool {
        let (text, part) = (Array(text.utf8), Array(part.utf8))
        guard !part.isEmpty, text.count >= part.count else { return part.isEmpty }
        return (0...text.count - part.count).contains { text[$0...].starts(with: part) }
    }

    /// A value as text: `true` for yes, no leading noughts before digits, a list of one as its element.
    private static func text(_ value: JSON) -> String {
        if let elements = value.arrayValue { return elements.map(text).joined(separator: ",") }
        let text = value.scalarText
        switch text.lowercased() {
        case "yes", "true", "on": return "true"
        case "no", "false", "off": return "false"
        default: break
        }
        guard text.count > 1, text.allSatisfy(\.isNumber) else { return text }
        let digits = text.drop { $0 == "0" }
        return digits.isEmpty ? "0" : String(digits)
    }
}
