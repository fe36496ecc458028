package import CupelCore
import Policy

/// Makes assays under the policy in force, on threads of their own, and lets somebody count them.
package struct Assayer: Sendable {
    package let source: GauntletSource
    package let pool: ScanPool
    /// Hears of every assay that was made, whether or not it is kept.
    private let heard: @Sendable (NewAssay) -> Void

    /// Findings of one tree that are kept, at most.
    package static let maximumFindings = 10_000

    /// Who makes assays.
    package init(_ source: GauntletSource, pool: ScanPool, heard: @escaping @Sendable (NewAssay) -> Void = { _ in }) {
        self.source = source
        self.pool = pool
        self.heard = heard
    }

    /// Looks at files, each by itself.
    package func assays(_ files: [(path: String, bytes: [UInt8])]) async throws -> [NewAssay] {
        let force = source.current
        // The engine may have to be made, which is no work for a cooperative thread.
        let result = await pool.run {
            Result {
                let engine = try force.engine
                return files.map { file in
                    NewAssay(
                        engine.assay(file.bytes, path: file.path, policy: force.policy),
                        path: file.path,
                        policy: force.policyVersion
                    )
                }
            }
        }
        let assays = try result.get()
        for assay in assays { heard(assay) }
        return assays
    }

    /// Looks at something as a whole; `scan` is given the engine and its bounds.
    package func assay(
        _ path: String,
        digest: Digest,
        scan: (GauntletEngine, TreeOptions) async throws -> TreeReport
    ) async throws -> NewAssay {
        let force = source.current
        var options = TreeOptions(maximumFindings: Self.maximumFindings)
        options.policy = force.policy
        options.ignoredPaths = force.artefacts.ignoredPaths
        let engine = try force.engine
        var report = try await scan(engine, options)
        // Exceptions name the members of an archive from its root.
        let filtered = force.policy.filter(report.findings, below: path + "!", at: engine.time.now)
        report.findings = filtered.findings
        report.allowances += filtered.allowances
        let input = ReportInput(
            report,
            force.policy.judge(filtered.findings),
            policy: force.policy,
            stale: filtered.stale
        )
        let assay = NewAssay(input, path: path, digest: digest, policy: force.policyVersion)
        heard(assay)
        return assay
    }
}
