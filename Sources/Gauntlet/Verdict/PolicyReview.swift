package import CupelCore
package import Policy

/// What is wrong in a policy's section `artefacts` that only those see who know the rules: names that nothing has, packs
/// that cannot be read, exceptions whose day is over.
package struct PolicyReview: Sendable, Hashable {
    /// One remark.
    package struct Remark: Sendable, Hashable {
        /// Whether the policy cannot be used so; else it is only likely a mistake.
        package var isError: Bool
        package var location: PolicyLocation?
        /// What is wrong and what was perhaps meant.
        package var message: String

        /// The remark as it is sent.
        package var json: JSON {
            [
                "error": .bool(isError), "line": location.map { .integer(Int64($0.line)) } ?? .null,
                "column": location.map { .integer(Int64($0.column)) } ?? .null, "message": .string(message),
            ]
        }
    }

    /// What was found, in the order of the file.
    package private(set) var remarks: [Remark] = []
    private let artefacts: ArtefactPolicy

    /// Names that licences and measures give their findings; what they begin with says the rest.
    private static let otherRules = ["quality-low", "quality-generated", "quality-minified", "quality-unparsable"]

    /// Reviews a section.
    /// - Parameters:
    ///   - directory: What the names of packs are relative to.
    ///   - now: When exceptions must not be over.
    package init(_ artefacts: ArtefactPolicy, packsFrom directory: String, at now: Timestamp) throws {
        self.artefacts = artefacts
        var pack = try RulePack.builtIn()
        for (index, name) in artefacts.packs.enumerated() {
            do {
                let path = GauntletEngine.path(of: name, in: directory)
                let bytes = try BoundedFile.bytes(at: path, limit: RulePack.maximumBytes)
                pack = try pack.adding(try RulePack(parsing: bytes, origin: path))
            } catch let error as CupelError {
                add("rules.packs", index, isError: true, "the pack \(name) cannot be used: \(error.message)")
            }
        }
        let known = pack.rules.map(\.id) + pack.combinations.map(\.id) + Self.otherRules
        for (index, glob) in artefacts.rulesOff.enumerated() where !Self.isKnown(glob, known) {
            add("rules.off", index, isError: false, Self.unknown("rule", glob.text, known))
        }
        for rule in artefacts.severities.keys.sorted() where !Self.isKnown(Glob(rule), known) {
            let message = Self.unknown("rule", rule, known)
            remark(false, artefacts.places["rules.severity.\(rule)"], "artefacts.rules.severity: \(message)")
        }
        for (index, exception) in artefacts.exceptions.enumerated() {
            review(exception, index, known, now)
        }
        reviewPaths()
        reviewLicences()
        remarks.sort {
            ($0.location?.line ?? 0, $0.location?.column ?? 0) < ($1.location?.line ?? 0, $1.location?.column ?? 0)
        }
    }

    private mutating func review(
        _ exception: ArtefactPolicy.Exception,
        _ index: Int,
        _ known: [String],
        _ now: Timestamp
    ) {
        let place = exception.location
        if !Self.isKnown(exception.rule, known) {
            let message = Self.unknown("rule", exception.rule.text, known)
            remark(false, place, "artefacts.exceptions[\(index)].rule: \(message)")
        }
        if GlobPattern(line: exception.path).map(\.isNegated) ?? true {
            remark(true, place, "artefacts.exceptions[\(index)].path: '\(exception.path)' is no pattern for paths")
        }
        if exception.expires <= now {
            let day = (exception.expires + .seconds(-1)).description.prefix(10)
            let message = "it ended on \(day) and lets nothing pass any more; take it out or give it a new day"
            remark(false, place, "artefacts.exceptions[\(index)]: \(message)")
        }
    }

    private mutating func reviewPaths() {
        for (index, line) in artefacts.ignoredPaths.enumerated() where GlobPattern(line: line) == nil {
            add("paths.ignore", index, isError: true, "'\(line)' is no pattern for paths")
        }
    }

    private mutating func reviewLicences() {
        guard let index = LicenceIndex.builtIn else { return }
        let names = (0..<index.identifiers.count).map { index.identifiers[$0] }
        let known = Set(names.map { $0.lowercased() })
        let lists = [
            ("allow", artefacts.licences.allow), ("review", artefacts.licences.review),
            ("block", artefacts.licences.block),
        ]
        for (list, globs) in lists {
            for (place, glob) in globs.enumerated() {
                let bare = glob.lowercased()
                let plain = bare.hasSuffix("+") ? String(bare.dropLast()) : bare
                guard !known.contains(plain), !bare.contains(" with "), !bare.hasPrefix("licenseref-"),
                    !(bare.contains("*") && known.contains { Glob(bare)?.matches($0) ?? false })
                else { continue }
                let near = bare.contains("*") ? nil : glob.nearest(among: names)
                let hint = near.map { "; did you mean \(index.currentName(of: $0) ?? $0)?" } ?? ""
                add("licences.\(list)", place, isError: false, "no licence is called '\(glob)'\(hint)")
            }
        }
    }

    private static func isKnown(_ glob: Glob?, _ known: [String]) -> Bool {
        guard let glob else { return false }
        // The licences' rules are as many as there are licences.
        return glob.text.hasPrefix("licence-") || glob.text.hasPrefix("lint-") || known.contains(where: glob.matches)
    }

    private static func unknown(_ what: String, _ name: String, _ known: [String]) -> String {
        let hint = name.nearest(among: known).map { "; did you mean \($0)?" } ?? ""
        return "no \(what) is called '\(name)'\(hint)"
    }

    private mutating func add(_ list: String, _ index: Int, isError: Bool, _ message: String) {
        let place = artefacts.places["\(list)[\(index)]"] ?? artefacts.places[list]
        remark(isError, place, "artefacts.\(list)[\(index)]: \(message)")
    }

    private mutating func remark(_ isError: Bool, _ location: PolicyLocation?, _ message: String) {
        remarks.append(Remark(isError: isError, location: location, message: message))
    }
}
