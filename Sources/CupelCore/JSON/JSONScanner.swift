import OrderedCollections

/// What bounds a JSON document from outside.
public struct JSONLimits: Sendable {
    /// Bytes of the whole document.
    public var bytes: Int
    /// Objects and arrays inside each other.
    public var depth: Int
    /// Values in the whole document.
    public var values: Int

    /// Bounds for a document; the defaults fit an API request.
    public init(bytes: Int = 1 << 20, depth: Int = 64, values: Int = 100_000) {
        self.bytes = bytes
        self.depth = depth
        self.values = values
    }
}

/// Why a document is not JSON that we accept, and where.
public struct JSONError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let problem: String
    /// The line, from 1.
    public let line: Int
    /// The column in bytes, from 1.
    public let column: Int
    /// Whether a bound was exceeded, rather than the grammar broken.
    public let isLimit: Bool

    public var description: String { "\(problem) at line \(line), column \(column)" }
}

extension JSON {
    /// Reads a document by RFC 8259, strictly: nothing after it, no duplicate keys, valid UTF-8, within limits.
    /// - Throws: ``JSONError`` with the position.
    public init(parsing bytes: some Sequence<UInt8>, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var scanner = JSONScanner(Array(bytes), limits)
        self = try scanner.document()
    }

    /// Reads a document from text.
    /// - Throws: ``JSONError`` with the position.
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        try self.init(parsing: text.utf8, limits: limits)
    }
}

/// The one reader of JSON from outside: a single pass over bytes, without Foundation.
private struct JSONScanner {
    private let bytes: [UInt8]
    private let limits: JSONLimits
    private var at = 0
    private var values = 0

    init(_ bytes: [UInt8], _ limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    mutating func document() throws(JSONError) -> JSON {
        guard bytes.count <= limits.bytes else {
            throw failure("the document is over \(limits.bytes) bytes", isLimit: true)
        }
        let value = try value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw failure("text after the end of the document") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard depth <= limits.depth else { throw failure("nested deeper than \(limits.depth)", isLimit: true) }
        values += 1
        guard values <= limits.values else { throw failure("more than \(limits.values) values", isLimit: true) }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try number()
        case nil: throw failure("the document ends where a value is expected")
        default: throw failure("a value is expected")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        at += 1
        var members: OrderedDictionary<String, JSON> = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw failure("a member name in quotes is expected") }
            let start = at
            let key = try string()
            skipSpace()
            guard take(":") else { throw failure("':' is expected") }
            let element = try value(depth: depth + 1)
            guard members.updateValue(element, forKey: key) == nil else {
                at = start
                throw failure("the member \(JSON.string(key).text()) occurs twice")
            }
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw failure("',' or '}' is expected") }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        at += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw failure("',' or ']' is expected") }
        }
    }

    private mutating func string() throws(JSONError) -> String {
        at += 1
        // Most strings hold nothing that needs another form.
        let start = at
        while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { at += 1 }
        if peek == UInt8(ascii: "\"") {
            guard let result = String(validating: bytes[start..<at], as: UTF8.self) else {
                throw failure("the string is not valid UTF-8")
            }
            at += 1
            return result
        }
        var text = Array(bytes[start..<at])
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else {
                    throw failure("the string is not valid UTF-8")
                }
                at += 1
                return result
            case UInt8(ascii: "\\"):
                at += 1
                try escape(into: &text)
            case 0..<0x20:
                throw failure("a control character in a string must be escaped")
            default:
                text.append(byte)
                at += 1
            }
        }
        throw failure("the string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = peek else { throw failure("the string does not end") }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += Array(String(Character(try unicodeEscape())).utf8)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> UnicodeScalar {
        let first = try fourHex()
        if let scalar = UnicodeScalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else { throw failure("a lone surrogate") }
        let second = try fourHex()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure("a lone surrogate") }
        return scalar
    }

    private mutating func fourHex() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw failure("four hexadecimal digits are expected")
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = at
        _ = take("-")
        if !take("0") { try digits() }
        var isWhole = true
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw failure("the number is out of range") }
        return .number(value)
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
        guard at > start else { throw failure("a digit is expected") }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSONError) -> JSON {
        for byte in word.utf8 {
            guard peek == byte else { throw failure("'\(word)' is expected") }
            at += 1
        }
        return value
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ scalar: UnicodeScalar) -> Bool {
        guard peek == UInt8(ascii: scalar) else { return false }
        at += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private func failure(_ problem: String, isLimit: Bool = false) -> JSONError {
        let before = bytes.prefix(at)
        let line = before.reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
        let lineStart = (before.lastIndex(of: 0x0A) ?? -1) + 1
        return JSONError(problem: problem, line: line, column: at - lineStart + 1, isLimit: isLimit)
    }
}
