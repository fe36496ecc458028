package import CupelCore
package import Policy
import Synchronization

/// The gauntlet as the policy in force wants it: its engine and its judgements, changed together when the policy is read
/// again. Scans that run go on with what they began with.
package final class GauntletSource: Sendable {
    /// What is in force together.
    package struct InForce: Sendable {
        package let engine: GauntletEngine
        /// What is made of findings.
        package let policy: VerdictPolicy
        /// The policy's file, of which this is a part.
        package let artefacts: ArtefactPolicy
        /// The digest of the policy's file.
        package let policyVersion: Digest
        /// What the engine's rules were made of.
        fileprivate let origin: Origin
    }

    /// What decides which rules an engine has.
    fileprivate struct Origin: Hashable {
        var rulesOff: [Glob]
        var packs: [Digest]
    }

    private let state: Mutex<InForce>
    private let directory: String
    private let cacheDirectory: String?

    /// The gauntlet of a policy, which it follows from now on.
    /// - Parameter cacheDirectory: Where compiled rules are kept; `nil` for nowhere.
    /// - Throws: `validation_error` for a pack of rules that is wrong, with file and line.
    package init(_ policy: PolicySource, cacheDirectory: String?) throws {
        let folder = (policy.path ?? "").split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let directory = folder.isEmpty ? "." : folder.joined(separator: "/") + "/"
        self.directory = directory
        self.cacheDirectory = cacheDirectory
        state = Mutex(try Self.make(policy.current, nil, directory, cacheDirectory))
        policy.follow { [weak self] file in
            guard let self else { return {} }
            let fresh = try Self.make(file, current, self.directory, self.cacheDirectory)
            return { self.state.withLock { $0 = fresh } }
        }
    }

    /// What is in force.
    package var current: InForce { state.withLock { $0 } }

    private static func make(
        _ file: PolicyFile,
        _ old: InForce?,
        _ directory: String,
        _ cacheDirectory: String?
    ) throws -> InForce {
        let artefacts = file.artefacts
        let origin = Origin(
            rulesOff: artefacts.rulesOff,
            packs: try artefacts.packs.map {
                Digest(
                    of: try BoundedFile.bytes(
                        at: GauntletEngine.path(of: $0, in: directory),
                        limit: RulePack.maximumBytes
                    )
                )
            }
        )
        let engine: GauntletEngine
        if let old, old.origin == origin {
            engine = old.engine
        } else {
            engine = try .make(under: artefacts, packsFrom: directory, cacheDirectory: cacheDirectory)
            // Ours are checked by tests.
            if !artefacts.packs.isEmpty { try engine.checkRules() }
        }
        return InForce(
            engine: engine,
            policy: VerdictPolicy(artefacts),
            artefacts: artefacts,
            policyVersion: file.version,
            origin: origin
        )
    }
}
