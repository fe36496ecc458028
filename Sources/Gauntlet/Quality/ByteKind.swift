/// What a byte is to the counting pass; a bit each. Computed, since a stored static is asked for at every byte.
enum ByteKind {
    static var lower: UInt8 { 1 }
    static var upper: UInt8 { 2 }
    static var digit: UInt8 { 4 }
    static var underscore: UInt8 { 8 }
    /// Part of a character outside ASCII; counts as a letter.
    static var wide: UInt8 { 16 }
    /// Space, tab and carriage return.
    static var space: UInt8 { 32 }
    /// Punctuation that code has and prose has seldom.
    static var codeMark: UInt8 { 64 }
    /// The pass must stop and look.
    static var special: UInt8 { 128 }

    /// A byte of a name or number.
    static var word: UInt8 { 31 }
    /// A letter or digit.
    static var alphanumeric: UInt8 { 23 }

    /// The class of every byte.
    static let table: [UInt8] = (0...255).map { (byte: Int) -> UInt8 in
        let byte = UInt8(byte)
        switch byte {
        case 0x61...0x7A: return lower
        case 0x41...0x5A: return upper
        case 0x30...0x39: return digit
        case UInt8(ascii: "_"), UInt8(ascii: "$"): return underscore
        case 0x80...0xFF: return wide
        case 0x20, 0x09, 0x0D: return space
        case 0x0A: return special
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "\""), UInt8(ascii: "'"):
            return codeMark | special
        case UInt8(ascii: "#"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "<"), UInt8(ascii: "`"),
            UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "?"), UInt8(ascii: ":"), UInt8(ascii: "\\"):
            return special
        case UInt8(ascii: "+"), UInt8(ascii: "*"): return codeMark
        default: return 0
        }
    }
}
