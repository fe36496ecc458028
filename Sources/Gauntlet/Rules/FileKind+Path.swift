extension FileKind {
    /// The kind of file that a path names by its last part.
    package init(path: String) {
        let name = FileName.lowered(of: path)
        if name.hasPrefix(".env") || name.hasSuffix(".env") || Self.configNames.contains(name) {
            self = .config
            return
        }
        self = FileName.ending(of: name).flatMap { Self.byExtension[$0] } ?? .unknown
    }

    private static let configNames: Set<String> = [
        ".npmrc", ".pypirc", ".netrc", ".pgpass", ".my.cnf", ".s3cfg", ".boto", "credentials", "dockerfile", "hosts",
        "inventory",
    ]

    private static let byExtension: [String: FileKind] = {
        let table: [(FileKind, String)] = [
            (
                .code,
                "py pyi pyx js mjs cjs jsx ts tsx go rs swift java kt kts scala c h cc cpp hpp cs rb php pl pm lua r "
                    + "m mm ex exs erl hs clj dart groovy gradle vue svelte sql"
            ),
            (.config, "yml yaml env ini cfg conf cnf properties toml tf tfvars hcl json json5 plist xml config j2"),
            (.shell, "sh bash zsh fish ksh bat cmd ps1 psm1"),
            (.text, "md rst txt html htm adoc tex po pot css svg"),
        ]
        var result: [String: FileKind] = [:]
        for (kind, names) in table {
            for name in names.split(separator: " ") { result[String(name)] = kind }
        }
        return result
    }()
}
