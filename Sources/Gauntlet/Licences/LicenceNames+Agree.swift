extension LicenceNames {
    /// Holds a statement that was found with changes against the names in it: the name is what must not change.
    ///
    /// - Returns: The statement, perhaps with another expression; `nil` when it cannot be what it seemed.
    func agree(_ hit: LicenceHit, says expression: LicenceExpression, _ index: LicenceIndex) -> LicenceHit? {
        guard index.kind(of: hit.rule) != .text, hit.words.count < 400 else { return hit }
        let range = max(0, hit.words.lowerBound - 4)..<min(words.count, hit.words.upperBound + 4)
        var named = names(in: range)
        if named.contains(where: { $0.version != nil }) { named.removeAll { $0.version == nil } }
        let found = Set(named.map(\.identifier))
        let said = Set(expression.identifiers.compactMap(Self.gnuPart))
        // A name without a version takes nothing from a statement that knows one.
        if named.allSatisfy({ $0.version == nil }), Set(said.map(Self.family)) == Set(named.map(\.family.rawValue)) {
            return hit
        }
        guard !found.isEmpty, found != said else { return hit }
        guard found.count == 1, said.count <= 1, let right = found.first else {
            return said.isSubset(of: found) ? hit : nil
        }
        guard let wrong = said.first else { return nil }
        var corrected = hit
        corrected.expression = expression.replacing(wrong, with: right)
        corrected.rule = LicenceFields.nameRule
        return corrected
    }

    private static func family(_ identifier: String) -> String { String(identifier.prefix { $0 != "-" }) }

    /// The licence of a GNU family in an identifier.
    private static func gnuPart(_ identifier: String) -> String? {
        let name = identifier.prefix { $0 != " " }
        return name.hasPrefix("GPL-") || name.hasPrefix("LGPL-") || name.hasPrefix("AGPL-") ? String(name) : nil
    }
}

extension LicenceExpression {
    /// The same with one licence in the place of another.
    func replacing(_ wrong: String, with right: String) -> LicenceExpression {
        switch self {
        case .licence(let name): .licence(name == wrong ? right : name)
        case .with(let name, let exception): .with(name == wrong ? right : name, exception)
        case .all(let parts): LicenceExpression.joining(parts.map { $0.replacing(wrong, with: right) }) ?? self
        case .any(let parts): LicenceExpression.choosing(parts.map { $0.replacing(wrong, with: right) }) ?? self
        }
    }
}
