import CupelCore

/// A match that passed its rule's checks.
struct Hit {
    var rule: Int
    /// Where the finding stands: at the capture, or at the match's begin when the capture is on a later line.
    var place: Int
    /// What is masked and named: the capture.
    var value: Range<Int>
    var severity: Severity
    /// What the checks add to the rule's description.
    var note: String
}

/// Takes what the pass selected and keeps what passes capture and checks.
struct MatchConfirmer {
    let rules: [CompiledRule]
    let text: UnsafeRawBufferPointer
    let source: SourceContext
    let time: any TimeSource
    private(set) var hits: [Hit] = []
    private(set) var times: [Layer: Duration] = [:]
    private(set) var isTruncated = false
    /// What each rule took and how many candidates it had; nil where nobody wants to know.
    var ruleTimes: [Int: RuleTime]?
    /// What the path says; made when the first candidate asks.
    private lazy var context = FileContext(path: source.path)
    /// The rule of the last candidate, and up to where its matches were looked at: windows of neighbours overlap.
    private var rule = -1
    private var done = 0

    init(rules: [CompiledRule], source: SourceContext, time: any TimeSource) {
        self.rules = rules
        self.source = source
        text = source.text
        self.time = time
    }

    /// Confirms candidates, which come in the order of their rules; the clock is read once a layer.
    /// - Parameter isDecided: Rules whose candidates need no confirmation and are passed over.
    mutating func confirm(
        _ candidates: UnsafeBufferPointer<Candidate>,
        except isDecided: (Int) -> Bool = { _ in false }
    ) {
        guard let first = candidates.first, rules.indices.contains(Int(first.rule)) else { return }
        var layer = rules[Int(first.rule)].rule.layer
        var start = time.monotonic
        var isSkipped = false
        var ruleStart = start
        for candidate in candidates {
            let index = Int(candidate.rule)
            guard rules.indices.contains(index), !isTruncated else { break }
            if index != rule {
                noteTime(since: &ruleStart)
                rule = index
                done = 0
                isSkipped = isDecided(index) || !source.admits(rules[index].rule.languages)
                if rules[index].rule.layer != layer {
                    let now = time.monotonic
                    times[layer, default: .zero] += now - start
                    start = now
                    layer = rules[index].rule.layer
                }
            }
            if ruleTimes != nil { ruleTimes?[index, default: RuleTime()].count += 1 }
            if !isSkipped { confirm(candidate, of: rules[index]) }
        }
        noteTime(since: &ruleStart)
        times[layer, default: .zero] += time.monotonic - start
    }

    private mutating func noteTime(since start: inout Duration) {
        guard ruleTimes != nil else { return }
        let now = time.monotonic
        if rule >= 0 { ruleTimes?[rule, default: RuleTime()].duration += now - start }
        start = now
    }

    private mutating func confirm(_ candidate: Candidate, of rule: CompiledRule) {
        if !rule.rule.kinds.isEmpty && !rule.rule.kinds.contains(context.kind) { return }
        switch rule.rule.reader {
        case .assignment: confirmAssignment(candidate, of: rule)
        case .keyBlock:
            guard let value = KeyBlockReader(text: text).read(after: Int(candidate.firstEnd)) else { return }
            keep(
                Hit(rule: self.rule, place: place(of: candidate), value: value, severity: rule.rule.severity, note: "")
            )
        case nil: confirmPattern(candidate, of: rule)
        }
    }

    /// A finding in the first line of a block stands at the block's header.
    private func place(of candidate: Candidate) -> Int {
        var at = Int(candidate.firstEnd)
        let limit = max(0, at - 80)
        while at > limit, text[at - 1] != 0x0A { at -= 1 }
        while at < Int(candidate.firstEnd), text[at] != UInt8(ascii: "-") { at += 1 }
        return at
    }

    private mutating func confirmAssignment(_ candidate: Candidate, of rule: CompiledRule) {
        let reader = AssignmentReader(text: text, kind: context.kind)
        guard Int(candidate.firstEnd) > done, let found = reader.read(around: Int(candidate.firstEnd)) else { return }
        done = found.name.upperBound
        let value = AssignmentJudge.withoutScheme(found.value, in: text)
        guard !AssignmentJudge.isPlain(value, in: text) else { return }
        let verdict = AssignmentJudge.verdict(
            name: string(found.name),
            value: string(value),
            form: found.form,
            context: context
        )
        guard verdict != .none else { return }
        let severity = verdict == .sure ? rule.rule.severity : min(rule.rule.severity, .medium)
        keep(
            Hit(rule: self.rule, place: value.lowerBound, value: value, severity: severity, note: "")
        )
    }

    private mutating func confirmPattern(_ candidate: Candidate, of rule: CompiledRule) {
        var window = rule.window(of: candidate, in: text)
        var at = min(max(window.lowerBound, done), window.upperBound)
        while at < window.upperBound, !isTruncated {
            window = at..<window.upperBound
            guard let match = rule.capture.firstMatch(in: text, window: window), let whole = match[0],
                whole.lowerBound < Int(candidate.lastEnd)
            else { break }
            at = max(whole.upperBound, at + 1)
            done = at
            if let hit = judge(match, whole, of: rule) { keep(hit) }
        }
    }

    private mutating func keep(_ hit: Hit) {
        if hits.count == GauntletEngine.maximumFindings {
            isTruncated = true
        } else {
            hits.append(hit)
        }
    }

    private mutating func judge(_ match: CapturePattern.Match, _ whole: Range<Int>, of compiled: CompiledRule) -> Hit? {
        let rule = compiled.rule
        let value = rule.groups.lazy.compactMap { match[$0] }.first ?? whole
        guard !value.isEmpty, compiled.keywords.isEmpty || hasKeyword(compiled.keywords, near: whole) else {
            return nil
        }
        var severity = rule.severity
        var note = ""
        if !rule.confirmations.isEmpty {
            let token = TokenContext(
                value: string(value),
                name: rule.nameGroup.flatMap { match[$0] }.map(string) ?? "",
                kind: context.kind,
                isRehearsal: context.isRehearsal,
                isQuoted: isQuoted(value)
            )
            for step in rule.confirmations {
                switch step.judge(token) {
                case .holds: continue
                case .fails: return nil
                case .weakens(let why):
                    severity = min(severity, .medium)
                    note = why
                }
            }
        }
        let place = isNewline(text[value.lowerBound]) ? whole.lowerBound : value.lowerBound
        return Hit(rule: self.rule, place: place, value: value, severity: severity, note: note)
    }

    private func hasKeyword(_ keywords: [[UInt8]], near whole: Range<Int>) -> Bool {
        let start = max(0, whole.lowerBound - CompiledRule.keywordReach)
        let end = min(text.count, whole.upperBound + CompiledRule.keywordReach)
        return keywords.contains { word in
            guard let first = word.first, end - start >= word.count else { return false }
            for at in start...(end - word.count) where ByteClass.lowered(text[at]) == first {
                if word.indices.allSatisfy({ ByteClass.lowered(text[at + $0]) == word[$0] }) { return true }
            }
            return false
        }
    }

    private func isQuoted(_ value: Range<Int>) -> Bool {
        guard value.lowerBound > 0, value.upperBound < text.count else { return false }
        let before = text[value.lowerBound - 1]
        return before == text[value.upperBound] && ByteClass.isQuote(before)
    }

    private func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
}

/// What confirming one rule's candidates took.
package struct RuleTime: Sendable, Hashable {
    package var duration = Duration.zero
    /// Candidates that the pass selected for it.
    package var count = 0
}
