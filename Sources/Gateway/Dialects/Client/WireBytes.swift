import CupelCore

/// Writes JSON and server-sent events straight into bytes.
struct WireBytes {
    private(set) var bytes: [UInt8] = []

    /// Adds text as it is.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Adds bytes as they are.
    mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    /// Adds a number.
    mutating func number(_ value: Int) { bytes.append(contentsOf: String(value).utf8) }

    /// Adds a value.
    mutating func json(_ value: JSON) { bytes.append(contentsOf: value.text().utf8) }

    /// Adds a JSON string (RFC 8259, 7).
    mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var copy = text
        copy.withUTF8 { escaped($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds text as the inside of a JSON string.
    private mutating func escaped(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for (index, byte) in text.enumerated() {
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            bytes.append(contentsOf: text[start..<index])
            start = index + 1
            switch byte {
            case UInt8(ascii: "\""): raw("\\\"")
            case UInt8(ascii: "\\"): raw("\\\\")
            case 0x0A: raw("\\n")
            case 0x0D: raw("\\r")
            case 0x09: raw("\\t")
            default:
                raw("\\u00")
                bytes.append(Self.digit(byte >> 4))
                bytes.append(Self.digit(byte & 15))
            }
        }
        bytes.append(contentsOf: text[start...])
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// Gives what was written, and begins again.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
