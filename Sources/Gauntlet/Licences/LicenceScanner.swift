/// Finds licences in a text. A value that any number of threads may share.
package struct LicenceScanner: Sendable {
    /// Bytes of one text that are looked at, at most.
    package static let maximumBytes = 4 << 20
    /// Statements of one text that are kept, at most.
    package static let maximumMatches = 500

    let index: LicenceIndex
    private let meanings: LicenceMeanings
    /// A scanner over an index.
    package init(index: LicenceIndex) {
        self.index = index
        meanings = LicenceMeanings(index: index)
    }

    /// The scanner over the fingerprints that come with the binary.
    package static let builtIn: LicenceScanner? = LicenceIndex.builtIn.map { LicenceScanner(index: $0) }

    /// What a whole text says of its licence, in the order of the text.
    package func look(text: UnsafeRawBufferPointer, path: String) -> [LicenceMatch] {
        look(text: text, ranges: [0..<text.count], path: path)
    }

    /// What parts of a text say of its licence. The parts stand in order and do not overlap.
    package func look(text: UnsafeRawBufferPointer, ranges: [Range<Int>], path: String) -> [LicenceMatch] {
        let words = LicenceWords(text, in: bounded(ranges, text.count))
        guard words.count > 0 else { return [] }
        var hits = exactHits(words)
        let fields = LicenceFields(text: text, words: words, index: index, isManifest: ManifestNames.contains(path))
        hits += fields.hits()
        hits = LicenceHitFilter.withoutContained(hits)
        let names = LicenceNames(words: words, text: text)
        hits.removeAll { $0.words.count <= 5 && $0.expression == nil && names.isTalk($0.words) }
        hits += nearHits(words, besides: hits).compactMap { names.agree($0, says: meanings.of($0).expression, index) }
        hits += names.hits()
        hits = LicenceHitFilter(index: index, meanings: meanings).refine(hits)
        hits = LicenceChoice(words: words, index: index, meanings: meanings).joined(hits)
        return hits.prefix(Self.maximumMatches).compactMap { match(for: $0, words, isManifest: fields.isManifest) }
    }

    private func bounded(_ ranges: [Range<Int>], _ count: Int) -> [Range<Int>] {
        var room = Self.maximumBytes
        return ranges.compactMap { range in
            let kept = range.clamped(to: 0..<count).prefix(max(0, room))
            room -= kept.count
            return kept.isEmpty ? nil : kept
        }
    }

    private func match(for hit: LicenceHit, _ words: LicenceWords, isManifest: Bool) -> LicenceMatch? {
        let range = Int(words.starts[hit.words.lowerBound])..<Int(words.ends[hit.words.upperBound - 1])
        if let expression = hit.expression {
            let kind: LicenceMatch.Kind =
                switch hit.rule {
                case LicenceFields.manifestRule: .manifest
                case LicenceFields.tagRule: .tag
                default: .notice
                }
            let score = hit.coverage * hit.density
            return LicenceMatch(expression: expression, kind: kind, range: range, score: score, coverage: hit.coverage)
        }
        let expression = meanings.of(hit).expression
        // Two words, as "licence x", may stand in any sentence; in a manifest they are its field.
        let isShort = hit.words.count <= 2
        let kind: LicenceMatch.Kind =
            switch index.kind(of: hit.rule) {
            case .tag where isShort, .notice where isShort: isManifest ? .manifest : .reference
            case .text: .text
            case .notice: .notice
            case .tag: .tag
            case .reference: .reference
            case .intro, .clue, .falsePositive: .reference
            }
        let relevance = Double(index.relevances[hit.rule]) / 100
        return LicenceMatch(
            expression: expression,
            kind: kind,
            range: range,
            score: hit.coverage * hit.density * relevance,
            coverage: hit.coverage
        )
    }
}
