/// Judges what the pass found of the malice layer in one text: drops what stands in comments, weakens what is prose,
/// and combines signals.
struct MaliceJudge {
    let rules: [CompiledRule]
    let table: SignalTable
    let source: SourceContext
    /// The index of the first combination among the engine's rules.
    let firstCombination: Int

    /// Categories whose findings hold in prose, since agents read it.
    private static let proseCategories: Set<String> = ["prompt-injection"]

    /// The hits that stay, those of combinations among them, and what the package's judge needs to know.
    func judge(_ hits: [Hit], signals: SignalHits) -> (hits: [Hit], summary: MaliceSummary?) {
        var kept: [Hit] = []
        for hit in hits {
            guard rules[hit.rule].rule.layer == .malice else {
                kept.append(hit)
                continue
            }
            if let judged = weigh(hit) { kept.append(judged) }
        }
        let isLookedAt = !signals.set.isEmpty || Self.isMeasured(source.language) || source.role.contains(.manifest)
        guard isLookedAt, !source.language.isProse else { return (kept, nil) }
        var signals = signals
        if let place = LookalikeName(source: source).place() { signals.add(table.number(.lookalike), at: place) }
        if source.role.contains(.installer) { signals.add(table.number(.installer), at: 0) }
        if source.role.contains(.entry) { signals.add(table.number(.entry), at: 0) }
        if source.role.contains(.example) { signals.add(table.number(.example), at: 0) }
        ObfuscationMeasure(source: source, table: table).measure(&signals)
        if table.isFileCombinationPossible(signals.set) {
            signals.filter { _, offset in
                offset == 0 || (source.fits(.live, at: offset) && !isDetectionRule(at: offset))
            }
            kept = explained(kept + combinations(in: signals))
        }
        guard signals.set.intersects(table.packageSignals) else { return (kept, nil) }
        return (kept, MaliceSummary(path: source.path, signals: signals.set, role: source.role))
    }

    /// Whether a measure alone may say something of a file in a language.
    private static func isMeasured(_ language: Language) -> Bool { language == .powershell || language == .batch }

    private func weigh(_ hit: Hit) -> Hit? {
        let rule = rules[hit.rule].rule
        guard source.fits(rule.place, at: hit.place), !isDetectionRule(at: hit.place) else { return nil }
        var hit = hit
        if source.language.isProse && !Self.proseCategories.contains(rule.category) {
            hit.severity = min(hit.severity, .low)
            hit.note = "it stands in prose, where it is an example until somebody runs it"
        } else if source.role.contains(.example), hit.severity > .low,
            source.map.part(at: hit.place) == .string, source.language != .shell
        {
            hit.severity = .low
            hit.note = "it stands in a string of a test or an example"
        }
        return hit
    }

    /// Whether an offset stands on a line of a detection rule: what a scanner looks for is not what it does.
    private func isDetectionRule(at offset: Int) -> Bool {
        guard source.language == .yaml || source.language == .ansible else { return false }
        let text = source.text
        var start = min(offset, text.count)
        while start > 0, text[start - 1] != 0x0A { start -= 1 }
        let line = text[start..<min(text.count, start + 80)].drop { $0 == 0x20 || $0 == UInt8(ascii: "-") }
        let key = String(decoding: line.prefix { $0 != UInt8(ascii: ":") && $0 != 0x0A }, as: UTF8.self)
        return Self.detectionKeys.contains(key)
    }

    private static let detectionKeys: Set<String> = [
        "pattern", "patterns", "pattern-regex", "pattern-either", "trigger", "regex", "regexp", "match", "miss",
        "keywords",
    ]

    private func combinations(in signals: SignalHits) -> [Hit] {
        var found: [Hit] = []
        for (index, entry) in table.entries.enumerated() {
            let combination = entry.combination
            guard combination.scope == .file, source.admits(combination.languages),
                entry.parts.allSatisfy({ signals.set.intersects($0) }), !signals.set.intersects(entry.without),
                let places = SignalPlaces(entry, signals, in: source.text).closest()
            else { continue }
            let last = places.max { $0.offset < $1.offset } ?? places[0]
            let start = last.offset
            found.append(
                Hit(
                    rule: firstCombination + index,
                    place: start,
                    value: start..<min(source.text.count, start + 1),
                    severity: source.role.contains(.example) ? min(combination.severity, .low) : combination.severity,
                    note: "it " + places.map { "\(table.meanings[Int($0.signal)])\($0.words)" }.joined(separator: ", ")
                )
            )
        }
        return found
    }

    /// Adds the file's score to what combinations say.
    private func explained(_ hits: [Hit]) -> [Hit] {
        let severities = hits.filter { rules[$0.rule].rule.layer == .malice }.map(\.severity)
        guard !severities.isEmpty else { return hits }
        let score = MaliceScore.shown(severities)
        return hits.map { hit in
            guard hit.rule >= firstCombination else { return hit }
            var hit = hit
            hit.note += "; the file's malice score is \(score)"
            return hit
        }
    }
}

/// What the judge of a package needs to know of one of its files.
package struct MaliceSummary: Sendable, Hashable {
    /// The file, as it is shown.
    var path: String
    /// What was seen in it.
    var signals: SignalSet
    /// Its part in the package.
    var role: FileRole
}

/// One place a part of a combination was seen at.
struct SignalPlace {
    var signal: UInt8
    var offset: Int
    var line: Int
    /// Whether the signal speaks of the whole file.
    var isOfFile: Bool { offset == 0 }
    var words: String { isOfFile ? "" : " (line \(line))" }
}

/// Finds places for all parts of a combination that lie within its lines.
struct SignalPlaces {
    private let parts: [[SignalPlace]]
    private let within: Int?
    /// Bytes a line that parts may be apart, since minified code has no lines.
    private static let bytesOfLine = 150
    /// Bytes that parts may be apart where a combination says no lines.
    private static let openSpan = 40_000

    init(_ entry: SignalTable.Entry, _ signals: SignalHits, in text: UnsafeRawBufferPointer) {
        within = entry.combination.within
        parts = entry.parts.map { part in
            var cursor = LineCursor(text)
            return signals.places(of: part).map {
                SignalPlace(signal: $0.signal, offset: $0.offset, line: cursor.place(of: $0.offset).line)
            }
        }
    }

    /// One place a part, the first that fit; `nil` when none do.
    func closest() -> [SignalPlace]? {
        guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        let span = within.map { max(2000, $0 * Self.bytesOfLine) } ?? Self.openSpan
        // Any place may be the first: the others must follow within the lines and the bytes.
        for place in parts.joined() where !place.isOfFile {
            let chosen = parts.compactMap { part in
                part.first { other in
                    other.isOfFile
                        || (other.offset >= place.offset && other.offset <= place.offset + span
                            && other.line <= place.line + (within ?? Int.max / 2))
                }
            }
            if chosen.count == parts.count { return chosen }
        }
        return nil
    }
}
