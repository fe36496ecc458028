/// Reads the names of the GNU licences as a person does: which one, which version, and whether later ones do.
///
/// Notices are reworded in endless ways; what stands fast is the name, the version near it, and a few words between.
struct LicenceNames {
    /// A name in the words of a text.
    struct Name {
        var family: Family
        /// As SPDX writes it, `2.0`; `nil` where none is said.
        var version: String?
        var hasLater: Bool
        var words: Range<Int>

        /// What SPDX calls it. Without a version the licences themselves let one choose any.
        var identifier: String {
            guard let version else { return "\(family.rawValue)-\(family.versions[0])-or-later" }
            return "\(family.rawValue)-\(version)-\(hasLater ? "or-later" : "only")"
        }
    }

    enum Family: String {
        case gpl = "GPL"
        case lgpl = "LGPL"
        case agpl = "AGPL"

        /// The versions there are; the first stands for a name without one.
        var versions: [String] {
            switch self {
            case .gpl: ["1.0", "2.0", "3.0"]
            case .lgpl: ["2.0", "2.1", "3.0"]
            case .agpl: ["3.0", "1.0"]
            }
        }
    }

    /// What the best known of them is called where no version stands.
    static let unversioned = Family.gpl.rawValue + "-1.0-or-later"
    /// The families, as identifiers begin.
    static let families: Set<Substring> = ["GPL", "LGPL", "AGPL"]

    /// Words between a name and its version, at most.
    private static let reach = 14
    /// Words before a name in which it is said what the name is for.
    private static let contextReach = 14
    /// Words of its sentence before a name in which it may turn out to be talk.
    private static let talkReach = 24
    /// Names in one text, at most.
    private static let maximumNames = 2000

    let words: LicenceWords
    let text: UnsafeRawBufferPointer

    /// Every name in a part of the text, in order.
    func names(in range: Range<Int>) -> [Name] {
        var found: [Name] = []
        var place = range.lowerBound
        while place < range.upperBound, found.count < Self.maximumNames {
            if let name = name(at: place, limit: range.upperBound) {
                found.append(name)
                place = max(place + 1, name.words.upperBound)
            } else {
                place += 1
            }
        }
        return found
    }

    /// The names that put something under a licence, as statements.
    func hits() -> [LicenceHit] {
        names(in: 0..<words.count).compactMap { name in
            guard isGrant(name) else { return nil }
            return LicenceHit(
                rule: LicenceFields.nameRule,
                words: name.words,
                matched: name.words.count,
                coverage: 1,
                density: 1,
                expression: .licence(name.identifier)
            )
        }
    }

    private func name(at place: Int, limit: Int) -> Name? {
        let lexicon = GNULexicon.shared
        let word = words.word(place)
        guard lexicon.isLead(word) else { return nil }
        var name: Name
        if let acronym = lexicon.acronyms[word] {
            name = Name(family: acronym.family, version: nil, hasLater: acronym.hasPlus, words: place..<place + 1)
            if let major = acronym.major {
                let (text, end) = number(major, at: place, limit)
                name.version = version(text, of: name.family)
                name.words = place..<end
            }
        } else if let spelt = spelt(at: place, limit) {
            name = spelt
        } else {
            return nil
        }
        if name.version == nil { addVersion(to: &name, limit) }
        if name.version != nil, !name.hasLater { addLater(to: &name, limit) }
        return name
    }

    /// "General Public License" with what stands before it.
    private func spelt(at place: Int, _ limit: Int) -> Name? {
        let lexicon = GNULexicon.shared
        let isGeneral = words.word(place) == lexicon.general
        let publicPlace = isGeneral ? place + 1 : place
        guard publicPlace + 1 < limit, words.word(publicPlace) == lexicon.publicWord,
            words.word(publicPlace + 1) == lexicon.license
        else { return nil }
        let before = place > 0 ? words.word(place - 1) : 0
        let family: Family
        if before == lexicon.lesser || before == lexicon.library {
            family = .lgpl
        } else if before == lexicon.affero {
            family = .agpl
        } else if isGeneral, place == 0 || lexicon.beforeGeneral.contains(before) {
            family = .gpl
        } else {
            return nil
        }
        var start = place
        while start > 0, place - start < 4, lexicon.partsOfName.contains(words.word(start - 1)) { start -= 1 }
        return Name(family: family, version: nil, hasLater: false, words: start..<publicPlace + 2)
    }

    /// The version behind a name, or before it: "version 2 of the GNU ...".
    private func addVersion(to name: inout Name, _ limit: Int) {
        let lexicon = GNULexicon.shared
        var at = name.words.upperBound
        let end = min(limit, at + Self.reach)
        var isAnnounced = true
        while at < end {
            let word = words.word(at)
            if let digits = lexicon.numbers[word], isAnnounced || digits.isMarked {
                let (text, next) = number(digits.major, at: at, limit)
                guard let version = version(text, of: name.family) else { break }
                name.version = version
                name.hasLater = name.hasLater || digits.hasPlus || hasPlus(next - 1)
                name.words = name.words.lowerBound..<next
                return
            }
            isAnnounced = lexicon.announcing.contains(word) || (isAnnounced && lexicon.acronyms[word] != nil)
            guard isAnnounced || lexicon.filling.contains(word) || lexicon.acronyms[word] != nil else { break }
            at += 1
        }
        addVersionBefore(to: &name)
    }

    private func addVersionBefore(to name: inout Name) {
        let lexicon = GNULexicon.shared
        var at = name.words.lowerBound - 1
        var isLater = false
        while at >= 0, name.words.lowerBound - at <= 10 {
            let word = words.word(at)
            if lexicon.later.contains(word) { isLater = true }
            if let digits = lexicon.numbers[word] {
                // "2.1" are two words: the first of them counts.
                let isMinor =
                    at > 0 && words.starts[at] == words.ends[at - 1] + 1 && lexicon.numbers[words.word(at - 1)] != nil
                let place = isMinor ? at - 1 : at
                let isAnnounced = place > 0 && lexicon.announcing.contains(words.word(place - 1))
                let major = lexicon.numbers[words.word(place)]
                guard let major, isAnnounced || major.isMarked else { return }
                let (text, _) = number(major.major, at: place, name.words.lowerBound)
                guard let version = version(text, of: name.family) else { return }
                name.version = version
                name.hasLater = name.hasLater || isLater || major.hasPlus || digits.hasPlus
                name.words = max(0, place - 1)..<name.words.upperBound
                return
            }
            guard lexicon.between.contains(word) || lexicon.later.contains(word) else { return }
            at -= 1
        }
    }

    /// "or any later version" behind the version.
    private func addLater(to name: inout Name, _ limit: Int) {
        let lexicon = GNULexicon.shared
        let start = name.words.upperBound
        for at in start..<max(start, min(limit, start + 12)) {
            let word = words.word(at)
            if lexicon.later.contains(word) {
                name.hasLater = true
                name.words = name.words.lowerBound..<at + 1
                return
            }
            guard lexicon.beforeLater.contains(word) || lexicon.acronyms[word] != nil else { return }
        }
    }

    /// A version's text and where it ends: the number behind the point is a word of its own.
    private func number(_ major: String, at place: Int, _ limit: Int) -> (String, Int) {
        let next = place + 1
        guard next < limit, words.starts[next] == words.ends[place] + 1,
            let minor = GNULexicon.shared.numbers[words.word(next)], !minor.isMarked || minor.hasPlus
        else { return (major, next) }
        return (major + "." + minor.major, next + 1)
    }

    private func hasPlus(_ place: Int) -> Bool { GNULexicon.shared.numbers[words.word(place)]?.hasPlus ?? false }

    private func version(_ text: String, of family: Family) -> String? {
        let full = text.contains(".") ? text : text + ".0"
        return family.versions.contains(full) ? full : nil
    }

    /// Whether the same sentence says before that it speaks of licences rather than grants one.
    func isTalk(_ range: Range<Int>) -> Bool {
        let start = range.lowerBound
        return (max(0, start - Self.talkReach)..<start).contains { place in
            GNULexicon.shared.contrasting.contains(words.word(place)) && !isSentenceEnd(place, start)
        }
    }

    /// Whether a sentence or a paragraph ends between two words.
    private func isSentenceEnd(_ place: Int, _ other: Int) -> Bool {
        var previous: UInt8 = 0
        for byte in text[Int(words.ends[place])..<max(Int(words.ends[place]), Int(words.starts[other]))] {
            if previous == UInt8(ascii: "."), byte == 0x20 || byte == 0x0A { return true }
            if previous == 0x0A, byte == 0x0A { return true }
            previous = byte
        }
        return false
    }

    /// Whether the words around say that something is under the licence, rather than speak of it.
    private func isGrant(_ name: Name) -> Bool {
        let lexicon = GNULexicon.shared
        let start = name.words.lowerBound
        let before = max(0, start - Self.contextReach)..<start
        guard before.contains(where: { lexicon.granting.contains(words.word($0)) }),
            !isTalk(name.words)
        else { return false }
        // A bare acronym stands in many lists; a grant puts a word of its own right before it.
        let close = max(0, start - 6)..<start
        if name.words.count == 1, name.version == nil,
            !close.contains(where: { lexicon.putting.contains(words.word($0)) })
        {
            return false
        }
        let near = max(0, start - 6)..<min(words.count, name.words.upperBound + 4)
        return !near.contains { lexicon.denying.contains(words.word($0)) }
    }
}
