/// A rule with what the engine needs to confirm it.
struct CompiledRule: Sendable {
    /// Bytes before a match in which a keyword may stand, and behind it.
    static let keywordReach = 160
    /// The window of a pattern that has no end of its own.
    static let openWindow = 8192

    let rule: Rule
    let capture: CapturePattern
    /// The rule's keywords as bytes, in lower case.
    let keywords: [[UInt8]]
    /// Bytes before a candidate's end that a match may begin at.
    let reach: Int
    /// Bytes behind a candidate's end that a match may go on to.
    let tail: Int

    init(_ rule: Rule, width: Int?) {
        self.rule = rule
        let highest = (rule.groups + [rule.nameGroup ?? 0]).max() ?? 0
        capture = CapturePattern(rule.pattern, groups: highest + 1)
        keywords = rule.keywords.map { Array($0.utf8) }
        reach = min(width ?? Self.openWindow, Self.openWindow) + 1
        // A trigger is a beginning: what it announces follows it.
        tail = rule.trigger == nil ? 2 : rule.tail
    }

    /// The part of the text that a candidate's match lies in.
    func window(of candidate: Candidate, in text: UnsafeRawBufferPointer) -> Range<Int> {
        var start = max(0, Int(candidate.firstEnd) - reach)
        if rule.trigger != nil {
            // What a trigger announces may begin with its line.
            let limit = max(0, start - Self.keywordReach)
            while start > limit, text[start - 1] != 0x0A { start -= 1 }
        }
        return start..<max(start, min(text.count, Int(candidate.lastEnd) + tail))
    }
}
