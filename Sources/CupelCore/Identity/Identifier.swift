/// A UUID of version 7 (RFC 9562, 5.7): sorts by the millisecond in which it was made.
///
/// `Kind` keeps identifiers of different things apart at compile time.
public struct Identifier<Kind>: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// A new identifier for this millisecond.
    public init(at moment: Timestamp = SystemTime().now) {
        var generator = SystemRandomNumberGenerator()
        self.init(at: moment, using: &generator)
    }

    /// A new identifier for a given millisecond and source of chance.
    public init(at moment: Timestamp, using generator: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(truncatingIfNeeded: moment.milliseconds) & 0xFFFF_FFFF_FFFF
        // The 12 bits after the version hold the fraction of the millisecond, so that order holds within it too.
        let fraction = UInt64(truncatingIfNeeded: (moment.microseconds - moment.milliseconds * 1000) * 4096 / 1000)
        high = milliseconds << 16 | 0x7000 | (fraction & 0xFFF)
        low = 0x8000_0000_0000_0000 | (generator.next() & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// Reads the 36-character form; `nil` when the text is not a UUID.
    public init?(_ text: some StringProtocol) {
        guard let (high, low) = UUIDText.read(text.utf8) else { return nil }
        self.high = high
        self.low = low
    }

    public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }

    public var description: String { UUIDText.write(high, low) }
}

/// The 36-character form of a UUID (RFC 9562, 4): apart from the generic type, so that it is compiled once and for all.
private enum UUIDText {
    static func write(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var place = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - index % 16 * 4)) & 0xF
                buffer[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
                place += 1
            }
            return 36
        }
    }

    static func read(_ text: some Collection<UInt8>) -> (UInt64, UInt64)? {
        guard text.count == 36 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        var place = 0
        var digits = 0
        for byte in text {
            defer { place += 1 }
            if place == 8 || place == 13 || place == 18 || place == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let nibble = nibble(byte) else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | nibble } else { words.1 = words.1 << 4 | nibble }
            digits += 1
        }
        return words
    }

    private static func nibble(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x61...0x66: UInt64(byte - 0x61 + 10)
        case 0x41...0x46: UInt64(byte - 0x41 + 10)
        default: nil
        }
    }
}
