import CupelCore

/// A rule of the section `calls`: whom and what it speaks of, what it forbids, allows, bounds and sets.
struct CallRule: Sendable {
    /// Whom a rule applies to; an empty one to everybody. Within a list one pattern must match, of the lists each.
    struct Caller: Sendable {
        var keys: [Glob]?
        var people: [Glob]?
        var teams: [Glob]?
        var projects: [Glob]?

        func matches(_ caller: CallerFacts) -> Bool {
            Self.holds(keys, [caller.keyName, caller.keyID]) && Self.holds(people, [caller.person])
                && Self.holds(teams, [caller.team]) && Self.holds(projects, [caller.project])
        }

        private static func holds(_ patterns: [Glob]?, _ names: [String?]) -> Bool {
            guard let patterns else { return true }
            return names.contains { name in name.map { patterns.matches($0) } ?? false }
        }
    }

    /// Lists of a rule over what may answer and which tools it may use.
    struct Lists: Sendable {
        var models: [Glob]?
        var providers: [Glob]?
        var regions: [Glob]?
        var tools: [Glob]?
    }

    var name: String
    var caller = Caller()
    /// The models and providers for which alone the rule holds.
    var models: [Glob]?
    var providers: [Glob]?
    var allow = Lists()
    var maximumTier: Int?
    var needsNoRetention = false
    var deny = Lists()
    var bounds = CallBounds.none
    var secrets: SecretsMode?
    var recordsBodies: Bool?
    /// `.some(nil)` turns the cache off.
    var cacheSeconds: Int??

    func applies(to candidate: CandidateFacts) -> Bool {
        (models.map { candidate.matches($0) } ?? true) && (providers.map { $0.matches(candidate.provider) } ?? true)
    }

    /// Whether the rule holds whatever answers.
    var isUnconditional: Bool { models == nil && providers == nil }

    /// What `deny` forbids of a candidate.
    func denial(of candidate: CandidateFacts) -> String? {
        if let list = deny.models, candidate.matches(list) { return "the model '\(candidate.model)' is denied" }
        if let list = deny.providers, list.matches(candidate.provider) {
            return "the provider '\(candidate.provider)' is denied"
        }
        if let list = deny.regions, let region = candidate.region, list.matches(region) {
            return "the region '\(region)' is denied"
        }
        return nil
    }

    /// What of a candidate is not among what `allow` names.
    func omission(of candidate: CandidateFacts) -> String? {
        if let list = allow.models, !candidate.matches(list) {
            return "the model '\(candidate.model)' is not among those allowed: \(Self.words(list))"
        }
        if let list = allow.providers, !list.matches(candidate.provider) {
            return "the provider '\(candidate.provider)' is not among those allowed: \(Self.words(list))"
        }
        if let list = allow.regions, !(candidate.region.map { list.matches($0) } ?? false) {
            let region = candidate.region.map { "the region '\($0)'" } ?? "a region that is not known"
            return "\(region) is not among those allowed: \(Self.words(list))"
        }
        if let maximumTier, !(candidate.tier.map { $0 <= maximumTier } ?? false) {
            let tier = candidate.tier.map { "of tier \($0)" } ?? "of a tier that is not known"
            return "the model '\(candidate.model)' is \(tier), over \(maximumTier)"
        }
        if needsNoRetention, !candidate.keepsNothing {
            return "the provider '\(candidate.provider)' does not promise to keep nothing"
        }
        return nil
    }

    static func words(_ list: [Glob]) -> String {
        let shown = list.prefix(5).map(\.text).joined(separator: ", ")
        return list.count > 5 ? "\(shown), …" : list.isEmpty ? "none" : shown
    }
}

extension CandidateFacts {
    func matches(_ patterns: [Glob]) -> Bool {
        patterns.matches(model) || aliases.contains { patterns.matches($0) }
    }
}
