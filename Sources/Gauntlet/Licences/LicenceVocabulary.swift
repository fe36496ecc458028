/// The words that reading a licence treats apart, by hash; the same as in `scripts/licence-fingerprints`.
struct LicenceVocabulary: Sendable {
    enum Role {
        case plain
        case dropped
        case spelt(UInt64)
    }

    static let shared = LicenceVocabulary()

    /// Each byte in lower case, 0 for what separates words.
    let folded: [UInt8]
    private let stop: Set<UInt64>
    private let spelling: [UInt64: UInt64]
    private let numbered: Set<UInt64>
    /// Whether a word with these upper 12 bits is anything but plain.
    private let special: [Bool]

    private init() {
        folded = (0..<256).map { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A, 0x80...0xFF: UInt8(byte)
            case 0x41...0x5A: UInt8(byte | 0x20)
            default: 0
            }
        }
        stop = Set(Self.stopWords.split(separator: " ").map { LicenceHash.word($0) })
        numbered = Set(Self.numberedWords.split(separator: " ").map { LicenceHash.word($0) })
        var spelling: [UInt64: UInt64] = [:]
        for pair in Self.spellings.split(separator: " ") {
            let parts = pair.split(separator: ":")
            if parts.count == 2 { spelling[LicenceHash.word(parts[0])] = LicenceHash.word(parts[1]) }
        }
        self.spelling = spelling
        var special = [Bool](repeating: false, count: 4096)
        for hash in Array(stop) + Array(spelling.keys) { special[Int(hash >> 52)] = true }
        self.special = special
    }

    @inline(__always)
    func role(of hash: UInt64) -> Role {
        guard special[Int(hash >> 52)] else { return .plain }
        if stop.contains(hash) { return .dropped }
        return spelling[hash].map { .spelt($0) } ?? .plain
    }

    /// Whether a number behind this word is a version or a place.
    func isNumbered(_ hash: UInt64) -> Bool { numbered.contains(hash) }

    /// Markup, entities and comment words.
    private static let stopWords = """
        a abbr alt amp apos blockquote body br bull class dd div dl dnl dt em gt h1 h2 h3 h4 h5 h6 hr href html img laquo \
        ldquo li lsquo lt mdash nbsp ndash ol p para pre quot raquo rdquo rel rem rsquo script semi span src strong \
        style tbody td th thead tr tt ul ulink x3c x3e
        """

    private static let numberedWords = """
        version v license licenses gpl lgpl agpl mpl epl cddl bsd apache section sections clause clauses paragraph \
        article appendix exhibit and or of to
        """

    private static let spellings = """
        licence:license licences:licenses licenced:licensed licencing:licensing licencee:licensee \
        licencees:licensees licencor:licensor licencors:licensors sublicence:sublicense sublicences:sublicenses \
        sublicenced:sublicensed sublicencing:sublicensing licenceable:licensable licencable:licensable \
        merchantibility:merchantability organisation:organization organisations:organizations https:http
        """
}
