/// What the gateway must know of a request's body, read in one pass without building a tree.
///
/// The whole grammar of RFC 8259 is checked, but strings are not unescaped and numbers not converted unless they matter.
/// Top-level member names with escapes, and interpreted members that occur twice, are not taken: two readers could see
/// two different requests.
struct RequestSkim: Sendable {
    /// The first byte after the opening brace, where a member can be put in.
    private(set) var start = 0
    /// Whether the object has no members.
    private(set) var isEmpty = true
    /// The model's name, between its quotes.
    private(set) var model: Range<Int>?
    /// Whether the answer is to be a stream.
    private(set) var isStream = false
    /// `max_tokens`, `max_completion_tokens` or `max_output_tokens`, the largest of them.
    private(set) var maxTokens: Int?
    /// Where those members' values stand.
    private(set) var maxTokensValues: [Range<Int>] = []
    /// `n`, the answers that are asked for.
    private(set) var choices = 1
    /// The list of tools.
    private(set) var tools: Range<Int>?
    /// OpenAI's `stream_options`.
    private(set) var streamOptions: Range<Int>?
    /// `response_format`, `text` or `output_config`: there may be a shape that the answer must have.
    private(set) var hasShape = false
    /// Bytes of all strings that are ASCII, but for media.
    private(set) var narrowBytes = 0
    /// Bytes of all strings that are not ASCII, but for media.
    private(set) var wideBytes = 0
    /// Strings that hold an image, a sound or a file.
    private(set) var media = 0
    private var hasStream = false

    /// Objects and arrays inside each other.
    static let maximumDepth = 64
    /// Strings from this length on may be media rather than text.
    static let mediaBytes = 2048
    /// Tokens that one image, sound or page costs at the most, for what is reserved.
    static let mediaTokens = 3000

    /// Skims a body; `nil` when it is no JSON object that is taken. ``JSON/init(parsing:limits:)`` then says why.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var reader = SkimReader(bytes)
        reader.skipSpace()
        guard reader.take(UInt8(ascii: "{")) else { return nil }
        start = reader.at
        reader.skipSpace()
        if !reader.take(UInt8(ascii: "}")) {
            isEmpty = false
            repeat {
                guard member(&reader) else { return nil }
                reader.skipSpace()
            } while reader.take(UInt8(ascii: ","))
            guard reader.take(UInt8(ascii: "}")) else { return nil }
        }
        reader.skipSpace()
        guard reader.at == bytes.count else { return nil }
        narrowBytes = reader.narrowBytes
        wideBytes = reader.wideBytes
        media = reader.media
    }

    /// Tokens that the question has at the most: a token of text holds two ASCII bytes or more, and one byte otherwise.
    var mostInputTokens: Int { narrowBytes / 2 + wideBytes + media * Self.mediaTokens + 16 }

    private mutating func member(_ reader: inout SkimReader) -> Bool {
        reader.skipSpace()
        guard let key = reader.plainString() else { return false }
        reader.skipSpace()
        guard reader.take(UInt8(ascii: ":")) else { return false }
        reader.skipSpace()
        let begin = reader.at
        let name = SkimName(reader.bytes, key)
        if name == .model {
            guard model == nil, let value = reader.plainString() else { return false }
            model = value
            return true
        }
        guard reader.value(depth: 1) else { return false }
        return note(name, begin..<reader.at, reader.bytes)
    }

    private mutating func note(_ name: SkimName, _ value: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> Bool {
        switch name {
        case .model: return false
        case .stream:
            // Not a bool is a bool to some servers; what they would do is not guessed.
            guard !hasStream,
                [UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n")].contains(bytes[value.lowerBound])
            else { return false }
            hasStream = true
            isStream = bytes[value.lowerBound] == UInt8(ascii: "t")
        case .maxTokens:
            maxTokensValues.append(value)
            if isNull(value, bytes) { return true }
            // `1e9` and its like would pass a bound that only reads digits.
            guard let number = SkimReader.integer(bytes, value) else { return false }
            maxTokens = max(maxTokens ?? 0, number)
        case .choices:
            if isNull(value, bytes) { return true }
            guard let number = SkimReader.integer(bytes, value) else { return false }
            choices = max(choices, number)
        case .tools:
            guard tools == nil else { return false }
            tools = value
        case .streamOptions:
            guard streamOptions == nil else { return false }
            streamOptions = value
        case .shape: hasShape = true
        case .other: break
        }
        return true
    }

    private func isNull(_ value: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes[value.lowerBound] == UInt8(ascii: "n")
    }
}

/// The top-level members that are looked at.
private enum SkimName {
    case model, stream, maxTokens, choices, tools, streamOptions, shape, other

    /// The length rules out nearly every name before a byte is compared.
    init(_ bytes: UnsafeRawBufferPointer, _ key: Range<Int>) {
        func equal(_ text: StaticString) -> Bool {
            text.withUTF8Buffer { $0.elementsEqual(UnsafeRawBufferPointer(rebasing: bytes[key])) }
        }
        switch key.count {
        case 1 where equal("n"): self = .choices
        case 4 where equal("text"): self = .shape
        case 5 where equal("model"): self = .model
        case 5 where equal("tools"): self = .tools
        case 6 where equal("stream"): self = .stream
        case 10 where equal("max_tokens"): self = .maxTokens
        case 13 where equal("output_config"): self = .shape
        case 14 where equal("stream_options"): self = .streamOptions
        case 15 where equal("response_format"): self = .shape
        case 17 where equal("max_output_tokens"): self = .maxTokens
        case 21 where equal("max_completion_tokens"): self = .maxTokens
        default: self = .other
        }
    }
}

/// Walks over JSON text, eight bytes at a time inside strings.
struct SkimReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var at = 0
    private(set) var narrowBytes = 0
    private(set) var wideBytes = 0
    private(set) var media = 0

    init(_ bytes: UnsafeRawBufferPointer, at: Int = 0) {
        self.bytes = bytes
        self.at = at
    }

    mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    /// A string without escapes; what stands between the quotes.
    mutating func plainString() -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let begin = at
        guard scanPlain(), at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
        at += 1
        return begin..<(at - 1)
    }

    mutating func value(depth: Int) -> Bool {
        guard depth <= RequestSkim.maximumDepth, at < bytes.count else { return false }
        switch bytes[at] {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return array(depth: depth)
        case UInt8(ascii: "t"): return word("true")
        case UInt8(ascii: "f"): return word("false")
        case UInt8(ascii: "n"): return word("null")
        default: return number()
        }
    }

    private mutating func object(depth: Int) -> Bool {
        at += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            skipSpace()
            guard string() else { return false }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { return false }
            skipSpace()
            guard value(depth: depth + 1) else { return false }
            skipSpace()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func array(depth: Int) -> Bool {
        at += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            skipSpace()
            guard value(depth: depth + 1) else { return false }
            skipSpace()
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    /// A string with its escapes; its bytes are counted.
    mutating func string() -> Bool {
        guard take(UInt8(ascii: "\"")) else { return false }
        let begin = at
        let wide = wideBytes
        while true {
            guard scanPlain(), at < bytes.count else { return false }
            if bytes[at] == UInt8(ascii: "\"") { break }
            guard escape() else { return false }
        }
        let length = at - begin
        at += 1
        if length >= RequestSkim.mediaBytes, wideBytes == wide, isMedia(begin) {
            media += 1
        } else {
            narrowBytes += length - (wideBytes - wide)
        }
        return true
    }

    /// Whether a long string is base64 rather than text: a `data:` URL, or no space in its first kilobyte.
    private func isMedia(_ begin: Int) -> Bool {
        let head = UnsafeRawBufferPointer(rebasing: bytes[begin..<min(begin + 1024, bytes.count)])
        if head.starts(with: "data:".utf8) { return true }
        return head.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x3D, 0x2D, 0x5F: true
            default: false
            }
        }
    }

    private mutating func escape() -> Bool {
        at += 1
        guard at < bytes.count else { return false }
        switch bytes[at] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 1
            return true
        case UInt8(ascii: "u"):
            guard at + 4 < bytes.count else { return false }
            for place in 1...4 where !Self.isHex(bytes[at + place]) { return false }
            at += 5
            return true
        default: return false
        }
    }

    /// Goes on to the next quote, backslash or end.
    /// - Returns: false at a control byte.
    private mutating func scanPlain() -> Bool {
        while true {
            skipPlainWords()
            // Up to a word byte by byte, then back to the long strides once the odd byte is passed.
            let stop = min(at + 8, bytes.count)
            while at < stop {
                let byte = bytes[at]
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
                guard byte >= 0x20 else { return false }
                if byte >= 0x80 { wideBytes += 1 }
                at += 1
            }
            if at == bytes.count { return true }
        }
    }

    /// Goes over words of eight bytes that hold no quote, backslash or control byte.
    private mutating func skipPlainWords() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while at + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5C)
            // The classic tests for a zero byte and for a byte below 0x20; a false alarm only leads to the slow loop.
            let found = (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes | (word &- ones &* 0x20) & ~word
            guard found & highs == 0 else { return }
            wideBytes += (word & highs).nonzeroBitCount
            at += 8
        }
    }

    private mutating func word(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
        let isEqual = text.withUTF8Buffer {
            $0.elementsEqual(UnsafeRawBufferPointer(rebasing: bytes[at..<(at + count)]))
        }
        at += count
        return isEqual
    }

    private mutating func number() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")), !digits() { return false }
        if take(UInt8(ascii: ".")), !digits() { return false }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            return digits()
        }
        return true
    }

    private mutating func digits() -> Bool {
        let begin = at
        while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
        return at > begin
    }

    /// A whole number that is not negative, at most ten digits long.
    static func integer(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard (1...10).contains(range.count) else { return nil }
        var value = 0
        for index in range {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] - 0x30)
        }
        return value
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
