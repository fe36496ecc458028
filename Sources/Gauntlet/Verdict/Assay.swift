package import CupelCore

/// Where the time of a scan went, in microseconds of the thread that did it.
package struct AssayTimes: Sendable, Hashable {
    /// The one pass over the bytes that all layers share.
    package var pass: Int64
    /// What each layer took to confirm what the pass selected.
    package var layers: [Layer: Int64]

    /// Times of a scan; none by default.
    package init(pass: Int64 = 0, layers: [Layer: Int64] = [:]) {
        self.pass = pass
        self.layers = layers
    }
}

/// One passage of one artefact through the gauntlet.
package struct Assay: Sendable, Hashable {
    /// The digest of the bytes that were looked at.
    package var digest: Digest
    /// How many bytes they are.
    package var bytes: Int
    /// What was found, by line and column.
    package var findings: [Finding]
    /// What a comment with a reason let pass.
    package var allowances: [Allowance]
    /// What the policy makes of it.
    package var verdict: Verdict
    /// Why, in a sentence for a person.
    package var reason: String
    /// The layers that ran, in their order.
    package var layers: [Layer]
    /// The version of what it was made with, as `2026.11+` and 12 hexadecimal digits.
    package var rulePackVersion: String
    /// Where the time went.
    package var times: AssayTimes
    /// Whether a bound was hit, so that more might be there than was found.
    package var isTruncated: Bool
    /// How good it is as code; `nil` when the layer did not run or it is none.
    package var quality: QualityScore?
    /// What it is under, as an SPDX expression; `nil` when it does not say.
    package var licence: String?
    /// What says so, each thing once.
    package var statements: [LicenceStatement]
    /// What the layers did, and how it left them.
    package var statistics: AssayStatistics

    /// An assay; the engine makes them.
    package init(
        digest: Digest,
        bytes: Int,
        findings: [Finding],
        allowances: [Allowance] = [],
        verdict: Verdict,
        reason: String,
        layers: [Layer],
        rulePackVersion: String,
        times: AssayTimes,
        isTruncated: Bool = false,
        quality: QualityScore? = nil,
        licence: String? = nil,
        statements: [LicenceStatement] = [],
        statistics: AssayStatistics = AssayStatistics()
    ) {
        self.digest = digest
        self.bytes = bytes
        self.findings = findings
        self.allowances = allowances
        self.verdict = verdict
        self.reason = reason
        self.layers = layers
        self.rulePackVersion = rulePackVersion
        self.times = times
        self.isTruncated = isTruncated
        self.quality = quality
        self.licence = licence
        self.statements = statements
        self.statistics = statistics
    }
}
