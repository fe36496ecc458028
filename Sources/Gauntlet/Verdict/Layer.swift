// Gauntlet: what every artefact passes: rules, one scan engine for all layers, findings and verdicts.
// It touches no store and no network: bytes in, assay out.

/// A layer of the gauntlet, in the order in which refusals are counted.
package enum Layer: String, Sendable, Hashable, CaseIterable {
    case quality
    case malice
    case secrets
    case licence
    case lint
}

/// How bad a finding is.
package enum Severity: String, Sendable, Hashable, CaseIterable, Comparable {
    case info
    case low
    case medium
    case high
    case critical

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}
