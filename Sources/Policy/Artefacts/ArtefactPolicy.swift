package import CupelCore

/// The section `artefacts` of the policy: what the gauntlet makes of its findings.
///
/// Layers, severities and verdicts are the gauntlet's words, held here as text since the gauntlet stands above this room;
/// what is read has been checked against them.
package struct ArtefactPolicy: Sendable, Hashable {
    /// From which severity on a layer's findings ask for a person, and from which they block; `nil` for never.
    package struct Thresholds: Sendable, Hashable {
        package var review: String?
        package var block: String?
    }

    /// Licences by SPDX identifier or glob of it, as `BSD-*`.
    package struct Licences: Sendable, Hashable {
        package var allow: [String] = []
        package var review: [String] = []
        package var block: [String] = []
        /// The verdict on a licence that nothing names.
        package var unknown: String?
    }

    /// Findings that are let pass for a while, with who answers for it.
    package struct Exception: Sendable, Hashable {
        /// The rules by identifier, `*` for any run of characters.
        package var rule: Glob
        /// The files, in the syntax of `.gitignore`, from the root of what is scanned.
        package var path: String
        /// One finding alone; `nil` for all of the rule in the files.
        package var fingerprint: String?
        package var reason: String
        package var owner: String
        /// The first moment at which it no longer holds.
        package var expires: Timestamp
        /// Where it stands in the file.
        package var location: PolicyLocation?
    }

    /// Thresholds of the layers that are named.
    package var thresholds: [String: Thresholds] = [:]
    /// The quality below which a file gets a finding, 0 to 1; `nil` for the gauntlet's own.
    package var leastQuality: Double?
    package var licences = Licences()
    /// Rules that are switched off, by identifier or glob.
    package var rulesOff: [Glob] = []
    /// Severities that replace a rule's own.
    package var severities: [String: String] = [:]
    /// Files of further rules, as paths from the policy's file.
    package var packs: [String] = []
    /// Files that are not looked at, in the syntax of `.gitignore`.
    package var ignoredPaths: [String] = []
    package var exceptions: [Exception] = []
    /// Where everything stands in the file, by its path from the section on, as `rules.off[0]`.
    package var places: [String: PolicyLocation] = [:]

    /// What is in force where nothing is said.
    package static let standard = ArtefactPolicy()

    /// The gauntlet's words.
    package static let layers = ["quality", "malice", "secrets", "licence", "lint"]
    package static let severityWords = ["info", "low", "medium", "high", "critical"]
    package static let verdictWords = ["pass", "review", "block"]
    /// Exceptions of one file, at most.
    package static let maximumExceptions = 10_000
    /// Packs of further rules, at most.
    package static let maximumPacks = 50

    package init() {}
}
