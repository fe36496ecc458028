import CLicences
import CupelCore

/// The fingerprints of known licences, read in place: hashes of word sequences, and the expressions they stand for.
///
/// `scripts/licence-fingerprints` makes them and describes the format. A rule is a sequence of words that says
/// something of a licence: a text, a notice, a reference, a tag; it is told by its number.
package struct LicenceIndex: Sendable {
    /// The format that is understood.
    static let format: UInt32 = 1
    /// Words of a shingle, and of an anchor at most.
    static let gram = 4

    /// Numbers in the file, read without regard to alignment.
    struct Table<Number: FixedWidthInteger & Sendable>: Sendable {
        let bytes: LicenceBytes
        let count: Int

        init(_ bytes: LicenceBytes) {
            self.bytes = bytes
            count = bytes.count / MemoryLayout<Number>.size
        }

        /// A number of the table; 0 beyond its end, which the checks of ``LicenceIndex/init(_:)`` rule out.
        subscript(index: Int) -> Number {
            guard index >= 0, index < count else { return 0 }
            return Number(
                littleEndian: bytes.raw.loadUnaligned(
                    fromByteOffset: index &* MemoryLayout<Number>.size,
                    as: Number.self
                )
            )
        }
    }

    /// All of it.
    let bytes: LicenceBytes
    let hashes: Table<UInt32>
    let lengths: Table<UInt16>
    let anchorPlaces: Table<UInt16>
    let expressionNumbers: Table<UInt16>
    let kinds: Table<UInt8>
    let relevances: Table<UInt8>
    let leastCoverages: Table<UInt8>
    let shingleTotals: Table<UInt16>
    let anchorStarts: Table<UInt32>
    let anchorHashes: Table<UInt16>
    let anchorRules: Table<UInt16>
    let shingleStarts: Table<UInt32>
    let shingles: Table<UInt8>
    let phraseStarts: Table<UInt16>
    let phrases: LicenceBytes
    let expressions: LicenceStrings
    let identifiers: LicenceStrings
    let currentNames: LicenceStrings
    let categories: Table<UInt8>
    /// One bit for each value of the anchors' upper 18 bits, so that most look-ups end in the first cache.
    let anchorFilter: [UInt64]
    /// Powers of the base of the sequence hash.
    let powers: [UInt64]

    /// How many rules can be matched nearly; they have the lowest numbers.
    var nearCount: Int { leastCoverages.count }

    /// The fingerprints that come with the binary; `nil` only if they were damaged, which a test rules out.
    package static let builtIn: LicenceIndex? = try? LicenceIndex(
        UnsafeRawBufferPointer(start: clicences_fingerprints(), count: Int(clicences_fingerprints_length()))
    )

    /// The bytes of the fingerprints that come with the binary, for those who measure or damage them.
    package static func builtInBytes() -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: clicences_fingerprints(), count: Int(clicences_fingerprints_length())))
    }

    /// Takes over fingerprints, which must outlive the index.
    /// - Throws: `validation_error` when the bytes are no fingerprints or are damaged.
    package init(_ raw: UnsafeRawBufferPointer) throws {
        let file = LicenceBytes(raw)
        bytes = file
        let sections = try LicenceSections(file)
        hashes = Table(sections[0])
        lengths = Table(sections[1])
        anchorPlaces = Table(sections[2])
        expressionNumbers = Table(sections[3])
        kinds = Table(sections[4])
        relevances = Table(sections[5])
        leastCoverages = Table(sections[6])
        shingleTotals = Table(sections[7])
        anchorStarts = Table(sections[8])
        anchorHashes = Table(sections[9])
        anchorRules = Table(sections[10])
        shingleStarts = Table(sections[11])
        shingles = Table(sections[12])
        phraseStarts = Table(sections[13])
        phrases = sections[14]
        expressions = try LicenceStrings(sections[15])
        identifiers = try LicenceStrings(sections[16])
        currentNames = try LicenceStrings(sections[17])
        categories = Table(sections[18])
        powers = LicenceHash.powers
        anchorFilter = Self.filter(starts: anchorStarts, hashes: anchorHashes)
        try checkTables()
    }

    private func checkTables() throws {
        let rules = hashes.count
        let sameLength = [lengths.count, anchorPlaces.count, expressionNumbers.count, kinds.count, relevances.count]
        guard rules > 0, sameLength.allSatisfy({ $0 == rules }), anchorRules.count == rules,
            anchorHashes.count == rules, nearCount <= rules, shingleTotals.count == nearCount,
            anchorStarts.count == 65537, shingleStarts.count == 65537, phraseStarts.count == nearCount + 1,
            identifiers.count == currentNames.count, identifiers.count == categories.count
        else { throw LicenceSections.damaged }
        for bucket in 0..<65536 {
            guard anchorStarts[bucket] <= anchorStarts[bucket + 1], shingleStarts[bucket] <= shingleStarts[bucket + 1]
            else { throw LicenceSections.damaged }
        }
        guard Int(anchorStarts[65536]) == rules, Int(shingleStarts[65536]) == shingles.count else {
            throw LicenceSections.damaged
        }
    }

    private static func filter(starts: Table<UInt32>, hashes: Table<UInt16>) -> [UInt64] {
        var bits = [UInt64](repeating: 0, count: (1 << 18) / 64)
        for bucket in 0..<max(0, starts.count - 1) {
            let end = min(Int(starts[bucket + 1]), hashes.count)
            for entry in min(Int(starts[bucket]), end)..<end {
                let place = bucket << 2 | Int(hashes[entry] >> 14)
                bits[place >> 6] |= 1 << UInt64(place & 63)
            }
        }
        return bits
    }

    /// Whether a rule may have this anchor.
    @inline(__always)
    func mayAnchor(_ hash: UInt32) -> Bool {
        let place = Int(hash >> 14)
        return anchorFilter[place >> 6] >> UInt64(place & 63) & 1 == 1
    }

    /// The expression of a rule, as the script wrote it.
    func expression(of rule: Int) -> String { expressions[Int(expressionNumbers[rule])] }

    /// What kind of statement a rule is.
    func kind(of rule: Int) -> LicenceRuleKind { LicenceRuleKind(rawValue: kinds[rule] & 15) ?? .reference }

    /// Whether a rule is the text of a licence as its steward publishes it.
    func isOriginal(_ rule: Int) -> Bool { kinds[rule] & 32 != 0 }

    /// Whether a rule speaks of several licences.
    func isJoint(_ rule: Int) -> Bool { kinds[rule] & 64 != 0 }

    /// The number of an identifier, whatever its case.
    func number(ofIdentifier name: String) -> Int? {
        let wanted = Array(name.lowercased().utf8)
        var low = 0
        var high = identifiers.count
        while low < high {
            let middle = (low + high) / 2
            if identifiers.precedes(middle, wanted) { low = middle + 1 } else { high = middle }
        }
        return low < identifiers.count && identifiers.equals(low, wanted) ? low : nil
    }

    /// What an identifier is called now, with the right case; `nil` when it is not known.
    package func currentName(of identifier: String) -> String? {
        number(ofIdentifier: identifier).map { currentNames[$0] }
    }

    /// What sort of licence an identifier names; `nil` when it is not known.
    package func category(of identifier: String) -> LicenceCategory? {
        number(ofIdentifier: identifier).flatMap { LicenceCategory(rawValue: categories[$0] & 0x7F) }
    }

    /// Whether an identifier names an exception, which stands behind WITH alone.
    func isException(_ identifier: String) -> Bool {
        number(ofIdentifier: identifier).map { categories[$0] & 0x80 != 0 } ?? false
    }
}

/// What kind of statement a rule is, numbered as in the fingerprints.
enum LicenceRuleKind: UInt8 {
    case text
    case notice
    case reference
    case tag
    /// Announces a licence and names none.
    case intro
    /// Says something near to licensing, and no licence.
    case clue
    /// Looks like a licence and is none.
    case falsePositive
}

/// What sort of licence an identifier names, numbered as in the fingerprints.
package enum LicenceCategory: UInt8, Sendable, Hashable {
    case permissive
    case publicDomain
    case weakCopyleft
    case copyleft
    case proprietaryFree
    case commercial
    case restricted
    case sourceAvailable
    case contributorAgreement
    case patent
    case unstated
}
