import CupelCore

/// Which licences may pass, which a person looks at, and which block.
package struct LicencePolicy: Sendable, Hashable {
    /// Identifiers or globs of them, as `BSD-*`, that pass.
    package var allow: [String]
    /// Those that a person looks at.
    package var review: [String]
    /// Those that block.
    package var block: [String]
    /// What happens to a licence that no list and no sort of licence decides.
    package var unknown: Verdict

    /// A policy; what its lists do not name is decided by the sort of the licence.
    package init(allow: [String] = [], review: [String] = [], block: [String] = [], unknown: Verdict = .review) {
        self.allow = allow
        self.review = review
        self.block = block
        self.unknown = unknown
    }

    /// The default: permissive licences pass, copyleft beyond a file and proprietary ones block, the rest is reviewed.
    package static let standard = LicencePolicy()

    /// Families that the default decides by name, before their sort; the first that fits counts.
    static let families: [(glob: Glob, verdict: Verdict)] = [
        ("LGPL-*", .review), ("AGPL-*", .block), ("GPL-*", .block), ("SSPL-*", .block), ("BUSL-*", .block),
        ("MPL-*", .review), ("EPL-*", .review), ("CDDL-*", .review), ("EUPL-*", .review), ("OSL-*", .review),
        ("CC-BY-NC-*", .block), ("CC-BY-ND-*", .review), ("CC-BY-SA-*", .review), ("OFL-*", .pass),
        ("LicenseRef-scancode-warranty-disclaimer", .pass), ("LicenseRef-scancode-generic-cla", .pass),
    ].compactMap { glob, verdict in Glob(glob.lowercased()).map { ($0, verdict) } }

    /// The family that decides for a name without a `+` behind it.
    static func family(of name: String) -> (glob: Glob, verdict: Verdict)? {
        let lowered = name.lowercased()
        return families.first { $0.glob.matches(lowered) }
    }

    /// The families and what is made of them, for the version of the engine.
    static var canonicalText: String {
        families.map { "\($0.glob)=\($0.verdict.rawValue)" }.joined(separator: ",")
    }

    /// What the policy says of an expression: the best branch of OR, the worst of AND.
    package func verdict(for expression: LicenceExpression, index: LicenceIndex) -> Verdict {
        switch expression {
        case .licence(let name): verdict(of: name, index: index)
        case .with(let name, let exception): verdict(of: name, with: exception, index: index)
        case .all(let parts): parts.map { verdict(for: $0, index: index) }.max() ?? unknown
        case .any(let parts): parts.map { verdict(for: $0, index: index) }.min() ?? unknown
        }
    }

    private func verdict(of name: String, with exception: String, index: LicenceIndex) -> Verdict {
        if let listed = listed(name + " WITH " + exception) ?? listed(exception) { return listed }
        // An exception opens what the licence closes, in part; which part is for a person to say.
        return min(verdict(of: name, index: index), .review)
    }

    func verdict(of name: String, index: LicenceIndex) -> Verdict {
        if let listed = listed(name) { return listed }
        let bare = name.hasSuffix("+") ? String(name.dropLast()) : name
        if let family = Self.family(of: bare) { return family.verdict }
        return switch index.category(of: bare) {
        case .permissive, .publicDomain: .pass
        case .weakCopyleft, .patent, .contributorAgreement, .unstated: .review
        case .copyleft, .proprietaryFree, .commercial, .restricted, .sourceAvailable:
            LicenceExpression.isIndefinite(name) ? unknown : .block
        case nil: unknown
        }
    }

    /// What the lists say; where two name it, the stricter.
    func listed(_ name: String) -> Verdict? {
        if block.contains(where: { Self.fits(name, $0) }) { return .block }
        if review.contains(where: { Self.fits(name, $0) }) { return .review }
        return allow.contains { Self.fits(name, $0) } ? .pass : nil
    }

    /// Whether a name is what a glob says; case does not count.
    static func fits(_ name: String, _ glob: String) -> Bool {
        Glob(glob.lowercased())?.matches(name.lowercased()) ?? false
    }
}
