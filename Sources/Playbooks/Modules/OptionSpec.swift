package import CupelCore
package import OrderedCollections

/// The type of an option, in the words of Ansible's argument_spec.
package enum OptionType: String, Sendable {
    case str, bool, int, float, list, dict, path, raw, bytes, json, jsonarg, bits, sid, any
}

/// What is known of one option of a module.
package struct OptionSpec: Sendable {
    /// The canonical name.
    package let name: String
    /// Its type.
    package let type: OptionType
    /// The type of a list's elements.
    package let elements: OptionType?
    /// Whether a task must give it.
    package let isRequired: Bool
    /// The values that are allowed; empty when any are.
    package let choices: [String]
    /// What holds when it is not given.
    package let defaultValue: JSON?
    /// Other names for it.
    package let aliases: [String]
    /// The options inside a dictionary or a list of dictionaries; empty when they are not known.
    package let suboptions: OrderedDictionary<String, OptionSpec>
}

extension OptionSpec {
    /// Reads the short form that `scripts/module-specs` writes.
    init(name: String, facts: JSON) throws(CupelError) {
        guard let typeName = facts["t"]?.stringValue, let type = OptionType(rawValue: typeName) else {
            throw CupelError(.internalError, "The module specifications have no known type for option '\(name)'.")
        }
        self.name = name
        self.type = type
        elements = facts["e"]?.stringValue.flatMap(OptionType.init(rawValue:))
        isRequired = facts["r"]?.boolValue ?? false
        choices = facts["c"]?.arrayValue?.map(\.scalarText) ?? []
        defaultValue = facts["d"]
        aliases = facts["a"]?.arrayValue?.compactMap(\.stringValue) ?? []
        suboptions = try Self.table(facts["s"])
    }

    /// Reads an object of options.
    static func table(_ facts: JSON?) throws(CupelError) -> OrderedDictionary<String, OptionSpec> {
        var table: OrderedDictionary<String, OptionSpec> = [:]
        for (name, facts) in facts?.objectValue ?? [:] { table[name] = try OptionSpec(name: name, facts: facts) }
        return table
    }
}

extension JSON {
    /// A scalar as the text that Ansible would compare; an empty text for what is no scalar.
    package var scalarText: String {
        switch self {
        case .string(let text): text
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .null, .array, .object: ""
        }
    }

    /// Whether this is a text with a Jinja template in it.
    package var isTemplate: Bool { stringValue.map { $0.contains("{{") || $0.contains("{%") } ?? false }
}
