/// What stands for the secrets of one call: `CUPEL_SECRET_`, twelve hexadecimal digits that nobody can guess and that
/// stand nowhere in the prompt, `_`, and four for the secret's number. All are ASCII letters, digits and underscores
/// and of one length, so that no model has a reason to break one up and JSON has none to escape it.
///
/// It shows nothing when printed. The secrets are held here and nowhere else, for as long as the call: ``Secret`` would
/// keep each in the process's register for ever.
package struct Placeholders: Sendable {
    /// The most secrets of a call.
    package static let most = 1 << 16
    /// Bytes of each placeholder.
    package static let length = mark.count + 12 + 1 + 4

    private static let mark = Array("CUPEL_SECRET_".utf8)
    private static let digits = Array("0123456789abcdef".utf8)

    /// The bytes that all placeholders of this call begin with.
    let prefix: [UInt8]
    private var secrets: [[UInt8]] = []
    private var numbers: [[UInt8]: Int] = [:]

    /// Placeholders of a call.
    /// - Parameter nonce: what nobody can guess; its low 48 bits count.
    package init(nonce: UInt64) {
        prefix = Self.mark + Self.hex(nonce, digits: 12) + [UInt8(ascii: "_")]
    }

    /// How many secrets there are.
    package var count: Int { secrets.count }

    /// Whether there is none.
    package var isEmpty: Bool { secrets.isEmpty }

    /// The placeholder of a secret, the same for the same; `nil` when there are too many.
    mutating func placeholder(for secret: ArraySlice<UInt8>) -> [UInt8]? {
        let secret = Array(secret)
        if let number = numbers[secret] { return placeholder(number) }
        guard secrets.count < Self.most else { return nil }
        numbers[secret] = secrets.count
        secrets.append(secret)
        return placeholder(secrets.count - 1)
    }

    /// The secret of a number, escaped as often as it will stand inside JSON strings; `nil` when there is none.
    func secret(_ number: Int, escaped times: Int) -> [UInt8]? {
        guard secrets.indices.contains(number) else { return nil }
        return (0..<times).reduce(secrets[number]) { text, _ in Self.escaped(text) }
    }

    private func placeholder(_ number: Int) -> [UInt8] { prefix + Self.hex(UInt64(number), digits: 4) }

    private static func hex(_ value: UInt64, digits count: Int) -> [UInt8] {
        (0..<count).map { digits[Int(value >> UInt64(4 * (count - 1 - $0)) & 15)] }
    }

    /// The number that four hexadecimal digits in lower case stand for.
    static func number(_ bytes: some Sequence<UInt8>) -> Int? {
        bytes.reduce(0 as Int?) { value, byte in
            guard let value, let digit = digit(byte) else { return nil }
            return value << 4 | digit
        }
    }

    /// The value of a hexadecimal digit in lower case.
    static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }

    /// The text as it stands between the quotes of a JSON string (RFC 8259, 7).
    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 8)
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0x0A: result += Array("\\n".utf8)
            case 0x0D: result += Array("\\r".utf8)
            case 0x09: result += Array("\\t".utf8)
            case 0..<0x20: result += Array("\\u00".utf8) + hex(UInt64(byte), digits: 2)
            default: result.append(byte)
            }
        }
        return result
    }
}

extension Placeholders: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "\(secrets.count) placeholders" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
