import CupelCore

/// Measures how good a file is as code: one walk over its bytes, no copy of a line, no regular expression.
package enum QualityScanner {
    /// Bytes from which on only windows of a text are counted.
    package static let wholeBytes = 64 << 10
    /// Bytes of the first window of a large text; those in the middle and at the end have half of it.
    static let firstWindow = 32 << 10
    /// Bytes of JSON that still may be settings; what is larger is data.
    static let maximumJSON = 64 << 10
    /// Bytes that are no spaces which a program must have to be judged.
    static let minimumBytes = 48

    /// The score of a text; `nil` for prose, data and what is too small to tell, see ``outcome(_:path:)``.
    package static func measure(_ text: UnsafeRawBufferPointer, path: String) -> QualityScore? {
        guard case .score(let score) = outcome(text, path: path) else { return nil }
        return score
    }

    /// The score of a text, or why there is none.
    package static func outcome(_ text: UnsafeRawBufferPointer, path: String) -> QualityOutcome {
        outcome(SourceContext(path: path, text: text))
    }

    static func outcome(_ source: SourceContext) -> QualityOutcome {
        let text = source.text
        let language = source.language
        if let skip = skip(language, text, path: source.path) { return .skipped(skip) }
        let isWhole = text.count <= wholeBytes
        let form = LexicalForm(language)
        let counts = isWhole ? TextCounter.count(text, form) : countWindows(text, form)
        let isYAML = language == .yaml || language == .ansible || language == .workflow
        guard counts.bytes - counts.spaces - counts.lines >= (isYAML ? 12 : minimumBytes) else {
            return .skipped(.tooSmall)
        }
        let kind = kind(source, counts)
        let signals = CodeSignals(
            counts: counts,
            profile: QualityProfile(language, kind: kind),
            form: form,
            kind: kind,
            language: language,
            isWhole: isWhole
        )
        var all = signals.all
        if kind == .generated {
            all.append(
                QualitySignal(
                    "generated",
                    0,
                    weight: QualityWeights.generated,
                    "its first lines say that a tool wrote it; keep what it was made from"
                )
            )
        }
        all += structure(source, counts, isWhole: isWhole)
        return .score(QualityScore(all, kind: kind, language: language, isSampled: !isWhole))
    }

    private static func skip(_ language: Language, _ text: UnsafeRawBufferPointer, path: String) -> QualitySkip? {
        switch language {
        case .markdown, .text: .prose
        case .xml: .data
        case .unknown: .unknownLanguage
        case .json:
            text.count > maximumJSON || path.hasSuffix(".map") || path.hasSuffix(".ipynb")
                || path.hasSuffix("-lock.json")
                ? .data : nil
        default: nil
        }
    }

    private static func kind(_ source: SourceContext, _ counts: TextCounts) -> QualityKind {
        if GeneratedMark.stands(in: source.text) { return .generated }
        switch source.language {
        case .yaml, .ansible, .workflow, .json, .toml, .ini, .dockerfile, .make: return .configuration
        default: break
        }
        let written = max(1, counts.lines - counts.blankLines)
        let mean = counts.bytes / written
        let spaces = counts.share(counts.spaces)
        let opaque = counts.share(counts.opaqueBytes)
        if opaque > 0.5 || TextCounts.ratio(counts.numberBytes + counts.numbers, counts.bytes) > 0.4 { return .data }
        let isSmall = source.path.hasSuffix(".min.js") || source.path.hasSuffix(".min.css")
        if isSmall || mean > 300 || (mean > 120 && spaces < 0.12 && counts.share(counts.hugeLineBytes) > 0.5) {
            return .minified
        }
        return isTest(source.path) && source.role.contains(.example) ? .test : .source
    }

    /// Whether a path may be a test's, which is cheaper to see than its role.
    private static func isTest(_ path: String) -> Bool {
        var state = 0
        for byte in path.utf8 {
            // "test" and "spec", by the letters they share the places of.
            switch (byte | 0x20, state) {
            case (UInt8(ascii: "t"), 3), (UInt8(ascii: "c"), 3): return true
            case (UInt8(ascii: "s"), 2), (UInt8(ascii: "e"), 2): state = 3
            case (UInt8(ascii: "e"), 1), (UInt8(ascii: "p"), 1): state = 2
            case (UInt8(ascii: "t"), _), (UInt8(ascii: "s"), _): state = 1
            default: state = 0
            }
        }
        return false
    }

    /// The signals that only some formats have.
    private static func structure(_ source: SourceContext, _ counts: TextCounts, isWhole: Bool) -> [QualitySignal] {
        switch source.language {
        case .yaml, .ansible, .workflow: YAMLQuality(source).signals(isWhole: isWhole)
        case .json: [json(source.text, counts)]
        case .html:
            [
                QualitySignal(
                    "visible-text",
                    QualityScore.ramp(1 - counts.share(counts.tagBytes), good: 0.2, bad: 0.02),
                    weight: QualityWeights.visibleText,
                    "hardly any of the page is text that a reader sees"
                )
            ]
        default: []
        }
    }

    /// Whether JSON is JSON; comments and trailing commas, which settings have, cost little.
    private static func json(_ text: UnsafeRawBufferPointer, _ counts: TextCounts) -> QualitySignal {
        do {
            _ = try JSON(parsing: Array(text))
            return QualitySignal("parses", 1, weight: QualityWeights.parses)
        } catch {
            let isLoose = counts.bracketErrors == 0 && !counts.endsInside && text.contains(UInt8(ascii: "/"))
            return QualitySignal("parses", isLoose ? 0.8 : 0, weight: QualityWeights.parses, "it is not JSON: \(error)")
        }
    }

    /// The counts of the beginning, the middle and the end of a large text, from line to line.
    private static func countWindows(_ text: UnsafeRawBufferPointer, _ form: LexicalForm) -> TextCounts {
        let half = firstWindow / 2
        let starts = [0, text.count / 2 - half / 2, text.count - half]
        return starts.enumerated().reduce(TextCounts()) { sum, window in
            let length = window.offset == 0 ? firstWindow : half
            let begin = window.offset == 0 ? 0 : afterLine(text, window.element)
            let end = min(text.count, max(begin, window.element + length))
            return sum + TextCounter.count(UnsafeRawBufferPointer(rebasing: text[begin..<end]), form)
        }
    }

    /// The beginning of the line after an offset, if it is near.
    private static func afterLine(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Int {
        let limit = min(text.count, offset + 4096)
        return text[offset..<limit].firstIndex(of: 0x0A).map { $0 + 1 } ?? offset
    }
}
