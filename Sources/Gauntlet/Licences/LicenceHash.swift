/// The hashes of words and of sequences of words, as `scripts/licence-fingerprints` computes them.
enum LicenceHash {
    static let start: UInt64 = 0xCBF2_9CE4_8422_2325
    static let prime: UInt64 = 0x100_0000_01B3
    static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
    /// Words of the longest sequence that is told.
    static let longest = 65535

    /// The powers of the base up to the longest sequence.
    static let powers: [UInt64] = {
        var powers = [UInt64](repeating: 1, count: longest + 1)
        for index in 1...longest { powers[index] = powers[index - 1] &* base }
        return powers
    }()

    /// The end of a word's FNV-1a.
    @inline(__always)
    static func finish(_ value: UInt64) -> UInt64 {
        var value = value
        value ^= value >> 32
        value = value &* 0xD6E8_FEB8_6659_FD93
        return value ^ value >> 32
    }

    /// The 32 bits of a sequence's hash that are stored.
    @inline(__always)
    static func fold(_ value: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((value ^ value >> 29) &* 0xBF58_476D_1CE4_E5B9) >> 32)
    }

    /// The hash of one word in lower case.
    static func word(_ text: some StringProtocol) -> UInt64 {
        finish(text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* prime })
    }
}
