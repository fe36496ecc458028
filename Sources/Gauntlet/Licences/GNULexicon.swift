/// The words, by hash, that ``LicenceNames`` reads.
struct GNULexicon: Sendable {
    struct Acronym: Sendable {
        var family: LicenceNames.Family
        var major: String?
        var hasPlus: Bool
    }

    struct Number: Sendable {
        var major: String
        /// Written as `v2` or `2+`: a version even where nothing announces one.
        var isMarked: Bool
        var hasPlus: Bool
    }

    static let shared = GNULexicon()

    let general = LicenceHash.word("general")
    let publicWord = LicenceHash.word("public")
    let license = LicenceHash.word("license")
    let lesser = LicenceHash.word("lesser")
    let library = LicenceHash.word("library")
    let affero = LicenceHash.word("affero")

    /// `gpl`, `lgplv3`, `agpl3+` and the like.
    let acronyms: [UInt64: Acronym]
    /// `2`, `v3`, `1+` and the like.
    let numbers: [UInt64: Number]
    let beforeGeneral = Self.set("gnu the under foundation fsf s or and this of general per gnus")
    let partsOfName = Self.set("gnu lesser library affero")
    let announcing = Self.set("version versions ver v release")
    let filling = Self.set(
        "as published by the free software foundation inc either in its terms of fsf gnu or license lesser library"
    )
    let between = Self.set("of the gnu terms license or any version at your option and under either")
    let later = Self.set("later newer above greater higher upwards onwards")
    let beforeLater = Self.set(
        "of the license or at your option and any its choice if you like prefer version versions as published by free software foundation"
    )
    let granting = Self.set(
        "under license licensed licenses terms released distributed covered governed redistribute protected subject "
            + "available conditions licensing copying relicensed"
    )
    /// Those of them that no list of words has.
    let putting = Self.set("under licensed terms released distributed covered governed relicensed")
    /// Words close by that turn a grant into talk.
    let denying = Self.set(
        "compatible incompatible compatibility incompatibility not unlike except versus instead such"
    )
    /// Words that do so from further away.
    let contrasting = Self.set("doesn isn don unlike mean means compatible compatibility whereas recommend")
    private let leads: [Bool]

    private init() {
        var acronyms: [UInt64: Acronym] = [:]
        for (text, family) in [("gpl", LicenceNames.Family.gpl), ("lgpl", .lgpl), ("agpl", .agpl)] {
            for middle in ["", "v"] {
                for major in ["", "1", "2", "3"] where !(middle == "v" && major.isEmpty) {
                    for plus in ["", "+"] {
                        acronyms[LicenceHash.word(text + middle + major + plus)] = Acronym(
                            family: family,
                            major: major.isEmpty ? nil : major,
                            hasPlus: !plus.isEmpty
                        )
                    }
                }
            }
        }
        self.acronyms = acronyms
        var numbers: [UInt64: Number] = [:]
        for major in ["0", "1", "2", "3"] {
            for middle in ["", "v"] {
                for plus in ["", "+"] {
                    numbers[LicenceHash.word(middle + major + plus)] = Number(
                        major: major,
                        isMarked: !(middle + plus).isEmpty,
                        hasPlus: !plus.isEmpty
                    )
                }
            }
        }
        self.numbers = numbers
        var leads = [Bool](repeating: false, count: 4096)
        for hash in Array(acronyms.keys) + [LicenceHash.word("general"), LicenceHash.word("public")] {
            leads[Int(hash >> 52)] = true
        }
        self.leads = leads
    }

    /// Whether a name may begin with this word; almost no other word passes.
    @inline(__always)
    func isLead(_ word: UInt64) -> Bool { leads[Int(word >> 52)] }

    private static func set(_ words: String) -> Set<UInt64> {
        Set(words.split(separator: " ").map { LicenceHash.word($0) })
    }
}
