import CupelCore
import OrderedCollections

/// The check of one option's value against its type and choices.
enum OptionCheck {
    private static let truths: Set<String> = [
        "yes", "no", "on", "off", "true", "false", "1", "0", "y", "n", "t", "f",
    ]

    /// What is wrong with the value; `nil` when nothing is. A template is accepted for any type.
    static func problem(_ value: JSON, _ option: OptionSpec) -> (kind: ArgumentProblem.Kind, message: String)? {
        if value.isTemplate { return nil }
        // An empty value in YAML is null, which Ansible takes as not given.
        if value.isNull { return nil }
        if let problem = typeProblem(value, option.type, name: option.name) { return (.wrongType, problem) }
        if option.type == .list { return listProblem(value, option) }
        if !option.choices.isEmpty, !isChoice(value, option.choices) { return (.notAChoice, choice(value, option)) }
        return option.suboptions.isEmpty ? nil : suboptionProblem(value, option)
    }

    private static func listProblem(
        _ value: JSON,
        _ option: OptionSpec
    ) -> (kind: ArgumentProblem.Kind, message: String)? {
        for element in value.arrayValue ?? parts(value) where !element.isTemplate {
            let name = "each element of \(option.name)"
            if let type = option.elements, let problem = typeProblem(element, type, name: name) {
                return (.wrongType, problem)
            }
            if !option.choices.isEmpty, !isChoice(element, option.choices) {
                return (.notAChoice, choice(element, option))
            }
            if !option.suboptions.isEmpty, let problem = suboptionProblem(element, option) { return problem }
        }
        return nil
    }

    /// A text stands for a list of what is between its commas.
    private static func parts(_ value: JSON) -> [JSON] {
        guard let text = value.stringValue else { return [value] }
        return text.split(separator: ",").map { .string(String($0)) }
    }

    private static func suboptionProblem(
        _ value: JSON,
        _ option: OptionSpec
    ) -> (kind: ArgumentProblem.Kind, message: String)? {
        guard let members = value.objectValue else { return nil }
        for (name, value) in members {
            guard
                let sub = option.suboptions[name]
                    ?? option.suboptions.values.first(where: { $0.aliases.contains(name) })
            else {
                let near = Spelling.nearest(to: name, among: Array(option.suboptions.keys), count: 1).first
                let hint = near.map { "; did you mean '\($0)'?" } ?? ""
                return (.unknownOption, "'\(option.name)' has no option '\(name)'\(hint)")
            }
            if let problem = problem(value, sub) { return problem }
        }
        for sub in option.suboptions.values where sub.isRequired && members[sub.name] == nil {
            return (.missingOption, "'\(option.name)' needs its option '\(sub.name)'")
        }
        return nil
    }

    private static func isChoice(_ value: JSON, _ choices: [String]) -> Bool {
        // YAML turns `upgrade: yes` into true; Ansible takes it back where `yes` is a choice.
        if case .bool(let truth) = value {
            return choices.contains(truth ? "true" : "false") || choices.contains(truth ? "yes" : "no")
        }
        return choices.contains(value.scalarText)
    }

    private static func choice(_ value: JSON, _ option: OptionSpec) -> String {
        let near = Spelling.nearest(to: value.scalarText, among: option.choices, count: 1).first
        let hint = near.map { "; did you mean '\($0)'?" } ?? ""
        let shown = String(value.scalarText.prefix(60))
        return "'\(option.name)' cannot be '\(shown)': it is one of \(option.choices.joined(separator: ", "))\(hint)"
    }

    /// What is wrong as to type alone.
    private static func typeProblem(_ value: JSON, _ type: OptionType, name: String) -> String? {
        let expected: String? =
            switch type {
            case .raw, .any, .json, .jsonarg: nil
            case .str, .path, .bytes, .bits, .sid: isScalar(value) ? nil : "a text"
            case .bool: isTruth(value) ? nil : "true or false"
            case .int: isWhole(value) ? nil : "a whole number"
            case .float: isNumber(value) ? nil : "a number"
            case .list: value.objectValue == nil ? nil : "a list"
            case .dict: value.objectValue != nil || isPairs(value) ? nil : "a mapping"
            }
        return expected.map { "'\(name)' must be \($0), not \(described(value))" }
    }

    private static func described(_ value: JSON) -> String {
        isScalar(value) ? "'\(value.scalarText.prefix(60))'" : value.kind
    }

    private static func isScalar(_ value: JSON) -> Bool {
        switch value {
        case .string, .integer, .number, .bool: true
        default: false
        }
    }

    private static func isTruth(_ value: JSON) -> Bool {
        isScalar(value) && truths.contains(value.scalarText.lowercased())
    }

    private static func isWhole(_ value: JSON) -> Bool {
        value.intValue != nil || value.stringValue.map { Int($0) != nil } ?? false
    }

    private static func isNumber(_ value: JSON) -> Bool {
        value.doubleValue != nil || value.stringValue.map { Double($0) != nil } ?? false
    }

    /// Ansible reads `a=1,b=2` and JSON text as a mapping.
    private static func isPairs(_ value: JSON) -> Bool {
        value.stringValue.map { $0.contains("=") || $0.hasPrefix("{") } ?? false
    }
}
