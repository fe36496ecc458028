package import CupelCore
import Glibc

/// Where the policy stands.
package struct PolicySettings: Sendable {
    /// The file; `nil` where there is none and the standard policy is in force.
    package var path: String?

    /// The file that is looked for in the working directory when none is named.
    package static let usualName = "cupel.policy.yaml"

    /// Reads `policy.*`. A file that is named must be there; the usual one may be.
    package init(reader: SettingsReader) {
        let named = reader.text(
            "policy.file",
            default: "",
            allowed: "a path, or nothing for \(Self.usualName) in the working directory, when there is one",
            purpose: "File that says which models, providers, regions and tools callers may use."
        )
        if !named.isEmpty {
            path = named
        } else if access(Self.usualName, R_OK) == 0 {
            path = Self.usualName
        }
    }
}
