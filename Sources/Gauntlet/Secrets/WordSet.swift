/// A set of lower-case words that bytes are looked up in.
struct WordSet: Sendable {
    private let words: Set<[UInt8]>
    /// The first letters and the lengths that there are, a bit each: most of what is asked for ends there.
    private let firsts: UInt64
    private let lengths: UInt64

    init(_ words: [String]) {
        self.words = Set(words.map { Array($0.utf8) })
        firsts = words.reduce(0) { $0 | Self.bit(of: $1.utf8.first ?? 0) }
        lengths = words.reduce(0) { $0 | 1 << UInt64(min(63, $1.utf8.count)) }
    }

    private static func bit(of byte: UInt8) -> UInt64 { 1 << UInt64(byte & 63) }

    /// Whether the bytes of a range, taken as lower case, are one of the words.
    func contains(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard let first = range.first, lengths & 1 << UInt64(min(63, range.count)) != 0,
            firsts & Self.bit(of: ByteClass.lowered(text[first])) != 0
        else { return false }
        return words.contains(text[range].map(ByteClass.lowered))
    }
}
