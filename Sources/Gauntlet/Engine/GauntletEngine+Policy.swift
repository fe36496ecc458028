import CupelCore
package import Policy

extension GauntletEngine {
    /// An engine with our rules and a policy's own, as the policy wants them.
    ///
    /// - Parameters:
    ///   - policy: Switches rules off and names files of further ones.
    ///   - directory: What the names of those files are relative to.
    ///   - layers: The layers that run; all when it is nil.
    /// - Throws: `validation_error` with the file, the line and what is wrong there.
    package static func make(
        under policy: ArtefactPolicy = .standard,
        packsFrom directory: String = ".",
        layers: Set<Layer>? = nil,
        cacheDirectory: String?
    ) throws -> GauntletEngine {
        var rules = try RulePack.all(of: policy, packsFrom: directory).under(policy)
        if let layers { rules = rules.only(layers) }
        let hasLicences = layers?.contains(.licence) ?? true
        return try GauntletEngine(
            rules: rules,
            cacheDirectory: cacheDirectory,
            licences: hasLicences ? LicenceScanner.builtIn : nil,
            measuresQuality: layers?.contains(.quality) ?? true
        )
    }

    /// Where a pack lies that a policy in a directory names.
    static func path(of pack: String, in directory: String) -> String {
        if pack.hasPrefix("/") { return pack }
        return directory.hasSuffix("/") ? directory + pack : directory + "/" + pack
    }
}

extension RulePack {
    /// Our rules and a policy's own, also those that it switches off.
    /// - Throws: `validation_error` with the file, the line and what is wrong there.
    package static func all(of policy: ArtefactPolicy, packsFrom directory: String) throws -> RulePack {
        var rules = try builtIn()
        for name in policy.packs {
            let path = GauntletEngine.path(of: name, in: directory)
            let bytes = try BoundedFile.bytes(at: path, limit: maximumBytes)
            rules = try rules.adding(try RulePack(parsing: bytes, origin: path))
        }
        return rules
    }

    /// The layer and the usual severity of a rule or a combination; `nil` when there is none of that name.
    package func identity(of id: String) -> (layer: Layer, severity: Severity)? {
        if let rule = rules.first(where: { $0.id == id }) { return (rule.layer, rule.severity) }
        return combinations.first { $0.id == id }.map { (.malice, $0.severity) }
    }
}
