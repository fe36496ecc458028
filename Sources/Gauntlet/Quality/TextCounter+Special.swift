extension TextCounter {
    /// A byte that may begin something.
    mutating func special(_ byte: UInt8) {
        switch byte {
        case 0x0A: newline()
        case UInt8(ascii: "\""):
            if form.doubleQuotes { string(byte) } else { plain(byte) }
        case UInt8(ascii: "'"):
            if form.singleQuotes { string(byte) } else if form.characters { character() } else { plain(byte) }
        case UInt8(ascii: "`"):
            if form.backticks { string(byte) } else { plain(byte) }
        case UInt8(ascii: "#"):
            if form.hashComments, isHashComment { lineComment(1) } else { plain(byte) }
        case UInt8(ascii: "/"): slash()
        case UInt8(ascii: "-"):
            if form.dashComments, next(1) == byte {
                if next(2) == UInt8(ascii: "["), next(3) == UInt8(ascii: "[") {
                    blockComment("]]")
                } else {
                    lineComment(2)
                }
            } else {
                plain(byte)
            }
        case UInt8(ascii: "<"): angle()
        case UInt8(ascii: "("): bracket(byte, opens: 0)
        case UInt8(ascii: "["): bracket(byte, opens: 1)
        case UInt8(ascii: "{"): bracket(byte, opens: 2)
        case UInt8(ascii: ")"): bracket(byte, closes: 0)
        case UInt8(ascii: "]"): bracket(byte, closes: 1)
        case UInt8(ascii: "}"): bracket(byte, closes: 2)
        case UInt8(ascii: ";"):
            beginCode()
            statementEnd()
            plain(byte)
        case UInt8(ascii: "&"), UInt8(ascii: "|"):
            if next(1) == byte {
                counts.branches += 1
                at += 1
            }
            plain(byte)
        case UInt8(ascii: "\\"):
            counts.escapes += 1
            // What is escaped begins nothing.
            plain(byte)
            if at < end, text[at] != 0x0A { at += 1 }
        default: plain(byte)
        }
    }

    private mutating func plain(_ byte: UInt8) {
        beginCode()
        lastCode = byte
        at &+= 1
    }

    private mutating func bracket(_ byte: UInt8, opens kind: UInt8) {
        beginCode()
        openBracket(kind)
        plain(byte)
    }

    private mutating func bracket(_ byte: UInt8, closes kind: UInt8) {
        beginCode()
        closeBracket(kind)
        plain(byte)
    }

    private func next(_ distance: Int) -> UInt8 { at + distance < end ? text[at + distance] : 0 }

    private var isHashComment: Bool {
        // Python's `#` is a comment anywhere; elsewhere a word may hold it, and `#!` names an interpreter.
        if form.threeQuotes { return true }
        if at == 0 { return next(1) != UInt8(ascii: "!") }
        return text[at - 1] <= 0x20 || text[at - 1] == UInt8(ascii: ";")
    }

    private mutating func slash() {
        guard form.slashComments || form.dashComments || form.expressions else { return plain(UInt8(ascii: "/")) }
        if next(1) == UInt8(ascii: "/"), form.slashComments { return lineComment(2) }
        if next(1) == UInt8(ascii: "*") { return blockComment("*/") }
        if form.expressions, Self.startsExpression(lastCode),
            let close = ExpressionLiteral.end(in: UnsafeRawBufferPointer(start: text, count: end), from: at, to: end)
        {
            beginCode()
            counts.stringBytes += close - at
            at = close
            lastCode = UInt8(ascii: "\"")
            return
        }
        plain(UInt8(ascii: "/"))
    }

    private mutating func angle() {
        if form.angleComments {
            if next(1) == UInt8(ascii: "#") { return blockComment("#>") }
            if next(1) == UInt8(ascii: "!"), next(2) == UInt8(ascii: "-"), next(3) == UInt8(ascii: "-") {
                return blockComment("-->")
            }
        }
        if !form.doubleQuotes { countTag() }
        plain(UInt8(ascii: "<"))
    }

    /// The bytes of a tag of markup, up to its end.
    private mutating func countTag() {
        var index = at
        let limit = min(end, at + 2000)
        while index < limit, text[index] != UInt8(ascii: ">") { index += 1 }
        counts.tagBytes += index - at + 1
    }

    private mutating func character() {
        beginCode()
        lastCode = UInt8(ascii: "'")
        if next(1) == UInt8(ascii: "\\") {
            var index = at + 3
            let limit = min(end, at + 12)
            while index < limit, text[index] != UInt8(ascii: "'"), text[index] != 0x0A { index += 1 }
            at = index < limit && text[index] == UInt8(ascii: "'") ? index + 1 : at + 1
        } else if next(2) == UInt8(ascii: "'"), next(1) != 0x0A {
            at += 3
        } else {
            at += 1
        }
    }

    /// A string and its lines.
    private mutating func string(_ quote: UInt8) {
        let start = at
        let isThree = form.threeQuotes && next(1) == quote && next(2) == quote
        let isDocumentation = isThree && isLineStart && isOutside
        if isDocumentation { beginOther() } else { beginCode() }
        at += isThree ? 3 : 1
        var spaces = 0
        var escapes = 0
        var isClosed = false
        while at < end {
            let byte = text[at]
            if byte == quote {
                if !isThree {
                    at &+= 1
                    isClosed = true
                    break
                }
                if next(1) == quote, next(2) == quote {
                    at &+= 3
                    isClosed = true
                    break
                }
            } else if byte == UInt8(ascii: "\\") {
                escapes &+= 1
                if at &+ 1 < end, text[at &+ 1] == 0x0A { at &+= 1; newline(); spaces &+= continueLine(); continue }
                at &+= 1
            } else if byte == 0x0A {
                guard isThree || quote == UInt8(ascii: "`") else {
                    if form.strictStrings { counts.openStrings += 1 }
                    isClosed = true
                    break
                }
                newline()
                spaces &+= continueLine()
                continue
            } else {
                let passed = passPlain()
                spaces &+= passed.spaces
                counts.alphanumeric &+= passed.letters
                continue
            }
            at &+= 1
        }
        if !isClosed { counts.endsInside = true }
        at = min(at, end)
        finish(start, spaces: spaces, escapes: escapes, isDocumentation: isDocumentation)
    }

    /// Passes over this byte and those after it that neither end nor escape anything in a string or a comment.
    @inline(__always)
    private mutating func passPlain() -> (letters: Int, spaces: Int) {
        let text = text
        let classes = classes
        let end = end
        var letters = 0
        var spaces = 0
        var kind = classes[Int(text[at])]
        var cursor = at
        repeat {
            letters &+= kind & ByteKind.alphanumeric != 0 ? 1 : 0
            spaces &+= kind == ByteKind.space ? 1 : 0
            cursor &+= 1
            guard cursor < end else { break }
            kind = classes[Int(text[cursor])]
        } while kind & ByteKind.special == 0 && kind & ByteKind.codeMark == 0
        at = cursor
        return (letters, spaces)
    }

    private mutating func finish(_ start: Int, spaces: Int, escapes: Int, isDocumentation: Bool) {
        let length = at - start
        lastCode = UInt8(ascii: "\"")
        counts.spaces += spaces
        if isDocumentation {
            counts.documentation += 1
            counts.commentBytes += length
            return
        }
        counts.stringBytes += length
        counts.escapes += escapes
        if length >= 100, spaces * 40 < length || escapes * 5 > length { counts.opaqueBytes += length }
    }

    private mutating func lineComment(_ mark: Int) {
        let isAlone = isLineStart
        beginOther()
        let start = at
        var marks = 0
        var letters = 0
        at = min(end, at + mark)
        let byte = at < end ? text[at] : 0
        if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "!") || byte == UInt8(ascii: "#") {
            counts.documentation += 1
        }
        let text = text
        let classes = classes
        let end = end
        var cursor = at
        while cursor < end {
            let byte = text[cursor]
            if byte == 0x0A { break }
            let kind = classes[Int(byte)]
            letters &+= kind & ByteKind.alphanumeric != 0 ? 1 : 0
            marks &+= kind & (ByteKind.codeMark | ByteKind.underscore) != 0 ? 1 : 0
            cursor &+= 1
        }
        at = cursor
        counts.alphanumeric += letters
        counts.commentBytes += at - start
        if isAlone, letters >= 3, marks >= 2, marks * 8 >= letters, looksLikeCode(start + mark) {
            counts.deadLines += 1
        }
    }

    /// Whether a comment ends as statements do.
    private func looksLikeCode(_ start: Int) -> Bool {
        var index = at
        while index > start, text[index - 1] <= 0x20 { index -= 1 }
        guard index > start else { return false }
        switch text[index - 1] {
        case UInt8(ascii: ";"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: ":"),
            UInt8(ascii: "]"), UInt8(ascii: "("), UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "'"):
            return true
        default:
            var at = start
            while at < index {
                if text[at] == UInt8(ascii: "=") { return true }
                at += 1
            }
            return false
        }
    }

    private mutating func blockComment(_ close: StaticString) {
        beginOther()
        let start = at
        let mark = close.utf8Start
        let length = close.utf8CodeUnitCount
        at = min(end, at + 2)
        if at + 1 < end, text[at] == UInt8(ascii: "*"), text[at + 1] != UInt8(ascii: "/") { counts.documentation += 1 }
        var isClosed = false
        while at < end {
            let byte = text[at]
            if byte == mark[0], at &+ length <= end, text[at &+ 1] == mark[1], length < 3 || text[at &+ 2] == mark[2] {
                at += length
                isClosed = true
                break
            }
            if byte == 0x0A {
                newline()
                counts.spaces &+= continueLine()
                continue
            }
            let passed = passPlain()
            counts.alphanumeric &+= passed.letters
            counts.spaces &+= passed.spaces
        }
        if !isClosed { counts.endsInside = true }
        counts.commentBytes += at - start
    }

    private static func startsExpression(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "["),
            UInt8(ascii: "!"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "?"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: ";"), UInt8(ascii: ">"), UInt8(ascii: "~"), 0x0A:
            true
        default: false
        }
    }
}
