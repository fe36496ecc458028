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
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return nil }
        var nibbles: [UInt64] = []
        for (index, byte) in bytes.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard let nibble = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
                nibbles.append(UInt64(nibble))
            }
        }
        high = nibbles[..<16].reduce(0) { $0 << 4 | $1 }
        low = nibbles[16...].reduce(0) { $0 << 4 | $1 }
    }

    public static func < (left: Self, right: Self) -> Bool { (left.high, left.low) < (right.high, right.low) }

    public var description: String {
        let hex = paddedHex(high) + paddedHex(low)
        var result = ""
        for (index, character) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { result.append("-") }
            result.append(character)
        }
        return result
    }
}

private func paddedHex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}
