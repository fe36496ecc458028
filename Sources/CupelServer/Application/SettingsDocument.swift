package import CupelCore

/// The settings as documents: a commented `cupel.yaml`, and the table of `docs/DEFAULTS.md`.
package enum SettingsDocument {
    /// A configuration file in which everything stands commented out with its default.
    package static func yaml(_ entries: [SettingEntry]) -> String {
        var lines = ["# Cupel's configuration. Every key with its default; take the # away to set it.", ""]
        var section = ""
        for entry in entries {
            let parts = entry.key.split(separator: ".", maxSplits: 1).map(String.init)
            if parts.count == 2, parts[0] != section {
                section = parts[0]
                lines += ["", "# \(section):"]
            }
            let name = parts.count == 2 ? "#   \(parts[1])" : "# \(parts[0])"
            lines.append("#   # \(entry.purpose) Allowed: \(entry.allowed). Or \(entry.environmentName).")
            // A key without a section holds a mapping, as `models`.
            let empty = parts.count == 2 ? "\"\"" : "{}"
            lines.append("\(name): \(entry.standard.isEmpty ? empty : entry.standard)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The rows of `docs/DEFAULTS.md`.
    package static func table(_ entries: [SettingEntry]) -> String {
        let rows = entries.map {
            "| `\($0.key)` | `\($0.environmentName)` | \($0.standard.isEmpty ? "–" : "`\($0.standard)`") | \($0.allowed) | \($0.purpose) |"
        }
        return (["| key | environment | default | allowed | purpose |", "| --- | --- | --- | --- | --- |"] + rows)
            .joined(separator: "\n") + "\n"
    }
}
