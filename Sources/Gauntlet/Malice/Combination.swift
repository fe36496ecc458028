/// Signals that are harmless alone and tell of intent together. Written in YAML beside the rules, see ``RulePack``.
package struct Combination: Sendable, Hashable {
    /// What a combination is looked for in.
    package enum Scope: String, Sendable, Hashable, CaseIterable {
        /// One file.
        case file
        /// What runs when a package is installed, and a package so small that all of it does.
        case package
    }

    /// Lower-case words joined by hyphens; unique among rules and combinations.
    package var id: String
    /// A group of rules, as `exfiltration`.
    package var category: String
    /// How bad it is when all parts are there.
    package var severity: Severity
    /// What was found, as a sentence's beginning.
    package var description: String
    /// The languages it applies to; all but prose when empty.
    package var languages: Set<Language>
    /// Each part needs one of its signals.
    package var parts: [[String]]
    /// Signals of which none may be there.
    package var without: [String]
    /// Lines that all parts must lie within; anywhere in the file when absent.
    package var within: Int?
    /// What it is looked for in.
    package var scope: Scope
    /// Where the technique is described.
    package var references: [String]
    /// Templates that must match and must not match, see ``ExampleTemplate``.
    package var examples: RuleExamples

    /// Lines that ``within`` may span, at most.
    package static let maximumLines = 10_000
    /// Parts of a combination, at most.
    package static let maximumParts = 8

    /// What the combination is for those who write findings.
    var rule: Rule {
        Rule(
            id: id,
            layer: .malice,
            category: category,
            severity: severity,
            description: description,
            pattern: "",
            trigger: nil,
            tail: 0,
            keywords: [],
            groups: [0],
            nameGroup: nil,
            kinds: [],
            confirmations: [],
            references: references,
            examples: examples
        )
    }

    var canonicalText: String {
        let parts: [String] = [
            id, category, severity.rawValue, languages.map(\.rawValue).sorted().joined(separator: ","),
            self.parts.map { $0.joined(separator: "|") }.joined(separator: "&"), without.joined(separator: ","),
            "\(within ?? 0)", scope.rawValue,
        ]
        return parts.joined(separator: "\u{1F}")
    }
}
