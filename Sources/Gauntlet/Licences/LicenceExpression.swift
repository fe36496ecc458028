/// A licence expression as SPDX 2.3, Annex D describes it.
package indirect enum LicenceExpression: Sendable, Hashable {
    /// One licence by its identifier, `+` included where it stood there and has no identifier of its own.
    case licence(String)
    /// A licence with an exception.
    case with(String, String)
    /// All of them hold; at least two, none of them an `all` itself.
    case all([LicenceExpression])
    /// One of them may be chosen; at least two, none of them an `any` itself.
    case any([LicenceExpression])

    /// Joins with AND: flat, each part once, in the order of first mention; `nil` of nothing.
    package static func joining(_ parts: [LicenceExpression]) -> LicenceExpression? {
        flat(parts) { if case .all(let inner) = $0 { inner } else { [$0] } }.map { $0.count == 1 ? $0[0] : .all($0) }
    }

    /// Joins with OR: flat, each part once, in the order of first mention; `nil` of nothing.
    package static func choosing(_ parts: [LicenceExpression]) -> LicenceExpression? {
        flat(parts) { if case .any(let inner) = $0 { inner } else { [$0] } }.map { $0.count == 1 ? $0[0] : .any($0) }
    }

    private static func flat(
        _ parts: [LicenceExpression],
        _ open: (LicenceExpression) -> [LicenceExpression]
    ) -> [LicenceExpression]? {
        var seen: Set<LicenceExpression> = []
        let all = parts.flatMap(open).filter { seen.insert($0.normalised).inserted }
        return all.isEmpty ? nil : all
    }

    /// The same whatever the order of its parts; for comparing.
    package var normalised: LicenceExpression {
        switch self {
        case .licence, .with: self
        case .all(let parts): .all(parts.map(\.normalised).sorted { $0.description < $1.description })
        case .any(let parts): .any(parts.map(\.normalised).sorted { $0.description < $1.description })
        }
    }

    /// Every identifier in it; an exception stands behind its licence, as `GPL-2.0-only WITH X`.
    package var identifiers: Set<String> {
        switch self {
        case .licence(let name): [name]
        case .with(let name, let exception): [name + " WITH " + exception]
        case .all(let parts), .any(let parts): parts.reduce(into: []) { $0.formUnion($1.identifiers) }
        }
    }

    /// Whether an identifier says only that there is some licence.
    static func isIndefinite(_ identifier: String) -> Bool {
        identifier.hasPrefix("LicenseRef-scancode-") && identifier.contains("unknown")
    }
}

extension LicenceExpression: CustomStringConvertible {
    /// In SPDX's syntax, with parentheses where OR stands below AND.
    package var description: String {
        switch self {
        case .licence(let name): name
        case .with(let name, let exception): name + " WITH " + exception
        case .all(let parts):
            parts.map { if case .any = $0 { "(\($0))" } else { "\($0)" } }.joined(separator: " AND ")
        case .any(let parts):
            parts.map { if case .all = $0 { "(\($0))" } else { "\($0)" } }.joined(separator: " OR ")
        }
    }
}
