/// Tells which files, and which parts of them, are looked at for licences.
package enum LicenceTriggers {
    /// What the one pass looks for: whole words are for the look itself, these only say where it is worth one.
    package static let patterns = [
        "icense", "icence", "ICENSE", "edistribut", "EDISTRIBUT", "opyleft", "ublic domain", "ublic Domain",
        "izenz", "icenci", "icenza", "PUBLIC DOMAIN", "ermission is hereby", "ermission to use", "General Public",
        "GPL",
        // Disclaimers, so that the parts of a text that holds one meet each other.
        "WARRANT", "arranties", "LIABILIT", "AS IS",
    ]

    /// Bytes before a trigger that are looked at, and behind it.
    package static let reach = 600
    /// Bytes of the parts of one file, at most; files that are named for their licence are looked at as a whole.
    package static let maximumWindowBytes = 256 << 10

    /// Names, in lower case and up to the first dot or hyphen, of files that hold a licence.
    private static let names: Set<String> = [
        "license", "licence", "licenses", "licences", "copying", "copyright", "copyrights", "notice", "notices",
        "unlicense", "unlicence", "eula", "legal", "lesser", "patents", "third", "thirdparty", "third_party",
    ]

    /// Whether a path says that the whole file is about licences, as `LICENSE-MIT`, `COPYING.LESSER`, `gpl.license`.
    package static func isLicenceFile(_ path: String) -> Bool {
        let name = FileName.lowered(of: path)
        let first = name.utf8.prefix { !".-_".utf8.contains($0) }
        return names.contains(String(Substring(first))) || name.hasSuffix(".license") || name.hasSuffix(".licence")
            || name.hasSuffix("-license") || name.hasSuffix("-license.txt") || name.hasSuffix("_license.txt")
            || name.hasPrefix("third_party") || name.hasPrefix("thirdparty") || name.hasPrefix("third-party")
    }

    /// The parts of a file around the ends of triggers, joined where they meet; in order, bounded.
    ///
    /// - Parameter isProse: Whether the file is no program: where a quarter of it speaks of licences, all of it does.
    package static func windows(around ends: some Sequence<Int>, count: Int, isProse: Bool = false) -> [Range<Int>] {
        var windows: [Range<Int>] = []
        var room = maximumWindowBytes
        for end in ends {
            let window = max(0, end - reach)..<max(0, min(count, end + reach))
            guard !window.isEmpty else { continue }
            if let last = windows.last, window.lowerBound <= last.upperBound {
                let longer = max(last.upperBound, window.upperBound)
                room -= longer - last.upperBound
                windows[windows.count - 1] = last.lowerBound..<longer
            } else {
                room -= window.count
                windows.append(window)
            }
            if room <= 0 { break }
        }
        let covered = maximumWindowBytes - room
        return isProse && count <= maximumWindowBytes && covered * 4 >= count ? [0..<count] : windows
    }
}
