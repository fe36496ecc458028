/// Reads what is written for machines: `SPDX-License-Identifier`, and licence fields of package manifests.
struct LicenceFields {
    /// Stands in for a rule's number where a field's value was parsed.
    static let manifestRule = -2
    static let tagRule = -1
    /// Stands in for a rule's number where names were read.
    static let nameRule = -3
    /// Bytes of a field's value, at most.
    private static let maximumValue = 400

    let text: UnsafeRawBufferPointer
    let words: LicenceWords
    let index: LicenceIndex
    let isManifest: Bool

    private static let license = LicenceHash.fold(LicenceHash.word("license"))
    private static let expression = LicenceHash.fold(LicenceHash.word("expression"))
    private static let spdx = sequence("spdx license identifier")
    private static let licenseExpression = sequence("license expression")

    private static func sequence(_ text: String) -> UInt32 {
        LicenceHash.fold(
            text.split(separator: " ").reduce(0) { $0 &* LicenceHash.base &+ LicenceHash.word($1) }
        )
    }

    /// Every field with a value that is an expression of known identifiers.
    func hits() -> [LicenceHit] {
        var found: [LicenceHit] = []
        let powers = index.powers
        for place in 0..<words.count {
            if place + 3 <= words.count, words.hash(place, 3, powers) == Self.spdx {
                if let hit = read(place, length: 3, rule: Self.tagRule) { found.append(hit) }
            } else if isManifest, words.hash(place, 1, powers) == Self.license {
                let isLong = place + 2 <= words.count && words.hash(place, 2, powers) == Self.licenseExpression
                if let hit = read(place, length: isLong ? 2 : 1, rule: Self.manifestRule) { found.append(hit) }
            }
        }
        return found
    }

    private func read(_ place: Int, length: Int, rule: Int) -> LicenceHit? {
        var at = Int(words.ends[place + length - 1])
        var separators = 0
        // A tag of XML, a quote and a sign of assignment may stand between name and value.
        while at < text.count, separators < 12, " \t\"':=>{(".utf8.contains(text[at]) {
            at += 1
            separators += 1
        }
        guard separators > 0 else { return nil }
        var end = at
        while end < text.count, end - at < Self.maximumValue, !"\n\r\"'<>{}[],;`|*".utf8.contains(text[end]) {
            end += 1
        }
        guard end > at else { return nil }
        let value = String(decoding: text[at..<end], as: UTF8.self)
        guard let parsed = LicenceExpression(parsing: value, index: index, isStrict: rule == Self.manifestRule) else {
            return nil
        }
        var last = place + length
        while last < words.count, Int(words.starts[last]) < end { last += 1 }
        guard last > place + length else { return nil }
        return LicenceHit(
            rule: rule,
            words: place..<last,
            matched: last - place + 1,
            coverage: 1,
            density: 1,
            expression: parsed
        )
    }
}

/// The files in which a package says what it is.
enum ManifestNames {
    private static let names: Set<String> = [
        "package.json", "cargo.toml", "pyproject.toml", "setup.py", "setup.cfg", "composer.json", "bower.json",
        "description", "metadata", "pkg-info", "pom.xml", "galaxy.yml", "meta.yml", "meta.yaml", "pubspec.yaml",
        "mix.exs", "build.gradle", "build.gradle.kts", "package.swift", "meson.build", "vcpkg.json", "conanfile.py",
        "copyright", "apkbuild", "pkgbuild", "chart.yaml", "manifest.json", "deno.json", "jsr.json", "dub.json",
        "snapcraft.yaml", "dune-project", "elm.json", "meta.json", "main.yml", "citation.cff", "codemeta.json",
    ]
    private static let endings = [
        ".spec", ".gemspec", ".cabal", ".nuspec", ".opam", ".podspec", ".rockspec", ".ebuild", ".csproj", ".nimble",
        ".appdata.xml", ".metainfo.xml",
    ]

    /// Whether a path names a manifest.
    static func contains(_ path: String) -> Bool {
        let name = FileName.lowered(of: path)
        return names.contains(name) || endings.contains { name.utf8.count > $0.utf8.count && name.hasSuffix($0) }
    }
}
