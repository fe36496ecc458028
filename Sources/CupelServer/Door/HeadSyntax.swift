import NIOHTTP1

/// Small questions about header text, over bytes and without allocation.
enum HeadSyntax {
    /// The most digits of a Content-Length; more would not fit a 64-bit integer.
    static let maximumLengthDigits = 18
    /// The longest host with its port.
    static let maximumHostBytes = 261

    /// Whether a text is a lower-case one, whatever its own case.
    static func equal(_ text: some StringProtocol, _ lowercase: StaticString) -> Bool {
        lowercase.withUTF8Buffer { expected in
            text.utf8.count == expected.count && zip(text.utf8, expected).allSatisfy { lowered($0) == $1 }
        }
    }

    /// Whether a value stays within its line: no control byte but the tab.
    static func isLine(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// Whether a value is a plain decimal number of bytes.
    static func isLength(_ value: String) -> Bool {
        (1...maximumLengthDigits).contains(value.utf8.count) && value.utf8.allSatisfy(isDigit)
    }

    /// Whether a value is `uri-host [":" port]` (RFC 9110, 7.2; RFC 3986, 3.2.2), not empty.
    static func isHost(_ value: String) -> Bool {
        let bytes = value.utf8
        guard !bytes.isEmpty, bytes.count <= maximumHostBytes else { return false }
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let literal = bytes[bytes.index(after: bytes.startIndex)..<end]
            return literal.count >= 2 && literal.allSatisfy(isLiteral) && isPort(bytes[bytes.index(after: end)...])
        }
        let name = bytes.prefix { $0 != UInt8(ascii: ":") }
        return !name.isEmpty && name.allSatisfy(isName) && isPort(bytes[name.endIndex...])
    }

    /// Whether the Connection header lists a token.
    static func connection(_ headers: HTTPHeaders, names token: StaticString) -> Bool {
        headers[canonicalForm: "connection"].contains { equal($0, token) }
    }

    /// Whether a WebSocket key is the base64 of 16 bytes (RFC 6455, 4.2.1).
    static func isWebSocketKey(_ value: String) -> Bool {
        let bytes = value.utf8
        return bytes.count == 24 && value.hasSuffix("==")
            && bytes.prefix(22).allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2B || $0 == 0x2F }
    }

    private static func isPort(_ rest: Substring.UTF8View) -> Bool {
        guard let first = rest.first else { return true }
        return first == UInt8(ascii: ":") && rest.count <= 6 && rest.dropFirst().allSatisfy(isDigit)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || [0x2D, 0x2E, 0x5F, 0x7E, 0x25].contains(byte)  // - . _ ~ %
    }

    private static func isLiteral(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(lowered(byte)) || byte == 0x3A || byte == 0x2E  // : .
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(lowered(byte)) }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
