import CupelCore

/// The version of all that decides what is found: rules, signals and combinations, the index of licences and what is
/// made of them, the measures of quality, and the usual thresholds.
enum EngineVersion {
    /// Raised when code that judges decides otherwise without any table of it having changed.
    static let revision = 1

    /// The release and 12 hexadecimal digits, as `2026.11+0123456789ab`.
    static func of(_ rules: RulePack, licences: LicenceScanner?, measuresQuality: Bool) -> String {
        var parts = ["\(revision)", rules.canonicalText, VerdictPolicy.canonicalText, maliceText]
        if let licences { parts += [licences.index.fingerprint, LicencePolicy.canonicalText] }
        if measuresQuality { parts.append(QualityWeights.canonicalText) }
        return rules.release + "+" + Digest(of: parts.joined(separator: "\u{1D}")).hex.prefix(12)
    }

    private static var maliceText: String {
        Severity.allCases.map { "\(MaliceScore.weight($0))" }.joined(separator: ",")
    }
}

extension VerdictPolicy {
    /// The thresholds where a policy says nothing.
    fileprivate static var canonicalText: String {
        Layer.allCases.map { layer in
            let thresholds = standard.thresholds[layer]
            let words = [thresholds?.review, thresholds?.block].map { $0?.rawValue ?? "never" }
            return "\(layer.rawValue)=\(words.joined(separator: "/"))"
        }.joined(separator: ",") + ";\(standard.leastQuality)"
    }
}

extension QualityWeights {
    /// All weights with their names, and the bounds of a score.
    fileprivate static var canonicalText: String {
        let weights: [(String, Double)] = [
            ("parses", parses), ("lines", lines), ("alphanumeric", alphanumeric), ("opaque", opaque),
            ("comments", comments), ("deadCode", deadCode), ("duplicates", duplicates), ("nesting", nesting),
            ("branches", branches), ("naming", naming), ("crowding", crowding), ("documentation", documentation),
            ("tests", tests), ("generated", generated), ("structure", structure), ("taskNames", taskNames),
            ("fullNames", fullNames), ("bareShell", bareShell), ("lint", lint), ("pinned", pinned),
            ("visibleText", visibleText),
            ("threshold", QualityScore.threshold), ("poor", QualityScore.poor), ("floor", QualityScore.floor),
        ]
        return weights.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
    }
}

extension LicenceIndex {
    /// 16 hexadecimal digits of all its bytes. They come with the binary, so nobody else chooses them: a quick hash does
    /// (FNV-1a by words of 64 bits, Fowler, Noll and Vo 1991), where SHA-256 would take a tenth of a cold start.
    var fingerprint: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let (words, rest) = (bytes.count / 8, bytes.count % 8)
        for word in 0..<words {
            let value = UInt64(littleEndian: bytes.raw.loadUnaligned(fromByteOffset: word &* 8, as: UInt64.self))
            hash = (hash ^ value) &* 0x0000_0100_0000_01B3
            hash ^= hash >> 29
        }
        for byte in bytes.raw.suffix(rest) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
