import Glibc

/// A comment `cupel:allow RULE reason` on the line of a finding, or alone on the line above it.
struct AllowComment {
    /// Why it is allowed; empty when the comment gives no reason, and then it does not count.
    var reason: String

    private static let word = Array("cupel:allow".utf8)
    /// Bytes of a line that are searched for a comment, at most.
    private static let maximumLine = 2000

    /// The comment that speaks of a rule for the line that begins at an offset.
    static func around(line start: Int, in text: UnsafeRawBufferPointer, rule: String) -> AllowComment? {
        let own = line(from: start, in: text)
        if let comment = read(own, rule: rule) { return comment }
        guard start > 0 else { return nil }
        var before = start - 1
        while before > 0, text[before - 1] != 0x0A, start - before < maximumLine { before -= 1 }
        let above = line(from: before, in: text)
        return isCommentAlone(above) ? read(above, rule: rule) : nil
    }

    private static func line(from start: Int, in text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let most = UnsafeRawBufferPointer(rebasing: text[start..<min(text.count, start + maximumLine)])
        guard let base = most.baseAddress, let end = memchr(base, 0x0A, most.count) else { return most }
        return UnsafeRawBufferPointer(start: base, count: base.distance(to: UnsafeRawPointer(end)))
    }

    private static func read(_ line: UnsafeRawBufferPointer, rule: String) -> AllowComment? {
        guard let end = end(ofWordIn: line) else { return nil }
        let rest = String(decoding: line[end...], as: UTF8.self)
        let words = rest.split(whereSeparator: { $0.isWhitespace })
        guard let name = words.first, name == rule else { return nil }
        let reason = words.dropFirst().filter { !["-->", "*/", "#}"].contains($0) }.joined(separator: " ")
        return AllowComment(reason: String(reason.prefix(200)))
    }

    /// The place behind the word that begins the comment.
    private static func end(ofWordIn line: UnsafeRawBufferPointer) -> Int? {
        guard let base = line.baseAddress else { return nil }
        var at = 0
        while at + word.count <= line.count, let colon = memchr(base + at, 0x3A, line.count - at) {
            // The colon is the rarest of its letters.
            let place = base.distance(to: UnsafeRawPointer(colon))
            let start = place - 5
            if start >= 0, start + word.count <= line.count, memcmp(base + start, word, word.count) == 0 {
                return start + word.count
            }
            at = place + 1
        }
        return nil
    }

    private static func isCommentAlone(_ line: UnsafeRawBufferPointer) -> Bool {
        let text = String(decoding: line, as: UTF8.self).drop(while: { $0.isWhitespace })
        return ["#", "//", "--", ";", "/*", "*", "<!--", "%", "rem ", "REM ", "{#"].contains { text.hasPrefix($0) }
    }
}
