extension AssignmentReader.Cursor {
    /// A text between quotes on one line, behind the letters that languages put before one (`b"…"`, `@"…"`).
    mutating func quoted() -> Range<Int>? {
        var start = at
        for _ in 0..<2 where start < text.count {
            switch text[start] {
            case UInt8(ascii: "b"), UInt8(ascii: "r"), UInt8(ascii: "f"), UInt8(ascii: "u"), UInt8(ascii: "L"),
                UInt8(ascii: "B"), UInt8(ascii: "R"), UInt8(ascii: "U"), UInt8(ascii: "@"), UInt8(ascii: "$"),
                UInt8(ascii: "N"):
                start += 1
            default: break
            }
        }
        // In a text inside a text the quotes are escaped, all of them.
        var isEscaped = false
        if start < text.count, text[start] == UInt8(ascii: "\\") {
            isEscaped = true
            start += 1
        }
        guard start < text.count else { return nil }
        if isEntity(at: start) { return untilEntity(from: start + 6) }
        guard ByteClass.isQuote(text[start]) else { return nil }
        let quote = text[start]
        start += 1
        if start + 1 < text.count, text[start] == quote, text[start + 1] == quote { start += 2 }
        return untilQuote(quote, from: start, isEscaped: isEscaped)
    }

    private func untilQuote(_ quote: UInt8, from start: Int, isEscaped: Bool) -> Range<Int>? {
        let limit = min(text.count, start + AssignmentReader.maximumValue)
        var end = start
        while end < limit {
            let byte = text[end]
            if byte == 0x0A || byte == 0x0D { return nil }
            if byte == UInt8(ascii: "\\") {
                if isEscaped, end + 1 < limit, text[end + 1] == quote { return end > start ? start..<end : nil }
                end += 2
                continue
            }
            if byte == quote { return end > start ? start..<end : nil }
            end += 1
        }
        return nil
    }

    private func isEntity(at start: Int) -> Bool {
        start + 6 <= text.count && text[start] == UInt8(ascii: "&") && text[start + 1] == UInt8(ascii: "q")
            && text[start + 2] == UInt8(ascii: "u") && text[start + 5] == UInt8(ascii: ";")
    }

    private func untilEntity(from start: Int) -> Range<Int>? {
        let limit = min(text.count, start + AssignmentReader.maximumValue)
        var end = start
        while end < limit, ByteClass.isGraphic(text[end]), text[end] != UInt8(ascii: "&") { end += 1 }
        return end > start && isEntity(at: end) ? start..<end : nil
    }

    private static let wrappers = WordSet([
        "string", "str", "bytes", "byte", "buffer.from", "from", "tochararray", "strdup", "some", "of", "text", "of",
        "unicode", "securestring", "nsstring", "secretstr", "literal", "_t", "t", "l", "s", "value", "quote", "encode",
        "std::string", "string_view", "array", "decode", "b64decode", "unhexlify", "fromhex", "parseutf8",
    ])

    /// A quoted text in a call that leaves it what it is: `new String("value")`, `[]byte("value")`.
    mutating func wrapped() -> Range<Int>? {
        var open = at
        var word = at
        let limit = min(text.count, at + 40)
        while open < limit, text[open] != UInt8(ascii: "(") {
            let byte = text[open]
            if !ByteClass.isWord(byte) {
                guard byte == 0x20 || byte == 0x2E || byte == 0x3A || byte == 0x5B || byte == 0x5D else { return nil }
                word = open + 1
            }
            open += 1
        }
        guard open < limit, open > word, Self.wrappers.contains(text, word..<open) else { return nil }
        at = open + 1
        skipBlanks()
        return quoted()
    }

    /// A value inside a quoted connection string or a query: `…;Password=value;`, `?token=value&`.
    func partOfString(_ name: Range<Int>) -> Range<Int>? {
        guard name.lowerBound > 0, at > name.upperBound, text[at - 1] == UInt8(ascii: "=") else { return nil }
        var before = name.lowerBound - 1
        while before > 0, text[before] == 0x20, name.lowerBound - before < 3 { before -= 1 }
        let opener = text[before]
        guard ";?&\"'`".utf8.contains(opener) else { return nil }
        let limit = min(text.count, at + AssignmentReader.maximumValue)
        var end = at
        while end < limit, ByteClass.isGraphic(text[end]), !";&\"'`<>\\,)".utf8.contains(text[end]) { end += 1 }
        guard end > at else { return nil }
        let closer = end < text.count ? text[end] : 0x0A
        let isInString = ";&\"'`\\".utf8.contains(closer)
        return isInString || (opener == UInt8(ascii: "?") || opener == UInt8(ascii: "&")) ? at..<end : nil
    }

    /// A value that ends with its line, as configurations have it; in a program only what no identifier looks like.
    mutating func bare(_ name: Range<Int>, kind: FileKind) -> Range<Int>? {
        guard let first = peek(), ByteClass.isGraphic(first), !"#{[(<>*|,;%=".utf8.contains(first) else { return nil }
        let isTight = at > 0 && text[at - 1] == 0x3D
        guard var found = word() else { return nil }
        // `${NAME:value}`: a default inside a reference ends with it.
        if name.lowerBound > 0, text[name.lowerBound - 1] == UInt8(ascii: "{"),
            let close = text[found].firstIndex(of: UInt8(ascii: "}"))
        {
            guard close > found.lowerBound else { return nil }
            found = found.lowerBound..<close
            return kind == .code || kind == .text ? nil : found
        }
        if kind == .code { return isRandomWord(found) && opensItsLine(name) ? found : nil }
        if kind == .text && !opensItsLine(name) { return nil }
        var rest = AssignmentReader.Cursor(text: text, at: found.upperBound)
        while let byte = rest.peek(), byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") || byte == 0x2C {
            rest.at += 1
        }
        rest.skipBlanks()
        guard let behind = rest.peek(), behind != 0x0A, behind != 0x0D else { return found }
        let isComment = rest.at > found.upperBound && (behind == UInt8(ascii: "#") || behind == UInt8(ascii: ";"))
        let goesOn = behind == UInt8(ascii: "\\") || behind == UInt8(ascii: "&") || behind == UInt8(ascii: "|")
        // In an environment file and a script more assignments or a command may follow.
        return isComment || goesOn || kind == .shell && isTight ? found : nil
    }

    /// A run of graphic characters.
    mutating func word() -> Range<Int>? {
        if let first = peek(), ByteClass.isQuote(first) { return quoted() }
        let start = at
        let limit = min(text.count, start + AssignmentReader.maximumValue)
        while at < limit, ByteClass.isGraphic(text[at]), !"\"'`<>".utf8.contains(text[at]) { at += 1 }
        var end = at
        while end > start, ",;)".utf8.contains(text[end - 1]) { end -= 1 }
        return end > start ? start..<end : nil
    }

    /// Sixteen letters and figures or more, well mixed: no identifier of a program.
    private func isRandomWord(_ range: Range<Int>) -> Bool {
        guard range.count >= 16 else { return false }
        var figures = 0
        var changes = 0
        var wasFigure = false
        for byte in text[range] {
            guard ByteClass.isWord(byte) || "+/=-".utf8.contains(byte), byte != UInt8(ascii: "_") else { return false }
            let isFigure = (0x30...0x39).contains(byte)
            if isFigure { figures += 1 }
            if isFigure != wasFigure { changes += 1 }
            wasFigure = isFigure
        }
        return figures >= 3 && changes >= 4
    }

    private func opensItsLine(_ name: Range<Int>) -> Bool {
        var at = name.lowerBound
        while at > 0, name.lowerBound - at < 12, text[at - 1] != 0x0A {
            guard ByteClass.isBlank(text[at - 1]) || "#/*-+$".utf8.contains(text[at - 1]) else { return false }
            at -= 1
        }
        return true
    }
}

extension AssignmentReader.Cursor {
    /// The text of an element up to its closing tag.
    func untilElementEnd() -> Range<Int>? {
        var start = at
        while start < text.count, start - at < 80, text[start] <= 0x20 { start += 1 }
        if start + 9 < text.count, text[start] == UInt8(ascii: "<"), text[start + 1] == UInt8(ascii: "!") { start += 9 }
        let limit = min(text.count, start + AssignmentReader.maximumValue)
        var end = start
        while end < limit, text[end] >= 0x20, text[end] != UInt8(ascii: "<"), text[end] != UInt8(ascii: "]") {
            end += 1
        }
        guard end > start, end < text.count else { return nil }
        let isClosed = text[end] == UInt8(ascii: "<") && end + 1 < text.count && text[end + 1] == UInt8(ascii: "/")
        return isClosed || text[end] == UInt8(ascii: "]") ? start..<end : nil
    }
}
