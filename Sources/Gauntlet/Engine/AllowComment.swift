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

    private static func line(from start: Int, in text: UnsafeRawBufferPointer) -> [UInt8] {
        Array(text[start..<min(text.count, start + maximumLine)].prefix { $0 != 0x0A })
    }

    private static func read(_ line: [UInt8], rule: String) -> AllowComment? {
        guard let found = line.firstRange(of: word) else { return nil }
        let rest = String(decoding: line[found.upperBound...], as: UTF8.self)
        let words = rest.split(whereSeparator: { $0.isWhitespace })
        guard let name = words.first, name == rule else { return nil }
        let reason = words.dropFirst().filter { !["-->", "*/", "#}"].contains($0) }.joined(separator: " ")
        return AllowComment(reason: String(reason.prefix(200)))
    }

    private static func isCommentAlone(_ line: [UInt8]) -> Bool {
        let text = String(decoding: line, as: UTF8.self).drop(while: { $0.isWhitespace })
        return ["#", "//", "--", ";", "/*", "*", "<!--", "%", "rem ", "REM ", "{#"].contains { text.hasPrefix($0) }
    }
}
