/// Pairs of letters that are common in words, as bits, for looking at many names quickly.
struct LetterPairs {
    /// A row of bits for each first letter, by the letters' lowest five bits.
    let rows: UnsafePointer<UInt32>

    /// The one table, of the pairs that ``WordLikeness`` knows; ``init(rows:)`` takes it.
    static let shared: [UInt32] = (0..<32).map { first -> UInt32 in
        guard (1...26).contains(first) else { return 0 }
        return (1...26).reduce(UInt32(0)) { row, second in
            let pair = [UInt8(0x60 + first), UInt8(0x60 + second)]
            return WordLikeness.share(String(decoding: pair, as: UTF8.self)) > 0 ? row | 1 << UInt32(second) : row
        }
    }

    /// How many of the pairs of neighbouring letters in a name are common, and how many there are.
    @inline(__always)
    func count(_ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> (common: Int, all: Int) {
        var common = 0
        var all = 0
        var last = 0
        for index in start..<end {
            let byte = text[index]
            let letter = byte >= 0x41 && byte < 0x7F ? Int(byte & 31) : 0
            guard letter >= 1, letter <= 26 else {
                last = 0
                continue
            }
            if last != 0 {
                all &+= 1
                common &+= Int(rows[last] >> UInt32(letter) & 1)
            }
            last = letter
        }
        return (common, all)
    }
}
