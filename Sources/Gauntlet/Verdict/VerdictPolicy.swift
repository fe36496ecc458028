/// From which severity on a layer's findings ask for a person, and from which they block.
package struct Thresholds: Sendable, Hashable {
    /// The lowest severity that asks for a person; `nil` when none does.
    package var review: Severity?
    /// The lowest severity that blocks; `nil` when none does.
    package var block: Severity?

    /// Thresholds of one layer.
    package init(review: Severity?, block: Severity?) {
        self.review = review
        self.block = block
    }

    func verdict(for severity: Severity) -> Verdict {
        if let block, severity >= block { return .block }
        if let review, severity >= review { return .review }
        return .pass
    }
}

/// What turns findings into a verdict: thresholds a layer. A pure value; the policy file makes one.
package struct VerdictPolicy: Sendable, Hashable {
    /// The thresholds of each layer; a layer that is absent uses ``Thresholds`` of ``standard``.
    package var thresholds: [Layer: Thresholds]
    /// What is made of licences.
    package var licences = LicencePolicy.standard
    /// The quality below which a file gets a finding, 0 to 1.
    package var leastQuality = 0.7
    /// Findings that pass until a day.
    package var exceptions: [FindingException] = []
    /// Severities that replace a finding's own, by rule.
    package var severities: [String: Severity] = [:]

    /// A policy with thresholds for some layers.
    package init(thresholds: [Layer: Thresholds]) {
        self.thresholds = Self.standard.thresholds.merging(thresholds) { $1 }
    }

    private init(complete thresholds: [Layer: Thresholds]) { self.thresholds = thresholds }

    /// The default: high and critical secrets and malice block, medium ones are reviewed; style never blocks.
    package static let standard = VerdictPolicy(complete: [
        .quality: Thresholds(review: .high, block: nil),
        .malice: Thresholds(review: .medium, block: .high),
        .secrets: Thresholds(review: .medium, block: .high),
        .licence: Thresholds(review: .medium, block: .high),
        .lint: Thresholds(review: .high, block: nil),
    ])

    /// The strictest verdict over the findings, and the reason for it.
    package func judge(_ findings: [Finding]) -> Judgement {
        let judged = findings.map { (verdict: verdict(for: $0), finding: $0) }
        guard let strictest = judged.map(\.verdict).max(), strictest > .pass else {
            return Judgement(
                .pass,
                findings.isEmpty ? "Nothing was found" : "Nothing at or above a threshold was found"
            )
        }
        let deciding = judged.filter { $0.verdict == strictest }.map(\.finding)
        let worst = deciding.max { ($0.severity, $1.line) < ($1.severity, $0.line) } ?? deciding[0]
        let others = deciding.count == 1 ? "" : " and \(deciding.count - 1) more"
        let demand = strictest == .block ? "blocks" : "needs a person's look"
        return Judgement(
            strictest,
            "\(worst.rule) (\(worst.layer.rawValue), \(worst.severity.rawValue)) at \(worst.path):\(worst.line)"
                + "\(others) \(demand)"
        )
    }

    /// The verdict that one finding alone asks for.
    package func verdict(for finding: Finding) -> Verdict {
        thresholds[finding.layer]?.verdict(for: finding.severity) ?? .pass
    }
}
