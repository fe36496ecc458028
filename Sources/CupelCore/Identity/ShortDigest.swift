/// The SHA-256 digest (FIPS 180-4) of at most 55 bytes, which are one block: made without an allocation, and held in four
/// words, so that it is a quick key of a table.
package struct ShortDigest: Sendable, Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// The most bytes that a block holds beside its padding.
    package static let maximumBytes = 55

    /// The digest of some bytes; `nil` when there are more than ``maximumBytes``.
    package init?(of bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Self.maximumBytes else { return nil }
        words = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { schedule in
            for word in 0..<16 {
                var value: UInt32 = 0
                for at in word * 4..<word * 4 + 4 {
                    let byte: UInt8 = at < bytes.count ? bytes[at] : at == bytes.count ? 0x80 : 0
                    value = value << 8 | UInt32(byte)
                }
                schedule[word] = value
            }
            schedule[15] = UInt32(bytes.count * 8)
            return Self.compress(schedule)
        }
    }

    /// The digest of a text's UTF-8.
    package init?(of text: String) {
        var text = text
        guard let digest = text.withUTF8({ ShortDigest(of: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = digest
    }

    /// A digest that was made elsewhere.
    package init(_ digest: Digest) {
        func word(_ at: Int) -> UInt64 { digest.bytes[at..<at + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        words = (word(0), word(8), word(16), word(24))
    }

    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    /// The bits are as good as random, so that a part of them tells as much as all.
    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

    /// One round of the compression function from the initial state (6.2.2).
    private static func compress(_ schedule: UnsafeMutableBufferPointer<UInt32>) -> (UInt64, UInt64, UInt64, UInt64) {
        func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }
        for word in 16..<64 {
            let (x, y) = (schedule[word - 15], schedule[word - 2])
            let s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3)
            let s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10)
            schedule[word] = schedule[word - 16] &+ s0 &+ schedule[word - 7] &+ s1
        }
        var (a, b, c, d): (UInt32, UInt32, UInt32, UInt32) = (0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a)
        var (e, f, g, h): (UInt32, UInt32, UInt32, UInt32) = (0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19)
        let start = (a, b, c, d, e, f, g, h)
        SHA256.constants.withUnsafeBufferPointer { constants in
            for round in 0..<64 {
                let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
                let one = h &+ s1 &+ ((e & f) ^ (~e & g)) &+ constants[round] &+ schedule[round]
                let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
                let two = s0 &+ ((a & b) ^ (a & c) ^ (b & c))
                (h, g, f, e, d, c, b, a) = (g, f, e, d &+ one, c, b, a, one &+ two)
            }
        }
        func pair(_ high: UInt32, _ low: UInt32) -> UInt64 { UInt64(high) << 32 | UInt64(low) }
        return (
            pair(start.0 &+ a, start.1 &+ b), pair(start.2 &+ c, start.3 &+ d),
            pair(start.4 &+ e, start.5 &+ f), pair(start.6 &+ g, start.7 &+ h)
        )
    }
}
