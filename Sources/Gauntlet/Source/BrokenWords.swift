import Glibc

/// Puts words together again that a script breaks apart so that nobody finds them: strings joined by `+`, PowerShell's
/// backticks, carets and short variables of command files, commands given as lists of words, words of shells.
///
/// Each line that changes becomes one piece, which is looked at like decoded text and stands where the line does.
struct BrokenWords {
    /// Bytes of a text that is looked at, at most: broken words are the habit of small files.
    static let maximumBytes = 1 << 18
    /// Bytes of a line that is put together, at most.
    static let maximumLine = 1 << 14
    /// Lines that are put together, at most.
    static let maximumPieces = 200
    /// Variables of a command file that are put in their places, at most.
    static let maximumVariables = 64

    private let text: UnsafeRawBufferPointer
    private let language: Language
    private var variables: [[UInt8]: [UInt8]] = [:]

    init(_ text: UnsafeRawBufferPointer, language: Language) {
        self.text = text
        self.language = language
    }

    /// The lines that read otherwise when they are put together; none for most texts.
    static func pieces(in text: UnsafeRawBufferPointer, language: Language) -> [Decoder.Piece] {
        guard text.count <= maximumBytes else { return [] }
        var words = BrokenWords(text, language: language)
        switch language {
        case .powershell, .batch, .vbscript: return words.pieces()
        case .shell: return ShellWords.pieces(in: text)
        case .python, .javascript, .typescript, .php, .ruby, .unknown: return words.markedPieces()
        default: return []
        }
    }

    /// The lines that hold a `+` between two strings, or a list of words where a command is started.
    private func markedPieces() -> [Decoder.Piece] {
        var result: [Decoder.Piece] = []
        var end = 0
        for sign in [UInt8(ascii: "+"), UInt8(ascii: "[")] {
            end = 0
            while let at = place(of: sign, from: end), result.count < Self.maximumPieces {
                end = at + 1
                guard isMark(at, sign) else { continue }
                var start = at
                while start > 0, at - start < Self.maximumLine, text[start - 1] != 0x0A { start -= 1 }
                while end < text.count, end - at < Self.maximumLine, text[end] != 0x0A { end += 1 }
                if let joined = joined(text[start..<end]) {
                    result.append(Decoder.Piece(range: start..<end, bytes: joined, encoding: .brokenWords))
                }
            }
        }
        return result
    }

    private func place(of byte: UInt8, from start: Int) -> Int? {
        guard let base = text.baseAddress, start < text.count else { return nil }
        return memchr(base + start, Int32(byte), text.count - start).map { base.distance(to: UnsafeRawPointer($0)) }
    }

    /// Whether a `+` stands between two strings, or a `[` begins a list of strings as the first argument of a call.
    private func isMark(_ at: Int, _ sign: UInt8) -> Bool {
        guard at > 1, at + 2 < text.count else { return false }
        let next = text[at + 1] == 0x20 ? text[at + 2] : text[at + 1]
        guard Self.isQuote(next) else { return false }
        guard sign == UInt8(ascii: "+") else { return text[at - 1] == UInt8(ascii: "(") }
        return Self.isQuote(text[at - 1] == 0x20 ? text[at - 2] : text[at - 1])
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") }

    private mutating func pieces() -> [Decoder.Piece] {
        var result: [Decoder.Piece] = []
        var start = 0
        while start < text.count, result.count < Self.maximumPieces {
            var end = start
            while end < text.count, text[end] != 0x0A { end += 1 }
            if end - start <= Self.maximumLine {
                let line = text[start..<end]
                if language == .batch { note(line) }
                if let joined = joined(line) {
                    result.append(Decoder.Piece(range: start..<end, bytes: joined, encoding: .brokenWords))
                }
            }
            start = end + 1
        }
        return result
    }

    /// A line with its words together, or nothing when it reads as before.
    private func joined(_ line: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        let isCommand = Self.commandMarks.contains { $0.isFound(in: UnsafeRawBufferPointer(rebasing: line)) }
        var out: [UInt8] = []
        var changed = false
        var at = line.startIndex
        while at < line.endIndex {
            if let spelled = spelled(at, in: line) {
                out += spelled.value
                at = spelled.end
                changed = true
            } else if let next = glue(at, in: line, isList: isCommand) {
                if next.isSpace { out.append(0x20) }
                at = next.end
                changed = true
            } else if isNoise(at, in: line, after: out.last) {
                at += 1
                changed = true
            } else if let variable = variable(at, in: line) {
                out += variable.value
                at = variable.end
                changed = true
            } else {
                out.append(text[at])
                at += 1
            }
        }
        return changed ? out : nil
    }

    /// What PowerShell puts together by place or by character codes.
    private func spelled(_ at: Int, in line: Slice<UnsafeRawBufferPointer>) -> (value: [UInt8], end: Int)? {
        guard language == .powershell else { return nil }
        switch text[at] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return FormatString.value(in: line, at: at)
        case UInt8(ascii: "["): return FormatString.characters(in: line, at: at)
        default: return nil
        }
    }

    private static let commandMarks = ["subprocess.", "Popen(", "run(", "call(", "check_output("].map(Needle.init)

    /// Where a string ends and the next one begins that is joined to it.
    private func glue(
        _ at: Int,
        in line: Slice<UnsafeRawBufferPointer>,
        isList: Bool
    ) -> (end: Int, isSpace: Bool)? {
        let quote = text[at]
        guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        var next = at + 1
        while next < line.endIndex, text[next] == 0x20, next - at < 4 { next += 1 }
        guard next < line.endIndex else { return nil }
        let sign = text[next]
        let isComma = sign == UInt8(ascii: ",") && isList
        let isJoin = sign == UInt8(ascii: "+") || sign == UInt8(ascii: "&") && isBasic
        guard isComma || isJoin else { return nil }
        let mark = next
        next += 1
        while next < line.endIndex, text[next] == 0x20, next - mark < 4 { next += 1 }
        guard next < line.endIndex, text[next] == quote else { return nil }
        return (next + 1, isComma)
    }

    private var isBasic: Bool { language == .vbscript || language == .unknown }

    /// Whether a byte is one that the interpreter drops from within a word.
    private func isNoise(_ at: Int, in line: Slice<UnsafeRawBufferPointer>, after last: UInt8?) -> Bool {
        let next = at + 1 < line.endIndex ? text[at + 1] : 0
        switch language {
        case .powershell: return text[at] == UInt8(ascii: "`") && Self.isLetter(next)
        case .batch: return text[at] == UInt8(ascii: "^") && Self.isLetter(next)
        default: return false
        }
    }

    /// The value of a variable of a command file at an offset.
    private func variable(_ at: Int, in line: Slice<UnsafeRawBufferPointer>) -> (value: [UInt8], end: Int)? {
        guard !variables.isEmpty, text[at] == UInt8(ascii: "%") else { return nil }
        var end = at + 1
        while end < line.endIndex, end - at < 32, text[end] != UInt8(ascii: "%"), text[end] != 0x20 { end += 1 }
        guard end < line.endIndex, text[end] == UInt8(ascii: "%") else { return nil }
        return variables[text[at + 1..<end].map(Self.lowered)].map { ($0, end + 1) }
    }

    /// Notes `set name=value`.
    private mutating func note(_ line: Slice<UnsafeRawBufferPointer>) {
        let bytes = line.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: "@") }
        guard bytes.count < 200, variables.count < Self.maximumVariables else { return }
        guard bytes.prefix(4).map(Self.lowered) == Array("set ".utf8) else { return }
        let rest = bytes.dropFirst(4).drop { $0 == 0x20 || $0 == UInt8(ascii: "\"") }
        guard let sign = rest.firstIndex(of: UInt8(ascii: "=")), sign > rest.startIndex else { return }
        let value = rest[(sign + 1)...].filter { $0 != 0x0D && $0 != UInt8(ascii: "\"") }
        guard !value.contains(UInt8(ascii: "%")) else { return }
        variables[rest[..<sign].map(Self.lowered)] = value
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}

/// A short word that is looked for by the C library's search for its first byte.
struct Needle: Sendable {
    private let bytes: [UInt8]

    init(_ word: String) { bytes = Array(word.utf8) }

    /// Whether a text holds the word.
    func isFound(in text: UnsafeRawBufferPointer) -> Bool {
        guard let base = text.baseAddress, text.count >= bytes.count, let first = bytes.first else { return false }
        var at = 0
        while at + bytes.count <= text.count {
            guard let found = memchr(base + at, Int32(first), text.count - bytes.count - at + 1) else { return false }
            let place = base.distance(to: UnsafeRawPointer(found))
            if memcmp(base + place, bytes, bytes.count) == 0 { return true }
            at = place + 1
        }
        return false
    }
}
