extension AssignmentReader {
    /// What stands between a name and its value.
    enum Mark {
        /// `=`, `:=`, `<-`, `+=` and their like.
        case plain
        /// `:`, behind which a type may stand.
        case typed
        /// `==`, `!=`.
        case comparison
        /// `||`, `??`, `?:`.
        case fallback
        /// `->`.
        case arrow
    }

    /// A place in the text that moves on by what it takes; never beyond the text.
    struct Cursor {
        let text: UnsafeRawBufferPointer
        var at: Int

        func peek(_ distance: Int = 0) -> UInt8? { at + distance < text.count ? text[at + distance] : nil }

        mutating func take(_ byte: UInt8) -> Bool {
            guard peek() == byte else { return false }
            at += 1
            return true
        }

        mutating func skipBlanks() {
            let limit = min(text.count, at + AssignmentReader.maximumBlanks)
            while at < limit, ByteClass.isBlank(text[at]) { at += 1 }
        }

        /// Skips one end of a line with the blanks behind it.
        mutating func skipNewline() -> Bool {
            let start = at
            if peek() == UInt8(ascii: "\\"), peek(1) == 0x0A { at += 1 }
            if peek() == 0x0D { at += 1 }
            guard peek() == 0x0A else {
                at = start
                return false
            }
            at += 1
            skipBlanks()
            return true
        }

        /// Skips what closes a name, as `"]` does; whether a quote was among it.
        mutating func skipClosers() -> Bool {
            var isQuoted = false
            for _ in 0..<6 {
                switch peek() {
                case 0x22, 0x27, 0x60:
                    isQuoted = true
                    at += 1
                case UInt8(ascii: "]"): at += 1
                case UInt8(ascii: "}") where isQuoted || at > 0 && text[at - 1] != UInt8(ascii: " "): at += 1
                case UInt8(ascii: "\\") where peek(1) == 0x22 || peek(1) == 0x27: at += 1
                case UInt8(ascii: "["):
                    // An array of C: `name[32] = "value"`.
                    var behind = at + 1
                    while behind < text.count, behind - at < 8, (0x30...0x39).contains(text[behind]) { behind += 1 }
                    guard behind < text.count, text[behind] == UInt8(ascii: "]") else { return isQuoted }
                    at = behind + 1
                case UInt8(ascii: "&"):
                    guard at + 6 <= text.count, text[at + 1] == UInt8(ascii: "q"), text[at + 5] == UInt8(ascii: ";")
                    else { return isQuoted }
                    isQuoted = true
                    at += 6
                default: return isQuoted
                }
            }
            return isQuoted
        }

        mutating func takeWord() -> Range<Int> {
            let start = at
            while at < text.count, at - start < 40, ByteClass.isWord(text[at]) { at += 1 }
            return start..<at
        }

        /// Takes an operator that gives or compares a value.
        mutating func takeOperator() -> Mark? {
            guard let first = peek() else { return nil }
            let second = peek(1)
            switch (first, second) {
            case (0x3D, 0x3D), (0x21, 0x3D):  // == !=
                at += peek(2) == 0x3D ? 3 : 2
                return .comparison
            case (0x3D, 0x7E): return nil  // =~
            case (0x3D, 0x3E):  // =>
                at += 2
                return .plain
            case (0x3D, _):
                at += 1
                return .plain
            case (0x3A, 0x3A): return nil  // ::
            case (0x3A, 0x3D), (0x3F, 0x3D), (0x2B, 0x3D), (0x3C, 0x2D):  // := ?= += <-
                at += 2
                return .plain
            case (0x3A, _):
                at += 1
                return .typed
            case (0x7C, 0x7C), (0x3F, 0x3F), (0x3F, 0x3A):  // || ?? ?:
                at += peek(2) == 0x3D ? 3 : 2
                return .fallback
            case (0x2D, 0x3E):  // ->
                at += 2
                return .arrow
            default: return nil
            }
        }

        /// Skips a type, as `Optional[str]` or `&'static str`; whether an operator may follow.
        mutating func skipType() -> Bool {
            skipBlanks()
            let start = at
            while at < text.count, at - start < 60 {
                let byte = text[at]
                if ByteClass.isWord(byte) || "<>[].?&*|' !".utf8.contains(byte) { at += 1 } else { break }
            }
            return at > start && peek() == 0x3D && peek(1) != 0x3D && ByteClass.isType(text[start])
        }
    }
}
