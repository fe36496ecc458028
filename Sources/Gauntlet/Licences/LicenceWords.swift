/// The normalised words of a text: lower case, without markup, punctuation, quotes, comment leaders and list numbers.
///
/// Each word is a hash; sequences are told by the sums that stand before and behind them.
struct LicenceWords {
    /// Sums of the hashes: one more than there are words.
    private(set) var sums: [UInt64] = [0]
    /// Where each word begins and ends in the text.
    private(set) var starts: [UInt32] = []
    private(set) var ends: [UInt32] = []

    var count: Int { starts.count }

    /// Words of one text, at most; what comes after is not looked at.
    static let maximumWords = 1 << 20

    init(_ text: UnsafeRawBufferPointer, in ranges: [Range<Int>]) {
        let expected = ranges.reduce(0) { $0 + $1.count } / 6 + 16
        sums.reserveCapacity(expected)
        starts.reserveCapacity(expected)
        ends.reserveCapacity(expected)
        for (index, range) in ranges.enumerated() {
            // Nothing that matches reaches over a gap.
            if index > 0 { append(UInt64(index) &* 0x2545_F491_4F6C_DD1D, range.lowerBound, range.lowerBound) }
            read(text, range)
        }
    }

    /// The hash of one word.
    @inline(__always)
    func word(_ place: Int) -> UInt64 { sums[place &+ 1] &- sums[place] &* LicenceHash.base }

    /// The hash of a sequence of words.
    @inline(__always)
    func hash(_ start: Int, _ length: Int, _ powers: [UInt64]) -> UInt32 {
        LicenceHash.fold(sums[start &+ length] &- sums[start] &* powers[length])
    }

    private mutating func append(_ hash: UInt64, _ start: Int, _ end: Int) {
        sums.append(sums[sums.count - 1] &* LicenceHash.base &+ hash)
        starts.append(UInt32(truncatingIfNeeded: start))
        ends.append(UInt32(truncatingIfNeeded: end))
    }

    private mutating func read(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) {
        let vocabulary = LicenceVocabulary.shared
        let end = min(range.upperBound, text.count)
        var at = range.lowerBound
        var previous: UInt64 = 0
        vocabulary.folded.withUnsafeBufferPointer { folded in
            while at < end && count < Self.maximumWords {
                var byte = text[at]
                var letter = folded[Int(byte)]
                if letter == 0 {
                    at += 1
                    continue
                }
                if byte >= 0x80, let width = Self.separator(text, at, end) {
                    at += width
                    continue
                }
                let start = at
                var hash = LicenceHash.start
                var hasPlus = false
                while true {
                    // Letters with accents in lower case too, as far as Latin-1 has them.
                    if byte >= 0x80, byte <= 0x9E, at > start, text[at - 1] == 0xC3 { letter = byte | 0x20 }
                    hash = (hash ^ UInt64(letter)) &* LicenceHash.prime
                    at += 1
                    guard at < end else { break }
                    byte = text[at]
                    letter = folded[Int(byte)]
                    if letter == 0 {
                        guard byte == UInt8(ascii: "+"), !hasPlus else { break }
                        hasPlus = true
                        letter = byte
                    } else if byte >= 0x80, Self.separator(text, at, end) != nil {
                        break
                    }
                }
                hash = LicenceHash.finish(hash)
                if at - start <= 2, Self.isListNumber(text, start, at, end, vocabulary.isNumbered(previous)) {
                    continue
                }
                switch vocabulary.role(of: hash) {
                case .plain: break
                case .dropped: continue
                case .spelt(let other): hash = other
                }
                previous = hash
                append(hash, start, at)
            }
        }
    }

    /// How many bytes of punctuation beyond ASCII stand here: Latin-1 signs, general punctuation, a byte order mark.
    @inline(__always)
    private static func separator(_ text: UnsafeRawBufferPointer, _ at: Int, _ end: Int) -> Int? {
        let next = at + 1 < end ? text[at + 1] : 0
        switch text[at] {
        case 0xC2: return next >= 0x80 && next <= 0xBF ? 2 : nil
        case 0xE2: return next >= 0x80 && next <= 0xAF ? min(3, end - at) : nil
        case 0xE3: return next == 0x80 ? min(3, end - at) : nil
        case 0xEF: return next == 0xBB && at + 2 < end && text[at + 2] == 0xBF ? 3 : nil
        default: return nil
        }
    }

    /// Whether a short word is the number of a list's item, or the c of a copyright sign.
    private static func isListNumber(
        _ text: UnsafeRawBufferPointer,
        _ start: Int,
        _ end: Int,
        _ limit: Int,
        _ isNumbered: Bool
    ) -> Bool {
        let word = text[start..<end]
        let isNumber = word.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        let first = text[start] | 0x20
        guard isNumber || (word.count == 1 && first >= 0x61 && first <= 0x7A && first != UInt8(ascii: "v")) else {
            return false
        }
        let before = start > 0 ? text[start - 1] : 0x20
        let after = end < limit ? text[end] : 0
        if !isNumber, first == UInt8(ascii: "c"), before == UInt8(ascii: "("), after == UInt8(ascii: ")") {
            return true
        }
        if [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "_"), 0x27, 0x2B].contains(before) {
            return false
        }
        guard after == UInt8(ascii: ".") || after == UInt8(ascii: ")") else { return false }
        if end + 1 < limit, ![0x20, 0x0A, 0x09, 0x0D].contains(text[end + 1]) { return false }
        return !isNumbered
    }
}
