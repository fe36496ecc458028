import CupelCore

/// One text on its way through the engine: the pass, the confirmations, what is decoded, the judgement of the layers.
struct EnginePass {
    let engine: GauntletEngine
    let source: SourceContext
    let time: any TimeSource
    private var hits: [Hit] = []
    private var signals = SignalHits()
    private var times = AssayTimes()
    private var isTruncated = false
    private var ruleTimes: [String: RuleTime] = [:]
    /// Where something that may speak of a licence ends.
    private var triggers: [Candidate] = []

    private let profiles: Bool

    /// - Parameter profiles: Whether each rule's time is kept.
    init(engine: GauntletEngine, source: SourceContext, time: any TimeSource, profiles: Bool) {
        self.profiles = profiles
        self.engine = engine
        self.source = source
        self.time = time
    }

    /// The pass over the text itself.
    mutating func look(with scratch: ScanScratch) {
        run(source, with: scratch) {
            $0
        } signalAt: {
            $0
        }
    }

    /// The pass over what is encoded in the text; findings stand where it does.
    mutating func lookAtDecoded(with scratch: ScanScratch) {
        let start = time.monotonic
        var pieces = Decoder.pieces(in: source.text)
        if signals.set.intersects(engine.table.joiningSet) {
            pieces += Decoder.characterCodes(in: source.text)
        }
        if engine.layers.contains(.malice) { pieces += BrokenWords.pieces(in: source.text, language: source.language) }
        times.pass += (time.monotonic - start).wholeMicroseconds
        let decoded = DecodedText(pieces)
        guard !decoded.isEmpty else { return }
        let before = signals.set
        decoded.bytes.withUnsafeBytes { text in
            run(SourceContext(path: "", text: text), with: scratch) { hit in
                let piece = decoded.piece(at: hit.place)
                var hit = hit
                hit.place = piece.range.lowerBound
                hit.value = piece.range
                hit.note = (hit.note.isEmpty ? "" : hit.note + "; ") + "it is written in \(piece.encoding.rawValue)"
                return hit
            } signalAt: {
                decoded.piece(at: $0).range.lowerBound
            }
        }
        // Signals that only decoding shows.
        let isBroken = pieces[0].encoding == .brokenWords
        if signals.set != before, !isBroken {
            signals.add(engine.table.number(.hiddenCode), at: pieces[0].range.lowerBound)
        }
    }

    /// The findings of all layers.
    mutating func judged(under policy: VerdictPolicy) -> Scan {
        let start = time.monotonic
        var summary: MaliceSummary?
        if engine.layers.contains(.malice) {
            let judge = MaliceJudge(
                rules: engine.named,
                table: engine.table,
                source: source,
                firstCombination: engine.compiled.count
            )
            (hits, summary) = judge.judge(hits, signals: signals)
            times.layers[.malice, default: 0] += (time.monotonic - start).wholeMicroseconds
        }
        var writer = FindingWriter(rules: engine.named, text: source.text, path: source.path)
        var scan = writer.write(hits)
        if let licences = engine.licences {
            let start = time.monotonic
            triggers.withUnsafeBufferPointer { triggers in
                licences.add(
                    to: &scan,
                    source: source,
                    candidates: triggers,
                    rules: engine.compiled.count,
                    policy.licences
                )
            }
            times.layers[.licence] = (time.monotonic - start).wholeMicroseconds
        }
        if engine.layers.contains(.quality) {
            let start = time.monotonic
            scan.addQuality(of: source, least: policy.leastQuality)
            times.layers[.quality] = (time.monotonic - start).wholeMicroseconds
        }
        scan.times = times
        scan.ruleTimes = ruleTimes
        scan.isTruncated = isTruncated
        scan.summary = summary
        return scan
    }

    private mutating func run(
        _ source: SourceContext,
        with scratch: ScanScratch,
        place: (Hit) -> Hit,
        signalAt: (Int) -> Int
    ) {
        let start = time.monotonic
        let candidates = engine.run(scratch, over: source.text)
        times.pass += (time.monotonic - start).wholeMicroseconds
        if scratch.isTruncated { isTruncated = true }
        let rules = engine.compiled.count
        if source === self.source { triggers = candidates.filter { Int($0.rule) >= rules } }
        let table = engine.table
        for candidate in candidates where Int(candidate.rule) < rules {
            let index = Int(candidate.rule)
            let rule = table.rules[index]
            guard rule.isDecidedByPass, let signal = rule.signal, source.admits(rule.languages) else { continue }
            let offset = signalAt(max(0, Int(candidate.firstEnd) - 1))
            signals.add(signal, at: offset, rule: index, minimum: rule.minimum)
        }
        var confirmer = MatchConfirmer(rules: engine.compiled, source: source, time: time)
        if profiles { confirmer.ruleTimes = [:] }
        confirmer.confirm(candidates) { table.rules[$0].isDecidedByPass && table.rules[$0].signal != nil }
        for hit in confirmer.hits {
            let rule = table.rules[hit.rule]
            if let signal = rule.signal {
                signals.add(signal, at: signalAt(hit.place), rule: hit.rule, minimum: rule.minimum)
            } else if hits.count < GauntletEngine.maximumFindings {
                hits.append(place(hit))
            }
        }
        if confirmer.isTruncated { isTruncated = true }
        for (rule, taken) in confirmer.ruleTimes ?? [:] {
            ruleTimes[engine.compiled[rule].rule.id, default: RuleTime()].duration += taken.duration
            ruleTimes[engine.compiled[rule].rule.id]?.count += taken.count
        }
        for (layer, duration) in confirmer.times { times.layers[layer, default: 0] += duration.wholeMicroseconds }
    }
}
