package import CupelCore

/// The section `calls` of the policy, compiled: who may ask which models, providers, regions and tools, within which
/// bounds, and what happens to secrets.
///
/// The order is fixed. Of the rules that apply, in the order of the file: first every `deny`, then every `allow`, each of
/// which must be met; then the bounds, of which the tightest holds; of `secrets`, `record_bodies` and `cache` the first
/// rule that says something wins over the section's own word.
package struct CallPolicy: Sendable {
    /// The version of the file that it stands in.
    package let version: Digest
    let rules: [CallRule]
    let settings: CallSettings

    /// Rules that a file may have.
    package static let maximumRules = 1000
    /// The longest time that an answer may be kept for others, in seconds.
    package static let maximumCacheSeconds = 30 * 24 * 3600

    /// What is in force where nothing is said: secrets are redacted, all else is allowed.
    package static let standard = CallPolicy(version: Digest(of: ""))

    init(version: Digest, rules: [CallRule] = [], settings: CallSettings = CallSettings()) {
        self.version = version
        self.rules = rules
        self.settings = settings
    }

    /// The rules' names in the order of the file.
    package var ruleNames: [String] { rules.map(\.name) }

    /// What the policy says to one caller; made once a snapshot and asked for every call.
    package func forCaller(_ caller: CallerFacts) -> CallerPolicy {
        CallerPolicy(version: version, rules: rules.filter { $0.caller.matches(caller) }, settings: settings)
    }
}

/// What a rule can set rather than forbid.
package struct CallSettings: Sendable, Hashable {
    /// What happens to secrets.
    package var secrets = SecretsMode.redact
    /// Whether what was asked and answered is recorded.
    package var recordsBodies = false
    /// For how many seconds an answer is kept for the same question; `nil` keeps none, as most who ask again want to.
    package var cacheSeconds: Int?
    /// The bounds of one call.
    package var bounds = CallBounds.none
}
