/// Writes rows as a JSON array of objects (RFC 8259) straight into bytes: with hundreds of rows a commit, building values
/// first would cost more than the statement. What is NULL is left out.
struct RowText {
    private var bytes: [UInt8] = [UInt8(ascii: "[")]
    private var isFirstRow = true
    private var isFirstMember = true

    /// Begins a row.
    mutating func begin() {
        if !isFirstRow { bytes.append(UInt8(ascii: ",")) }
        isFirstRow = false
        isFirstMember = true
        bytes.append(UInt8(ascii: "{"))
    }

    /// Ends a row.
    mutating func end() { bytes.append(UInt8(ascii: "}")) }

    /// The whole text.
    mutating func finish() -> String {
        bytes.append(UInt8(ascii: "]"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Adds a text.
    mutating func add(_ name: StaticString, _ text: String?) {
        guard let text else { return }
        key(name)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 { escape(byte) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a whole number.
    mutating func add(_ name: StaticString, _ number: Int64?) {
        guard let number else { return }
        key(name)
        bytes += String(number).utf8
    }

    /// Adds a number.
    mutating func add(_ name: StaticString, _ number: Double) {
        key(name)
        bytes += "\(number)".utf8
    }

    private mutating func key(_ name: StaticString) {
        if !isFirstMember { bytes.append(UInt8(ascii: ",")) }
        isFirstMember = false
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes += $0 }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0..<0x20:
            let digits = Array("0123456789abcdef".utf8)
            bytes += "\\u00".utf8
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        default: bytes.append(byte)
        }
    }
}
