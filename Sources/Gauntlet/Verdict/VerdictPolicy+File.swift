import CupelCore
package import Policy

extension VerdictPolicy {
    /// The policy that a file's section asks for.
    package init(_ file: ArtefactPolicy) {
        var thresholds: [Layer: Thresholds] = [:]
        for (name, stated) in file.thresholds {
            guard let layer = Layer(rawValue: name) else { continue }
            thresholds[layer] = Thresholds(
                review: stated.review.flatMap(Severity.init),
                block: stated.block.flatMap(Severity.init)
            )
        }
        self.init(thresholds: thresholds)
        exceptions = file.exceptions.compactMap {
            FindingException(
                rule: $0.rule,
                path: $0.path,
                fingerprint: $0.fingerprint,
                reason: $0.reason,
                owner: $0.owner,
                expires: $0.expires
            )
        }
        licences = LicencePolicy(
            allow: file.licences.allow,
            review: file.licences.review,
            block: file.licences.block,
            unknown: file.licences.unknown.flatMap(Verdict.init) ?? .review
        )
        leastQuality = file.leastQuality ?? leastQuality
        severities = file.severities.compactMapValues(Severity.init)
    }
}

extension RulePack {
    /// The pack without what a policy's file switches off.
    package func under(_ file: ArtefactPolicy) -> RulePack {
        without(Set(rules.map(\.id).filter { id in file.rulesOff.contains { $0.matches(id) } }))
    }
}
