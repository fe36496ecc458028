/// Measures of a text that no pattern gives: taken only where signals say that something is run.
struct ObfuscationMeasure {
    let source: SourceContext
    let table: SignalTable

    /// Spaces in a row that push code out of an editor's window.
    private static let hidingSpaces = 120
    /// Bytes in a row that mean nothing to a reader.
    private static let payloadBytes = 600
    /// Broken words of a command that no one writes by hand.
    private static let brokenWords = 8

    /// Adds the signals of what is measured.
    func measure(_ signals: inout SignalHits) {
        switch source.language {
        case .python, .javascript, .typescript, .php, .ruby, .unknown:
            if let place = hidingSpaces() { signals.add(table.number(.hiddenSpaces), at: place) }
            if let place = payload() { signals.add(table.number(.payload), at: place) }
        case .powershell, .batch, .vbscript, .shell:
            if let place = payload() { signals.add(table.number(.payload), at: place) }
            if let place = brokenWords() { signals.add(table.number(.mangledShell), at: place) }
        default: break
        }
    }

    /// The first code behind a run of spaces that is too long to be layout.
    private func hidingSpaces() -> Int? {
        let text = source.text
        var at = Self.hidingSpaces
        while at < text.count {
            guard text[at] == 0x20 || text[at] == 0x09 else {
                at += Self.hidingSpaces
                continue
            }
            var start = at
            while start > 0, text[start - 1] == 0x20 || text[start - 1] == 0x09 { start -= 1 }
            var end = at
            while end < text.count, text[end] == 0x20 || text[end] == 0x09 { end += 1 }
            if end - start >= Self.hidingSpaces, end < text.count, start > 0, text[start - 1] != 0x0A,
                text[end] != 0x0A, text[end] != 0x0D, source.map.part(at: end) == .code,
                source.map.part(at: start - 1) != .comment
            {
                return end
            }
            at = end + Self.hidingSpaces
        }
        return nil
    }

    /// The first long run of letters, digits, escapes and the like with the entropy of encoded bytes.
    private func payload() -> Int? {
        let text = source.text
        var at = Self.payloadBytes - 1
        while at < text.count {
            guard Self.isOpaque(text[at]) else {
                at += Self.payloadBytes
                continue
            }
            var start = at
            while start > 0, Self.isOpaque(text[start - 1]) { start -= 1 }
            var end = at
            while end < text.count, Self.isOpaque(text[end]) { end += 1 }
            if end - start >= Self.payloadBytes, !isTable(start..<end),
                Entropy.bits(text[start..<min(end, start + 4096)]) > 3.2
            {
                return start
            }
            at = end + Self.payloadBytes
        }
        return nil
    }

    /// Whether a run is made of escapes alone, in code that is no Python: such are tables of characters.
    private func isTable(_ run: Range<Int>) -> Bool {
        let head = source.text[run.lowerBound..<min(run.upperBound, run.lowerBound + 400)]
        return source.language != .python && head.count { $0 == UInt8(ascii: "\\") } * 8 > head.count
    }

    private static func isOpaque(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "\\"), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "%"):
            true
        default: false
        }
    }

    /// A place where words are broken by escapes that the interpreter drops, if there are many.
    private func brokenWords() -> Int? {
        let text = source.text
        let mark: UInt8 = source.language == .powershell ? UInt8(ascii: "`") : UInt8(ascii: "^")
        guard source.language == .powershell || source.language == .batch else { return nil }
        var count = 0
        var at = 1
        while at + 1 < text.count {
            if text[at] == mark, Self.isLetter(text[at - 1]), Self.isLetter(text[at + 1]),
                mark == UInt8(ascii: "^") || !Self.escapes.contains(text[at + 1])
            {
                count += 1
                if count >= Self.brokenWords { return at }
            }
            at += 1
        }
        return nil
    }

    /// Letters that mean a line end, a tab and the like behind PowerShell's backtick.
    private static let escapes = Set("nrtabfve0u".utf8)

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
