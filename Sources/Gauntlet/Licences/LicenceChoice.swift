/// Joins statements between which a reader may choose: "MIT or Apache-2.0", "dual licensed under X and Y".
struct LicenceChoice {
    /// Words between two statements of one choice, at most.
    private static let gap = 6
    /// Words around them in which it is said that there is a choice.
    private static let reach = 14

    let words: LicenceWords
    let index: LicenceIndex
    let meanings: LicenceMeanings

    private static let or = LicenceHash.word("or")
    private static let alternatively = LicenceHash.word("alternatively")
    private static let choosing = Set(
        ["dual", "dually", "either", "choice", "choose", "alternatively", "option", "disjunction", "tri", "triple"]
            .map { LicenceHash.word($0) }
    )

    /// The statements with choices joined, in order.
    func joined(_ hits: [LicenceHit]) -> [LicenceHit] {
        var result: [LicenceHit] = []
        for hit in hits {
            if let last = result.last, let both = choice(last, hit) {
                result[result.count - 1] = both
            } else {
                result.append(hit)
            }
        }
        return result
    }

    private func choice(_ first: LicenceHit, _ second: LicenceHit) -> LicenceHit? {
        let between = first.words.upperBound..<max(first.words.upperBound, second.words.lowerBound)
        if isAlternative(first, second) { return joined(first, second) }
        guard between.count <= Self.gap, isNotice(first), isNotice(second) else { return nil }
        guard between.contains(where: { words.word($0) == Self.or }) || isOffered(first, between, second) else {
            return nil
        }
        return joined(first, second)
    }

    /// Whether a notice behind or inside a text offers another licence in its place.
    private func isAlternative(_ first: LicenceHit, _ second: LicenceHit) -> Bool {
        guard second.words.lowerBound <= first.words.upperBound + 2 * Self.reach, isNotice(second) else { return false }
        let before =
            max(0, second.words.lowerBound - 2 * Self.reach)..<min(words.count, second.words.lowerBound + Self.reach)
        return before.contains { words.word($0) == Self.alternatively }
    }

    private func joined(_ first: LicenceHit, _ second: LicenceHit) -> LicenceHit? {
        let one = meanings.of(first)
        let other = meanings.of(second)
        guard one.identifiers.isDisjoint(with: other.identifiers) else { return nil }
        guard let joined = LicenceExpression.choosing([one.expression, other.expression])
        else { return nil }
        return LicenceHit(
            rule: LicenceFields.nameRule,
            words: first.words.lowerBound..<max(first.words.upperBound, second.words.upperBound),
            matched: first.matched + second.matched,
            coverage: min(first.coverage, second.coverage),
            density: min(first.density, second.density),
            expression: joined
        )
    }

    private func isOffered(_ first: LicenceHit, _ between: Range<Int>, _ second: LicenceHit) -> Bool {
        let before = max(0, first.words.lowerBound - Self.reach)..<first.words.lowerBound
        let after = second.words.upperBound..<min(words.count, second.words.upperBound + Self.reach / 2)
        return [before, between, after].contains { $0.contains { Self.choosing.contains(words.word($0)) } }
    }

    private func isNotice(_ hit: LicenceHit) -> Bool {
        guard hit.words.count < 60 else { return false }
        return hit.expression != nil ? hit.rule == LicenceFields.nameRule : index.kind(of: hit.rule) != .text
    }
}
