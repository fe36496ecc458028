package import CupelCore
package import Policy
import Synchronization

/// The gauntlet as the policy in force wants it: its engine and its judgements, changed together when the policy is read
/// again. Scans that run go on with what they began with.
package final class GauntletSource: Sendable {
    /// What is in force together.
    package struct InForce: Sendable {
        /// The engine, which is made when it is first asked for: it holds some 30 MB.
        /// - Throws: `internal_error` when there is no memory for it.
        package var engine: GauntletEngine { get throws { try lazyEngine.get() } }
        fileprivate let lazyEngine: LazyEngine
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
        let engine: LazyEngine
        if let old, old.origin == origin {
            engine = old.lazyEngine
        } else {
            engine = LazyEngine {
                try .make(under: artefacts, packsFrom: directory, cacheDirectory: cacheDirectory)
            }
            // Ours are checked by tests; others must be right before they are in force.
            if !artefacts.packs.isEmpty { try engine.get().checkRules() }
        }
        return InForce(
            lazyEngine: engine,
            policy: VerdictPolicy(artefacts),
            artefacts: artefacts,
            policyVersion: file.version,
            origin: origin
        )
    }
}

/// An engine that is made when it is first asked for.
private final class LazyEngine: Sendable {
    private let made = Mutex<GauntletEngine?>(nil)
    private let make: @Sendable () throws -> GauntletEngine

    init(_ make: @escaping @Sendable () throws -> GauntletEngine) { self.make = make }

    func get() throws -> GauntletEngine {
        try made.withLock { made in
            if let made { return made }
            let engine = try make()
            made = engine
            return engine
        }
    }
}
