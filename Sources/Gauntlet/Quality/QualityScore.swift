/// What kind of text a quality score was made for, since each is judged by other expectations.
package enum QualityKind: String, Sendable, Hashable, CaseIterable {
    /// Programs that people wrote.
    case source
    /// Programs that check others, by their path.
    case test
    /// What a tool wrote and says so in its first lines.
    case generated
    /// Programs without lines, made to be small.
    case minified
    /// Numbers and encoded bytes in a program's clothes.
    case data
    /// Text for people.
    case prose
    /// Playbooks, workflows, manifests, settings.
    case configuration
}

/// One thing a quality score is made of.
package struct QualitySignal: Sendable, Hashable {
    /// Its name, as `naming`; ``QualityWeights`` lists them all.
    package var name: String
    /// From 0 (as bad as it gets) to 1 (nothing to say).
    package var value: Double
    /// The exponent it takes part with.
    package var weight: Double
    /// What was seen and what to do, in words for a person; empty when there is nothing to say.
    package var words: String

    /// A signal.
    package init(_ name: String, _ value: Double, weight: Double, _ words: String = "") {
        self.name = name
        self.value = min(1, max(0, value))
        self.weight = weight
        self.words = words
    }

    /// What it multiplies the score with: its value, at least ``QualityScore/floor``, raised to its weight.
    package var factor: Double { QualityScore.power(max(QualityScore.floor, value), weight) }
}

/// How good a file is as code: the product of its signals, each raised to its weight.
///
/// A product rather than a sum: many good signals must not buy off one that is hopeless, as a file without line ends is
/// not made readable by good names.
package struct QualityScore: Sendable, Hashable {
    /// Below this a file gives a finding, and a corpus does not keep it.
    package static let threshold = 0.7
    /// Below this a finding is of medium severity.
    package static let poor = 0.4
    /// What a signal counts as at least, so that one alone cannot say everything.
    package static let floor = 0.02

    /// From 0 to 1.
    package var value: Double
    /// What it is made of.
    package var signals: [QualitySignal]
    /// What the text is.
    package var kind: QualityKind
    /// The language, by path and content.
    package var language: Language
    /// Whether only windows of a large file were looked at.
    package var isSampled: Bool

    /// A score of some signals.
    package init(_ signals: [QualitySignal], kind: QualityKind, language: Language, isSampled: Bool = false) {
        value = signals.reduce(1) { $0 * $1.factor }
        self.signals = signals
        self.kind = kind
        self.language = language
        self.isSampled = isSampled
    }

    /// The signals that cost most, worst first.
    package func costliest(_ count: Int = 3) -> [QualitySignal] {
        Array(signals.filter { $0.factor < 0.97 }.sorted { $0.factor < $1.factor }.prefix(count))
    }

    /// The value with two digits, cut rather than rounded, so that what is shown as 0.70 reaches the threshold.
    package var shown: String {
        let hundredths = min(100, max(0, Int(value * 100)))
        return hundredths == 100 ? "1.00" : "0.\(hundredths < 10 ? "0" : "")\(hundredths)"
    }
}

/// Why a text has no quality score.
package enum QualitySkip: String, Sendable, Hashable, CaseIterable {
    /// It is prose or a document.
    case prose
    /// It is data: tables, drawings, large JSON.
    case data
    /// There is too little of it to tell.
    case tooSmall = "too-small"
    /// Its language is not known.
    case unknownLanguage = "unknown-language"
}

/// A quality score, or why there is none.
package enum QualityOutcome: Sendable, Hashable {
    case score(QualityScore)
    case skipped(QualitySkip)
}
