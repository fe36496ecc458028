import CBytes
import Glibc

/// Finds what is encoded in a text and decodes it, for layers that look at it again.
///
/// Base64, base64url, hexadecimal, percent and `\x` escapes, and lists of character codes; only what decodes to text.
package enum Decoder {
    /// How a piece is written.
    package enum Encoding: String, Sendable, Hashable {
        case base64
        case hexadecimal
        case percent = "percent-encoding"
        case escapes
        case characterCodes = "character codes"
        case brokenWords = "pieces of broken words"
        case deflated = "base64 of a packed text"
    }

    /// One decoded piece, and where it stands encoded.
    package struct Piece: Sendable, Hashable {
        /// The bytes of the text that were decoded.
        package var range: Range<Int>
        /// What they say.
        package var bytes: [UInt8]
        /// How they said it.
        package var encoding: Encoding
    }

    /// Bytes of base64 that are worth decoding, at least.
    static let minimumBase64 = Int(CBYTES_BASE64_RUN)
    /// Digits of hexadecimal that are worth decoding, at least.
    static let minimumHex = 32
    /// Pieces of one text, at most.
    static let maximumPieces = 256
    /// Encoded bytes of one piece that are decoded, at most.
    static let maximumPiece = 1 << 20
    /// Decoded bytes of one text, at most.
    static let maximumTotal = 4 << 20
    /// Encodings inside each other, at most.
    static let maximumDepth = 2

    /// The pieces of a text, by place; what is encoded twice is decoded twice and stands where its outer one does.
    package static func pieces(in content: [UInt8]) -> [Piece] { content.withUnsafeBytes { pieces(in: $0) } }

    static func pieces(in text: UnsafeRawBufferPointer, depth: Int = 1) -> [Piece] {
        var result: [Piece] = []
        var total = 0
        func keep(_ piece: Piece) -> Bool {
            guard result.count < maximumPieces, total + piece.bytes.count <= maximumTotal else { return false }
            total += piece.bytes.count
            result.append(piece)
            guard depth < maximumDepth else { return true }
            for inner in piece.bytes.withUnsafeBytes({ pieces(in: $0, depth: depth + 1) }) {
                guard result.count < maximumPieces, total + inner.bytes.count <= maximumTotal else { return false }
                total += inner.bytes.count
                result.append(Piece(range: piece.range, bytes: inner.bytes, encoding: inner.encoding))
            }
            return true
        }
        var runs = EncodedRuns(text: text)
        while let range = runs.next() {
            if let piece = decode(range, in: text), !keep(piece) { return result }
        }
        var escapes = EscapeRuns(text: text)
        while let piece = escapes.next() {
            if !keep(piece) { return result }
        }
        return result
    }

    /// Lists of character codes, as `[104, 105]` or `chr(104)+chr(105)`; looked for only where code joins such.
    static func characterCodes(in text: UnsafeRawBufferPointer) -> [Piece] {
        var result: [Piece] = []
        var codes: [UInt8] = []
        var start = 0
        var lastEnd = 0
        var at = 0
        func close() {
            if codes.count >= 12, result.count < maximumPieces, isText(codes) {
                result.append(Piece(range: start..<lastEnd, bytes: codes, encoding: .characterCodes))
            }
            codes = []
        }
        while at < text.count {
            guard (0x30...0x39).contains(text[at]) else {
                at += 1
                continue
            }
            let begin = at
            var value = 0
            while at < text.count, (0x30...0x39).contains(text[at]) {
                value = min(100_000, value * 10 + Int(text[at] - 0x30))
                at += 1
            }
            if begin - lastEnd > 24 || codes.count >= maximumPiece { close() }
            guard value == 9 || value == 10 || value == 13 || (32...126).contains(value) else {
                close()
                continue
            }
            if codes.isEmpty { start = begin }
            codes.append(UInt8(value))
            lastEnd = at
        }
        close()
        return result
    }

    private static func decode(_ range: Range<Int>, in text: UnsafeRawBufferPointer) -> Piece? {
        let run = text[range.lowerBound..<min(range.upperBound, range.lowerBound + maximumPiece)]
        if range.count >= minimumHex, run.allSatisfy({ hexValue($0) != nil || !EncodedRuns.isEncoded($0) }) {
            guard let bytes = hexadecimal(run), let plain = plainText(bytes) else { return nil }
            return Piece(range: range, bytes: plain, encoding: .hexadecimal)
        }
        if let plain = inflated(run) { return Piece(range: range, bytes: plain, encoding: .deflated) }
        // Most runs are identifiers, paths and digests: their first bytes say so.
        let isReversed = run.first == UInt8(ascii: "=")
        guard isReversed || beginsAsText(run) else { return nil }
        if let plain = base64(run.drop { $0 == UInt8(ascii: "=") }) {
            return Piece(range: range, bytes: plain, encoding: .base64)
        }
        guard isReversed, let plain = base64(Array(run.reversed())[...]) else { return nil }
        return Piece(range: range, bytes: plain, encoding: .base64)
    }

    /// What was deflated before it was encoded, read from either end.
    private static func inflated(_ run: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        let isForward = DeflatedText.begins(run)
        guard isForward || DeflatedText.begins(run.suffix(4).reversed()) else { return nil }
        var kept = run.filter { EncodedRuns.isEncoded($0) && $0 != UInt8(ascii: "=") }
        if !isForward { kept.reverse() }
        if kept.count % 4 == 1 { kept.removeLast() }
        guard let packed = Base64.decode(kept), let bytes = DeflatedText.inflate(packed) else { return nil }
        return plainText(bytes)
    }

    /// Whether the first bytes that base64 gives may be text; told without allocating, since it is asked of every run.
    private static func beginsAsText(_ run: Slice<UnsafeRawBufferPointer>) -> Bool {
        var buffer: UInt32 = 0
        var bits = 0
        var count = 0
        var strange = 0
        var zeros = 0
        for byte in run where EncodedRuns.isEncoded(byte) && count < 12 {
            guard let value = Base64.value(of: byte) else { break }
            buffer = buffer << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            let decoded = UInt8(truncatingIfNeeded: buffer >> UInt32(bits))
            count += 1
            if decoded == 0 { zeros += 1 }
            if !(0x20...0x7E).contains(decoded) && !(0x09...0x0D).contains(decoded) { strange += 1 }
            if strange > 2, zeros != strange { return false }
        }
        return strange <= 2 || zeros >= 4
    }

    private static func base64(_ run: some Collection<UInt8>) -> [UInt8]? {
        guard let head = Base64.decode(run.lazy.filter { EncodedRuns.isEncoded($0) }.prefix(24)), plainText(head) != nil
        else { return nil }
        var kept = run.filter { EncodedRuns.isEncoded($0) && $0 != UInt8(ascii: "=") }
        if kept.count % 4 == 1 { kept.removeLast() }
        return Base64.decode(kept).flatMap(plainText)
    }

    private static func hexadecimal(_ run: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in run {
            guard let value = hexValue(digit) else { continue }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
                if bytes.count == 16, !isText(bytes), !isWide(bytes) { return nil }
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// The bytes when they are text, UTF-16 as UTF-8; `nil` when they are something else.
    private static func plainText(_ bytes: [UInt8]) -> [UInt8]? {
        if isWide(bytes) { return stride(from: 0, to: bytes.count, by: 2).map { bytes[$0] } }
        return isText(bytes) ? bytes : nil
    }

    /// Whether every second byte is zero, as PowerShell encodes its commands.
    private static func isWide(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 8 else { return false }
        let odd = stride(from: 1, to: bytes.count, by: 2)
        return odd.allSatisfy { bytes[$0] == 0 } && bytes[0] != 0
    }

    private static func isText(_ bytes: [UInt8]) -> Bool {
        guard !bytes.isEmpty else { return false }
        let printable = bytes.count { (0x20...0x7E).contains($0) || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        return printable * 20 >= bytes.count * 19
    }
}

/// Runs of base64's characters, joined over line ends and the quotes of neighbouring strings.
struct EncodedRuns {
    let text: UnsafeRawBufferPointer
    private var at = 0

    init(text: UnsafeRawBufferPointer) { self.text = text }

    /// The next run.
    mutating func next() -> Range<Int>? {
        guard let base = text.baseAddress, at < text.count else { return nil }
        let start = cbytes_base64_run(base, at, text.count)
        guard start < text.count else {
            at = text.count
            return nil
        }
        var end = walk(from: start + Decoder.minimumBase64)
        while let further = continuation(after: end), end - start < Decoder.maximumPiece { end = further }
        at = end
        return start..<end
    }

    private func walk(from begin: Int) -> Int {
        var end = begin
        while end < text.count, Self.isEncoded(text[end]) { end += 1 }
        return end
    }

    /// The end of a run on the next line that goes on with this one.
    private func continuation(after end: Int) -> Int? {
        var index = end
        var hasLineEnd = false
        while index < text.count, index - end < 40 {
            switch text[index] {
            case 0x0A: hasLineEnd = true
            case 0x0D, 0x20, 0x09, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): break
            default:
                guard hasLineEnd, Self.isEncoded(text[index]) else { return nil }
                let further = walk(from: index)
                return further - index >= 16 || text[further - 1] == UInt8(ascii: "=") ? further : nil
            }
            index += 1
        }
        return nil
    }

    @inline(__always)
    static func isEncoded(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x2D, 0x5F, 0x3D: true
        default: false
        }
    }
}

/// Runs of `\x41` and `%41`.
struct EscapeRuns {
    let text: UnsafeRawBufferPointer
    private var at = 0
    private var backslash = -1
    private var percent = -1
    /// Escapes of a run, at least.
    private static let minimum = 8

    init(text: UnsafeRawBufferPointer) { self.text = text }

    /// The next run that says text.
    mutating func next() -> Decoder.Piece? {
        while let start = nextMark() {
            var bytes: [UInt8] = []
            var escapes = 0
            var index = start
            while index < text.count, bytes.count < Decoder.maximumPiece {
                guard let (byte, length) = escape(index) else { break }
                bytes.append(byte)
                escapes += 1
                index += length
            }
            at = max(index, start + 1)
            guard escapes >= Self.minimum, bytes.allSatisfy({ (0x09...0x7E).contains($0) }) else { continue }
            let encoding: Decoder.Encoding = text[start] == UInt8(ascii: "%") ? .percent : .escapes
            return Decoder.Piece(range: start..<index, bytes: bytes, encoding: encoding)
        }
        return nil
    }

    private mutating func nextMark() -> Int? {
        while true {
            if backslash < at { backslash = find(UInt8(ascii: "\\"), from: at) }
            if percent < at { percent = find(UInt8(ascii: "%"), from: at) }
            let mark = min(backslash, percent)
            guard mark + 2 < text.count else { return nil }
            if escape(mark) != nil { return mark }
            at = mark + 1
        }
    }

    /// The next place of a byte; the end of the text when there is none.
    private func find(_ byte: UInt8, from start: Int) -> Int {
        guard start < text.count, let base = text.baseAddress,
            let found = memchr(base + start, Int32(byte), text.count - start)
        else { return text.count }
        return UnsafeRawPointer(found) - base
    }

    private func escape(_ index: Int) -> (UInt8, Int)? {
        var digits = index + 1
        if text[index] == UInt8(ascii: "\\") {
            guard digits < text.count, text[digits] | 0x20 == UInt8(ascii: "x") else { return nil }
            digits += 1
        } else if text[index] != UInt8(ascii: "%") {
            return nil
        }
        guard digits + 1 < text.count, let high = Decoder.hexValue(text[digits]),
            let low = Decoder.hexValue(text[digits + 1])
        else { return nil }
        return (high << 4 | low, digits + 2 - index)
    }
}
