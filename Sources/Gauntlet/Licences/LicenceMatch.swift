/// One place of a file that says something of its licence.
package struct LicenceMatch: Sendable, Hashable {
    /// How it says it.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The text of a licence.
        case text
        /// A notice that puts the file, or what it belongs to, under a licence.
        case notice
        /// An identifier or a field made for machines.
        case tag
        /// A field of a package's manifest.
        case manifest
        /// A mention, as a badge, a heading or a link.
        case reference
    }

    /// What it says, in SPDX's syntax.
    package var expression: LicenceExpression
    /// How it says it.
    package var kind: Kind
    /// The bytes it stands in.
    package var range: Range<Int>
    /// How sure it is, from 0 to 1: how much of what is known was found, and how little stands between.
    package var score: Double
    /// How much of the known text was found, from 0 to 1.
    package var coverage: Double

    /// A match; the scanner makes them.
    package init(
        expression: LicenceExpression,
        kind: Kind,
        range: Range<Int>,
        score: Double,
        coverage: Double
    ) {
        self.expression = expression
        self.kind = kind
        self.range = range
        self.score = score
        self.coverage = coverage
    }
}

/// A rule found in the words of a file.
struct LicenceHit {
    var rule: Int
    /// The words it stands in.
    var words: Range<Int>
    /// How many words of the rule were found, about.
    var matched: Int
    /// From 0 to 1; 1 for an exact match.
    var coverage: Double
    /// Share of the words it stands in that belong to it, from 0 to 1.
    var density: Double
    /// Stretches in which nothing of the rule was found; only for near matches.
    var gaps: [Range<Int>] = []
    /// Share of the rule that stands before the first of it that was found; only for near matches.
    var lead = 0.0
    /// Set for what a field's parser found rather than a rule.
    var expression: LicenceExpression?

    var isExact: Bool { coverage == 1 && density == 1 }
}
