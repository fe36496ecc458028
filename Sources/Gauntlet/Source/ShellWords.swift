/// Reads the lines of a shell script as the shell does: without quotes and backslashes inside words, with `${IFS}` as
/// the space that it is, `$'\x41'` and `$(printf '\x41')` as their characters, `{a,b}` as two words.
struct ShellWords {
    /// Lines that are put together, at most.
    static let maximumPieces = 200
    /// Bytes of a line that is put together, at most.
    static let maximumLine = 1 << 14

    private let line: Slice<UnsafeRawBufferPointer>
    private var at: Int
    private var out: [UInt8] = []
    private var quote: UInt8 = 0
    /// Marks of breaking that people do not write: what changes by them alone is worth a second look.
    private var marks = 0

    private init(_ line: Slice<UnsafeRawBufferPointer>) {
        self.line = line
        at = line.startIndex
    }

    /// The lines that read otherwise when they are put together; none for most scripts.
    static func pieces(in text: UnsafeRawBufferPointer) -> [Decoder.Piece] {
        var result: [Decoder.Piece] = []
        var start = 0
        while start < text.count, result.count < maximumPieces {
            var end = start
            while end < text.count, text[end] != 0x0A { end += 1 }
            if end - start <= maximumLine, let joined = joined(text[start..<end]) {
                result.append(Decoder.Piece(range: start..<end, bytes: joined, encoding: .brokenWords))
            }
            start = end + 1
        }
        return result
    }

    /// A line with its words together, or nothing when no word of it is broken.
    private static func joined(_ line: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        guard line.contains(where: { isMark($0) }) else { return nil }
        var words = ShellWords(line)
        while words.at < line.endIndex { words.step() }
        return words.marks > 0 ? words.out : nil
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "$"), UInt8(ascii: "{"): true
        default: false
        }
    }

    private mutating func step() {
        let byte = line[at]
        switch byte {
        case UInt8(ascii: "$") where quote != UInt8(ascii: "'"):
            if dollar() { return }
        case UInt8(ascii: "\\") where quote == 0:
            if isInWord(at), next(1).map(Self.isLetter) == true {
                marks += 1
                at += 1
                return
            }
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            if quote == 0, next(1) == byte, isInWord(at), next(2).map(Self.isWordByte) == true {
                marks += 1
                at += 2
                return
            }
            if quote == 0 { quote = byte } else if quote == byte { quote = 0 }
        case UInt8(ascii: "{") where quote == 0:
            if braces() { return }
        default: break
        }
        out.append(byte)
        at += 1
    }

    /// Reads what a `$` begins, if that hides something.
    private mutating func dollar() -> Bool {
        for name in ["${IFS}", "$IFS$9", "$IFS"] where starts(name) {
            out.append(0x20)
            at += name.utf8.count
            marks += 1
            return true
        }
        if starts("$@"), isInWord(at), quote == 0, next(2).map(Self.isLetter) == true {
            at += 2
            marks += 1
            return true
        }
        for (open, close) in [("$'", "'"), ("$(printf '", "')"), ("$(printf \"", "\")"), ("$(echo -e '", "')")]
        where starts(open) {
            guard let end = find(close, from: at + open.utf8.count),
                let plain = Self.escaped(line[(at + open.utf8.count)..<end])
            else { continue }
            out += plain
            at = end + close.utf8.count
            marks += 1
            return true
        }
        return false
    }

    /// Reads `{curl,-s,http://h}` as three words.
    private mutating func braces() -> Bool {
        guard at == line.startIndex || line[at - 1] != UInt8(ascii: "$"), let end = find("}", from: at + 1) else {
            return false
        }
        let inside = line[(at + 1)..<end]
        let isList = inside.contains(UInt8(ascii: ",")) && !inside.contains(0x20) && !inside.contains(0x09)
        guard isList, inside.contains(UInt8(ascii: "-")) || inside.contains(UInt8(ascii: "/")) else { return false }
        out += inside.compactMap { $0 == UInt8(ascii: ",") ? 0x20 : $0 == UInt8(ascii: "'") ? nil : $0 }
        at = end + 1
        marks += 1
        return true
    }

    /// The characters of `\x41`, `\101` and letters; `nil` when fewer than two escapes stand there.
    private static func escaped(_ text: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        var result: [UInt8] = []
        var escapes = 0
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == UInt8(ascii: "\\"), let (value, length) = escape(text, at + 1) {
                result.append(value)
                at += 1 + length
                escapes += 1
            } else {
                result.append(text[at])
                at += 1
            }
        }
        return escapes >= 2 && result.allSatisfy { (0x20...0x7E).contains($0) } ? result : nil
    }

    private static func escape(_ text: Slice<UnsafeRawBufferPointer>, _ start: Int) -> (UInt8, Int)? {
        guard start < text.endIndex else { return nil }
        let isHex = text[start] == UInt8(ascii: "x")
        let begin = isHex ? start + 1 : start
        var value = 0
        var at = begin
        while at < text.endIndex, at - begin < (isHex ? 2 : 3), let digit = Decoder.hexValue(text[at]),
            isHex || digit < 8
        {
            value = value * (isHex ? 16 : 8) + Int(digit)
            at += 1
        }
        return at - begin >= 2 && value < 256 ? (UInt8(value), at - start) : nil
    }

    private func next(_ distance: Int) -> UInt8? {
        at + distance < line.endIndex ? line[at + distance] : nil
    }

    /// Whether a letter stands right before an offset.
    private func isInWord(_ offset: Int) -> Bool { offset > line.startIndex && Self.isLetter(line[offset - 1]) }

    private func starts(_ word: String) -> Bool { line[at...].starts(with: word.utf8) }

    private func find(_ word: String, from start: Int) -> Int? {
        let bytes = Array(word.utf8)
        var index = start
        while index + bytes.count <= line.endIndex {
            if line[index..<index + bytes.count].elementsEqual(bytes) { return index }
            index += 1
        }
        return nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "-")
    }
}
