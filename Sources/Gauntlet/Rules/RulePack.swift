import CupelCore

/// A set of rules with a version, so that a verdict can say what it was made with.
package struct RulePack: Sendable, Hashable {
    /// What the authors call this state of the rules, as `2026.11`.
    package var release: String
    /// The rules, in the order of their packs.
    package var rules: [Rule]
    /// What signals of rules mean together, in the order of the packs.
    package var combinations: [Combination]

    /// Bytes of one YAML file of rules, at most.
    package static let maximumBytes = 1 << 20
    /// Rules in one pack, at most.
    package static let maximumRules = 2000
    /// Bytes of one pattern, at most.
    package static let maximumPatternBytes = 2000

    /// A pack of rules made in code or put together from files.
    package init(release: String, rules: [Rule], combinations: [Combination] = []) {
        self.release = release
        self.rules = rules
        self.combinations = combinations
    }

    /// The release and 12 hexadecimal digits of everything that decides what is found.
    package var version: String { release + "+" + Digest(of: canonicalText).hex.prefix(12) }

    /// The rules of some layers alone, as prompts need the secrets layer.
    package func only(_ layers: Set<Layer>) -> RulePack {
        RulePack(
            release: release,
            rules: rules.filter { layers.contains($0.layer) },
            combinations: layers.contains(.malice) ? combinations : []
        )
    }

    /// The pack without rules that a policy switched off.
    package func without(_ identifiers: Set<String>) -> RulePack {
        RulePack(
            release: release,
            // A signal stays, whose absence would make combinations unreadable.
            rules: rules.filter { $0.signal != nil || !identifiers.contains($0.id) },
            combinations: combinations.filter { !identifiers.contains($0.id) }
        )
    }

    /// The pack with a user's rules after ours.
    /// - Throws: `validation_error` when a rule's identifier occurs twice or there are too many.
    package func adding(_ other: RulePack) throws -> RulePack {
        let joined = RulePack(
            release: release,
            rules: rules + other.rules,
            combinations: combinations + other.combinations
        )
        try joined.checkIdentifiers()
        return joined
    }

    func checkIdentifiers() throws {
        guard rules.count + combinations.count <= Self.maximumRules else {
            throw CupelError(.validationError, "There are over \(Self.maximumRules) rules; remove some")
        }
        var seen: Set<String> = []
        for id in rules.map(\.id) + combinations.map(\.id) where !seen.insert(id).inserted {
            throw CupelError(.validationError, "The rule \(id) is there twice; rename one of them")
        }
    }

    /// Equal for equal rules; what the database cache and the version are keyed by.
    var canonicalText: String {
        let written = rules.map { rule in
            let kinds = rule.kinds.map(\.rawValue).sorted().joined(separator: ",")
            let parts: [String] = [
                rule.id, rule.layer.rawValue, rule.severity.rawValue, rule.passPattern, rule.pattern, "\(rule.tail)",
                rule.reader?.rawValue ?? "", rule.keywords.joined(separator: ","), "\(rule.groups)",
                "\(rule.nameGroup ?? 0)", kinds, "\(rule.confirmations)",
                rule.languages.map(\.rawValue).sorted().joined(separator: ","), rule.signal ?? "",
                "\(rule.minimumCount)", rule.place.rawValue,
            ]
            return parts.joined(separator: "\u{1F}")
        }
        return (written + combinations.map(\.canonicalText)).joined(separator: "\u{1E}")
    }
}
