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
        var rules = try RulePack.builtIn()
        for name in policy.packs {
            let path = name.hasPrefix("/") ? name : directory + "/" + name
            let bytes = try BoundedFile.bytes(at: path, limit: RulePack.maximumBytes)
            rules = try rules.adding(try RulePack(parsing: bytes, origin: path))
        }
        rules = rules.under(policy)
        if let layers { rules = rules.only(layers) }
        let hasLicences = layers?.contains(.licence) ?? true
        return try GauntletEngine(
            rules: rules,
            cacheDirectory: cacheDirectory,
            licences: hasLicences ? LicenceScanner.builtIn : nil,
            measuresQuality: layers?.contains(.quality) ?? true
        )
    }
}
