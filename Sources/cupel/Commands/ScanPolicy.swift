import ArgumentParser
import CupelCore
import CupelServer
import Gauntlet
import Glibc
import Policy

/// Which policy file is meant.
struct PolicyFileOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Policy file. Default: cupel.policy.yaml in this directory, when there is one.",
            valueName: "file"
        )
    )
    var policy: String?

    /// The file; `nil` where there is none and the standard policy is meant.
    func path(_ settings: CupelSettings) -> String? { policy ?? settings.policy.path }

    /// The policy, and the directory that it stands in.
    /// - Throws: `invalid_policy` with every problem.
    func read(_ settings: CupelSettings) throws -> (file: PolicyFile, directory: String) {
        guard let path = path(settings) else { return (.standard, ".") }
        return (try PolicySource(path: path).current, Self.directory(of: path))
    }

    /// The directory that a file stands in.
    static func directory(of path: String) -> String {
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return directory.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : directory
    }
}

/// Which policy and which baseline a scan is judged by.
struct ScanPolicyOptions: ParsableArguments {
    @OptionGroup var policyFile: PolicyFileOption

    @Option(help: ArgumentHelp("Findings that are known and do not count.", valueName: "file"))
    var baseline: String?

    @Option(help: ArgumentHelp("Write what is found as a baseline, and end with 0.", valueName: "file"))
    var writeBaseline: String?

    @Option(help: ArgumentHelp("Layers that run, as secrets,malice. Default: all.", valueName: "list"))
    var layers: String?

    /// The policy in force, and the gauntlet as it wants it.
    /// - Throws: `invalid_policy` with every problem; `validation_error` for a layer or a rule that is wrong.
    func engine(_ settings: CupelSettings) throws -> (policy: PolicyFile, engine: GauntletEngine) {
        let (policy, directory) = try policyFile.read(settings)
        let engine = try GauntletEngine.make(
            under: policy.artefacts,
            packsFrom: directory,
            layers: try wantedLayers(),
            cacheDirectory: settings.data.directory + "/cache"
        )
        return (policy, engine)
    }

    /// The baseline, when one is named.
    func readBaseline() throws -> Baseline? {
        guard let baseline else { return nil }
        let bytes = try BoundedFile.bytes(at: baseline, limit: Baseline.maximumBytes)
        let json: JSON
        do {
            json = try JSON(
                parsing: bytes,
                limits: JSONLimits(bytes: Baseline.maximumBytes, depth: 8, values: 4_000_000)
            )
        } catch {
            throw CupelError(
                .validationError,
                "\(baseline) is not JSON (\(error)); write it anew with --write-baseline."
            )
        }
        return try Baseline(json: json)
    }

    /// The layers that are asked for.
    private func wantedLayers() throws -> Set<Layer>? {
        guard let layers else { return nil }
        return Set(
            try layers.split(separator: ",").map { word in
                let word = word.trimmingPrefix(" ")
                guard let layer = Layer(rawValue: String(word)) else {
                    let all = Layer.allCases.map(\.rawValue).joined(separator: ", ")
                    throw CupelError(.validationError, "--layers names '\(word)'; there are \(all).")
                }
                return layer
            }
        )
    }
}
