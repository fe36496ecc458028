package import CupelCore

/// A phantom for identifiers of assays.
package enum AssayKind {}
/// The identifier of an assay.
package typealias AssayID = Identifier<AssayKind>

/// What an assay was made for.
package struct AssayOwner: Sendable, Hashable {
    /// What it is, as `playbook`.
    package var kind: String
    /// Its identifier, as text.
    package var id: String

    /// An owner.
    package init(kind: String, id: String) {
        self.kind = kind
        self.id = id
    }

    var json: JSON { ["kind": .string(kind), "id": .string(id)] }
}

/// What the gauntlet made of something, ready to be kept.
package struct NewAssay: Sendable {
    /// The file, or the name that was given to what was looked at.
    package var path: String
    package var digest: Digest
    package var verdict: Verdict
    package var findings: [Finding]
    package var statistics: AssayStatistics
    /// Everything, as it is shown.
    package var json: JSON

    /// The assay of one file, under a policy's file.
    package init(_ assay: Assay, path: String, policy: Digest) {
        self.init(
            path: path,
            digest: assay.digest,
            verdict: assay.verdict,
            findings: assay.findings,
            statistics: assay.statistics,
            json: assay.json
        )
        json["policy"] = .string(policy.description)
    }

    /// The assay of a tree or an archive, under a policy's file.
    /// - Parameter digest: Of what was sent.
    package init(_ report: ReportInput, path: String, digest: Digest, policy: Digest) {
        self.init(
            path: path,
            digest: digest,
            verdict: report.judgement.verdict,
            findings: report.report.findings,
            statistics: report.report.statistics(under: report.policy),
            json: report.json
        )
        json["digest"] = .string(digest.description)
        json["policy"] = .string(policy.description)
    }

    private init(
        path: String,
        digest: Digest,
        verdict: Verdict,
        findings: [Finding],
        statistics: AssayStatistics,
        json: JSON
    ) {
        self.path = path
        self.digest = digest
        self.verdict = verdict
        self.findings = findings
        self.statistics = statistics
        self.json = json
    }
}
