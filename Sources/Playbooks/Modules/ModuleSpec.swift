import CupelCore
package import OrderedCollections

/// What is known of one builtin module: its options and how they go together.
package struct ModuleSpec: Sendable {
    /// A rule of the kind "when `option` is `value`, `names` are needed".
    package struct Condition: Sendable {
        let option: String
        let value: JSON
        let names: [String]
        let anyIsEnough: Bool
    }

    /// The name without its collection, as `user`.
    package let shortName: String
    /// The options by their canonical names.
    package let options: OrderedDictionary<String, OptionSpec>
    /// From every alias to its option.
    package let aliases: [String: String]
    /// Of each list at most one option may be given.
    package let mutuallyExclusive: [[String]]
    /// Of each list at least one option must be given.
    package let requiredOneOf: [[String]]
    /// Of each list all or none must be given.
    package let requiredTogether: [[String]]
    /// What some values need beside them.
    package let requiredIf: [Condition]
    /// What some options need beside them.
    package let requiredBy: [String: [String]]
    /// Whether the module takes one free text in place of options, as `raw` does.
    package let takesFreeForm: Bool
    /// Whether any option name is allowed, as `set_fact` does.
    package let takesAnyKey: Bool
    /// The free texts that are allowed; empty when any are.
    package let freeFormChoices: [String]

    /// The name with its collection, as `ansible.builtin.user`.
    package var name: String { ModuleCatalog.collection + shortName }

    /// The option of a canonical name or an alias.
    package func option(named name: String) -> OptionSpec? { options[aliases[name] ?? name] }
}

extension ModuleSpec {
    /// Reads the short form that `scripts/module-specs` writes.
    init(shortName: String, facts: JSON) throws(CupelError) {
        self.shortName = shortName
        options = try OptionSpec.table(facts["o"])
        var aliases: [String: String] = [:]
        for option in options.values { for alias in option.aliases { aliases[alias] = option.name } }
        self.aliases = aliases
        mutuallyExclusive = Self.lists(facts["x"])
        requiredOneOf = Self.lists(facts["1"])
        requiredTogether = Self.lists(facts["g"])
        requiredIf = (facts["i"]?.arrayValue ?? []).map { condition in
            Condition(
                option: condition["k"]?.stringValue ?? "",
                value: condition["v"] ?? .null,
                names: Self.names(condition["n"]),
                anyIsEnough: condition["any"]?.boolValue ?? false
            )
        }
        requiredBy = Dictionary(
            uniqueKeysWithValues: (facts["b"]?.objectValue ?? [:]).map { ($0.key, Self.names($0.value)) }
        )
        takesFreeForm = facts["f"]?.boolValue ?? false
        takesAnyKey = facts["k"]?.boolValue ?? false
        freeFormChoices = Self.names(facts["c"])
    }

    private static func lists(_ facts: JSON?) -> [[String]] { (facts?.arrayValue ?? []).map { names($0) } }

    private static func names(_ facts: JSON?) -> [String] { facts?.arrayValue?.compactMap(\.stringValue) ?? [] }
}
