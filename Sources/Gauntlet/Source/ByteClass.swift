/// What bytes are, by ASCII.
enum ByteClass {
    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }

    /// What a name holds: words, hyphens and dots.
    static func isName(_ byte: UInt8) -> Bool { isWord(byte) || byte == 0x2D || byte == 0x2E }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    static func isGraphic(_ byte: UInt8) -> Bool { byte > 0x20 && byte != 0x7F }

    static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x60 }

    static func isType(_ byte: UInt8) -> Bool { isWord(byte) || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "[") }

    /// An ASCII letter in lower case; every other byte as it is.
    @inline(__always)
    static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
