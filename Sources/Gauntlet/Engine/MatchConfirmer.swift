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
    let kind: FileKind
    let time: any TimeSource
    private(set) var hits: [Hit] = []
    private(set) var times: [Layer: Duration] = [:]
    private(set) var isTruncated = false
    /// Up to where each rule's matches were looked at, since windows of neighbours overlap.
    private var done: [Int: Int] = [:]

    init(rules: [CompiledRule], text: UnsafeRawBufferPointer, kind: FileKind, time: any TimeSource) {
        self.rules = rules
        self.text = text
        self.kind = kind
        self.time = time
    }

    mutating func confirm(_ candidate: Candidate) {
        let index = Int(candidate.rule)
        guard rules.indices.contains(index), !isTruncated else { return }
        let rule = rules[index]
        if !rule.rule.kinds.isEmpty && !rule.rule.kinds.contains(kind) { return }
        let start = time.monotonic
        var window = rule.window(of: candidate, in: text)
        var at = min(max(window.lowerBound, done[index] ?? 0), window.upperBound)
        while at < window.upperBound {
            window = at..<window.upperBound
            guard let match = rule.capture.firstMatch(in: text, window: window), let whole = match[0],
                whole.lowerBound < Int(candidate.lastEnd)
            else { break }
            at = max(whole.upperBound, at + 1)
            done[index] = at
            guard let hit = judge(match, whole, of: rule, index) else { continue }
            if hits.count == GauntletEngine.maximumFindings {
                isTruncated = true
                break
            }
            hits.append(hit)
        }
        times[rule.rule.layer, default: .zero] += time.monotonic - start
    }

    private func judge(_ match: CapturePattern.Match, _ whole: Range<Int>, of compiled: CompiledRule, _ index: Int)
        -> Hit?
    {
        let rule = compiled.rule
        let value = rule.groups.lazy.compactMap { match[$0] }.first ?? whole
        guard !value.isEmpty, rule.keywords.isEmpty || hasKeyword(rule.keywords, near: whole) else { return nil }
        var severity = rule.severity
        var note = ""
        let token = TokenContext(
            value: string(value),
            name: rule.nameGroup.flatMap { match[$0] }.map(string) ?? "",
            kind: kind,
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
        let place = isNewline(text[value.lowerBound]) ? whole.lowerBound : value.lowerBound
        return Hit(rule: index, place: place, value: value, severity: severity, note: note)
    }

    private func hasKeyword(_ keywords: [String], near whole: Range<Int>) -> Bool {
        let start = max(0, whole.lowerBound - CompiledRule.keywordReach)
        let end = min(text.count, whole.upperBound + CompiledRule.keywordReach)
        let around = string(start..<end).lowercased()
        return keywords.contains { around.contains($0) }
    }

    private func isQuoted(_ value: Range<Int>) -> Bool {
        guard value.lowerBound > 0, value.upperBound < text.count else { return false }
        let before = text[value.lowerBound - 1]
        return before == text[value.upperBound]
            && [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`")].contains(before)
    }

    /// The whole name that a captured part of it belongs to: patterns need not begin with it, which keeps them small.
    private func name(_ part: Range<Int>) -> String {
        var start = part.lowerBound
        let limit = max(0, start - CompiledRule.keywordReach)
        while start > limit, isNameByte(text[start - 1]) { start -= 1 }
        return string(start..<part.upperBound)
    }

    private func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
        default: false
        }
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
}
