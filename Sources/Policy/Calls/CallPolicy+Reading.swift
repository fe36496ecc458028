import CupelCore
import Yams

extension CallPolicy {
    private static let keys = ["secrets", "record_bodies", "cache", "limits", "rules"]

    /// Reads the section; what is wrong goes to the reader.
    init?(_ node: Node, _ version: Digest, _ reader: inout PolicyReader) {
        // A section whose keys are all commented out.
        if node.scalarText?.isEmpty == true {
            self.init(version: version)
            return
        }
        guard let section = reader.section(node, "calls", known: Self.keys) else { return nil }
        var settings = CallSettings()
        settings.secrets = reader.choice(section, "secrets", of: SecretsMode.self) ?? settings.secrets
        settings.recordsBodies = reader.flag(section, "record_bodies") ?? settings.recordsBodies
        settings.cacheSeconds = reader.cache(section) ?? settings.cacheSeconds
        settings.bounds = reader.bounds(section, rule: "calls.limits")
        self.init(version: version, rules: reader.rules(section), settings: settings)
    }
}

extension PolicyReader {
    private static let ruleKeys = ["name", "when", "allow", "deny", "limits", "secrets", "record_bodies", "cache"]
    private static let maximumNameBytes = 100

    /// `off`, or a mapping with `ttl_seconds`; `.some(nil)` for off.
    fileprivate mutating func cache(_ section: PolicySection) -> Int?? {
        guard let node = section.members["cache"] else { return nil }
        if let word = node.scalarText {
            if ["off", "false", "no"].contains(word) { return .some(nil) }
            problem(node, section.path(of: "cache"), "must be off, or {ttl_seconds: 300}")
            return nil
        }
        guard let own = self.section(node, section.path(of: "cache"), known: ["ttl_seconds"]) else { return nil }
        if own.members["ttl_seconds"] == nil { problem(node, own.path(of: "ttl_seconds"), "is missing") }
        return integer(own, "ttl_seconds", in: 1...CallPolicy.maximumCacheSeconds).map { .some($0) }
    }

    fileprivate mutating func bounds(_ section: PolicySection, rule: String) -> CallBounds {
        let keys = ["cost_per_call", "input_tokens", "output_tokens"]
        guard let node = section.members["limits"],
            let own = self.section(node, section.path(of: "limits"), known: keys)
        else { return .none }
        let range = 1...CallBounds.maximumTokens
        return CallBounds(
            cost: money(own, "cost_per_call").map { .init(value: $0, rule: rule) },
            inputTokens: integer(own, "input_tokens", in: range).map { .init(value: $0, rule: rule) },
            outputTokens: integer(own, "output_tokens", in: range).map { .init(value: $0, rule: rule) }
        )
    }

    fileprivate mutating func rules(_ section: PolicySection) -> [CallRule] {
        guard let node = section.members["rules"] else { return [] }
        let path = section.path(of: "rules")
        guard case .sequence(let sequence) = node else {
            // `rules:` with nothing under it is an empty list.
            if node.scalarText?.isEmpty != true { problem(node, path, "must be a list of rules, each with a name") }
            return []
        }
        guard sequence.count <= CallPolicy.maximumRules else {
            problem(node, path, "must have at most \(CallPolicy.maximumRules) rules, not \(sequence.count)")
            return []
        }
        var names: Set<String> = []
        return sequence.enumerated().compactMap { index, item in
            guard let rule = rule(item, "\(path)[\(index)]") else { return nil }
            if !rule.name.isEmpty, !names.insert(rule.name).inserted {
                problem(item, "\(path)[\(index)].name", "'\(rule.name)' is the name of an earlier rule")
            }
            return rule
        }
    }

    private mutating func rule(_ node: Node, _ path: String) -> CallRule? {
        guard let section = section(node, path, known: Self.ruleKeys) else { return nil }
        if section.members["name"] == nil {
            problem(node, section.path(of: "name"), "is missing; violations are reported by it")
        }
        let name = text(section, "name", limit: Self.maximumNameBytes) ?? ""
        if let node = section.members["name"], name.unicodeScalars.contains(where: { $0.value < 0x20 }) {
            problem(node, section.path(of: "name"), "must be one line")
        }
        var rule = CallRule(name: name)
        readCondition(section, &rule)
        readAllowed(section, &rule)
        if let node = section.members["deny"] {
            let known = ["models", "providers", "regions", "tools"]
            if let own = self.section(node, section.path(of: "deny"), known: known) { rule.deny = lists(own) }
        }
        rule.bounds = bounds(section, rule: name)
        rule.secrets = choice(section, "secrets", of: SecretsMode.self)
        rule.recordsBodies = flag(section, "record_bodies")
        rule.cacheSeconds = cache(section)
        if Set(section.members.keys).isSubset(of: ["name", "when"]) {
            problem(node, path, "does nothing; give it allow, deny, limits, secrets, record_bodies or cache")
        }
        return rule
    }

    private mutating func readCondition(_ section: PolicySection, _ rule: inout CallRule) {
        let known = ["keys", "people", "teams", "projects", "models", "providers"]
        guard let node = section.members["when"],
            let own = self.section(node, section.path(of: "when"), known: known)
        else { return }
        rule.caller = CallRule.Caller(
            keys: patterns(own, "keys"),
            people: patterns(own, "people"),
            teams: patterns(own, "teams"),
            projects: patterns(own, "projects")
        )
        rule.models = patterns(own, "models")
        rule.providers = patterns(own, "providers")
    }

    private mutating func readAllowed(_ section: PolicySection, _ rule: inout CallRule) {
        let known = ["models", "providers", "regions", "tools", "max_tier", "retention"]
        guard let node = section.members["allow"],
            let own = self.section(node, section.path(of: "allow"), known: known)
        else { return }
        rule.allow = lists(own)
        rule.maximumTier = integer(own, "max_tier", in: 1...100)
        rule.needsNoRetention = choice(own, "retention", of: RetentionWord.self) != nil
    }

    private mutating func lists(_ section: PolicySection) -> CallRule.Lists {
        CallRule.Lists(
            models: patterns(section, "models"),
            providers: patterns(section, "providers"),
            regions: patterns(section, "regions"),
            tools: patterns(section, "tools")
        )
    }
}

/// The one thing that can be asked of what a provider keeps.
private enum RetentionWord: String, CaseIterable {
    case none
}
