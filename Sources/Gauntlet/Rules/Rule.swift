/// What to look for, how to make sure, and how bad it is. Written in YAML, see ``RulePack``.
package struct Rule: Sendable, Hashable {
    /// Lower-case words joined by hyphens; unique over all packs.
    package var id: String
    /// The layer whose thresholds its findings meet.
    package var layer: Layer
    /// A group of rules, as `git-hosting`.
    package var category: String
    /// How bad a confirmed finding is.
    package var severity: Severity
    /// What was found, as a sentence's beginning: "a GitHub personal access token".
    package var description: String
    /// What the capture engine (RE2) matches, in the syntax that RE2 and Vectorscan share.
    package var pattern: String
    /// What the one pass looks for when the pattern itself would be slow there; it must match wherever that does.
    package var trigger: String?
    /// What reads the match behind the trigger in place of the pattern.
    package var reader: MatchReader?
    /// How many bytes behind a trigger the pattern may still go on.
    package var tail: Int
    /// Words of which one must stand near the match, in any case; none when empty.
    package var keywords: [String]
    /// The capture groups of what was found; the first that took part counts.
    package var groups: [Int]
    /// The capture group of the name that the value was given, for the checks that judge by name.
    package var nameGroup: Int?
    /// The kinds of file it applies to; all when empty.
    package var kinds: Set<FileKind>
    /// The checks that a match must pass.
    package var confirmations: [Confirmation]
    /// Where the format or the technique is described.
    package var references: [String]
    /// Templates that must match and must not match, see ``ExampleTemplate``.
    package var examples: RuleExamples
    /// The languages it applies to; all when empty.
    package var languages: Set<Language> = []
    /// The signal it gives instead of a finding, for combinations; `nil` for a rule that is a verdict alone.
    package var signal: String?
    /// How often it must match before its signal counts.
    package var minimumCount = 1
    /// Where a match must stand.
    package var place = RulePlace.live

    /// Whether the pass alone decides: it gives a signal, and nothing remains to be confirmed.
    var isDecidedByPass: Bool { signal != nil && trigger == nil && keywords.isEmpty && confirmations.isEmpty }

    /// What the one pass is given.
    var passPattern: String { trigger ?? pattern }
}

/// Templates of what a rule must and must not match.
package struct RuleExamples: Sendable, Hashable {
    /// Each must give a finding of the rule.
    package var match: [String]
    /// None may give a finding of the rule.
    package var miss: [String]
}

/// Reads a match by hand where a pattern would have to be too wide; the trigger says where.
package enum MatchReader: String, Sendable, Hashable, CaseIterable {
    /// A value that is given to the name around the trigger, judged by name, shape and place.
    case assignment
    /// The content of a private key behind its header.
    case keyBlock = "key-block"
}

/// A check that a matched text must pass, or what it does to the severity.
package enum Confirmation: Sendable, Hashable {
    /// Shannon entropy of the captured text in bits a character, at least.
    case entropy(Double)
    /// Bytes of the captured text.
    case length(ClosedRange<Int>)
    /// Decimal digits in the captured text, at least.
    case digits(Int)
    /// The captured text is no placeholder, example, reference or repetition.
    case notPlaceholder
    /// A checksum that the format documents; one that does not fit lowers the severity to medium.
    case checksum(TokenChecksum)
    /// The header and the claims of a JWT decode (RFC 7519).
    case jwt
    /// The block holds as much base64 as a private key does (RFC 7468).
    case privateKey
    /// The captured text is `user:password` as Base64 (RFC 7617), with a real password.
    case basicCredentials
    /// The captured text is the password of a URL, and a real one.
    case urlPassword
    /// The captured text is a password that a person or a generator made.
    case password
    /// The captured text is a random key, judged by its entropy and its unlikeness to words.
    case randomKey
}

/// A documented checksum inside a token.
package enum TokenChecksum: String, Sendable, Hashable, CaseIterable {
    /// The last six characters are the CRC-32 of what stands between the prefix and them, in base 62.
    case crc32Base62 = "crc32-base62"
    /// The whole is Base58Check; what does not fit is something else.
    case base58Check = "base58check"
}

/// What kind of file a path names, as far as it says how a value is written there.
package enum FileKind: String, Sendable, Hashable, CaseIterable {
    /// Programs: an unquoted value is an expression.
    case code
    /// YAML, environment files, INI, properties: an unquoted value is a value.
    case config
    /// Shell and batch scripts.
    case shell
    /// Prose and markup.
    case text
    /// Anything else, standard input included.
    case unknown
}
