/// Keeps of all that was found what a reader would say is there.
struct LicenceHitFilter {
    let index: LicenceIndex
    let meanings: LicenceMeanings

    /// Drops what stands inside something longer that was found exactly.
    static func withoutContained(_ hits: [LicenceHit]) -> [LicenceHit] {
        let sorted = hits.sorted {
            ($0.words.lowerBound, -$0.words.upperBound, $0.rule) < ($1.words.lowerBound, -$1.words.upperBound, $1.rule)
        }
        var kept: [LicenceHit] = []
        var end = 0
        for hit in sorted where hit.words.upperBound > end {
            kept.append(hit)
            end = hit.words.upperBound
        }
        return kept
    }

    /// From everything found to what counts, in the order of the text.
    func refine(_ hits: [LicenceHit]) -> [LicenceHit] {
        var kept = withoutContinuations(withoutOverlaps(hits))
        kept.removeAll { $0.expression == nil && index.kind(of: $0.rule) == .falsePositive }
        kept = withoutLists(kept)
        kept = withoutRemains(withoutHeadings(kept))
        kept.removeAll { isWeak($0) }
        let isKnown = kept.contains { !says(.nothingDefinite, $0) }
        if isKnown { kept.removeAll { says(.nothingDefinite, $0) } }
        return kept
    }

    /// Of what overlaps, the longer stays, by how much is shared.
    private func withoutOverlaps(_ hits: [LicenceHit]) -> [LicenceHit] {
        // The heaviest first: what it covers is not said again by lighter ones.
        let sorted = hits.sorted {
            ($0.weight, $1.words.lowerBound, $1.rule) > ($1.weight, $0.words.lowerBound, $0.rule)
        }
        var kept: [LicenceHit] = []
        for hit in sorted {
            let isCovered = kept.contains { other in
                let shared = hit.words.clamped(to: other.words).count
                guard shared > 0, !isForeign(hit, in: other) else { return false }
                let part = Double(shared) / Double(hit.words.count)
                return part >= 0.7 || (part >= 0.1 && contains(other, hit))
            }
            if !isCovered { kept.append(hit) }
            if kept.count > LicenceScanner.maximumMatches { break }
        }
        return kept.sorted { $0.words.lowerBound < $1.words.lowerBound }
    }

    /// Drops what lacks its beginning and stands right behind something else: it is the rest of that, whose conditions
    /// and disclaimer many licences share.
    private func withoutContinuations(_ hits: [LicenceHit]) -> [LicenceHit] {
        hits.filter { hit in
            guard hit.lead >= Self.missingLead, hit.words.count < Self.longText else { return true }
            return !hits.contains { other in
                other.words.count >= 20 && other.words.lowerBound < hit.words.lowerBound
                    && other.words.upperBound + 8 >= hit.words.lowerBound
                    && other.words.upperBound < hit.words.upperBound
            }
        }
    }

    /// Share of a text that must be missing at its beginning for it to be the rest of another.
    private static let missingLead = 0.06
    /// Words from which on a text says enough of itself without its beginning.
    private static let longText = 400

    /// Whether a grant stands where nothing of the text around it was found: somebody added it.
    private func isForeign(_ hit: LicenceHit, in other: LicenceHit) -> Bool {
        guard hit.rule == LicenceFields.nameRule || (hit.isExact && hit.words.count >= 12) else { return false }
        return other.gaps.contains {
            $0.lowerBound <= hit.words.lowerBound && hit.words.upperBound <= $0.upperBound + 2
        }
    }

    /// Whether what one says is a part of what the other says.
    private func contains(_ other: LicenceHit, _ hit: LicenceHit) -> Bool {
        meanings.of(hit).identifiers.isSubset(of: meanings.of(other).identifiers)
    }

    private enum Saying { case nothingDefinite }

    private func says(_ saying: Saying, _ hit: LicenceHit) -> Bool {
        guard hit.expression == nil else { return false }
        let kind = index.kind(of: hit.rule)
        if kind == .intro || kind == .clue { return true }
        return meanings.of(hit).isIndefinite
    }

    /// A short word that often means something else.
    private func isWeak(_ hit: LicenceHit) -> Bool {
        guard hit.expression == nil else { return false }
        let kind = index.kind(of: hit.rule)
        if kind == .clue || kind == .intro { return true }
        let relevance = index.relevances[hit.rule]
        if hit.words.count == 1 { return relevance < 100 || kind == .tag }
        return hit.words.count <= 3 && relevance < 60
    }

    /// Drops short mentions beside a text or a notice of the same family: headings, and "the GNU GPL" without a version.
    private func withoutHeadings(_ hits: [LicenceHit]) -> [LicenceHit] {
        let bodies = hits.filter { $0.words.count >= 12 || $0.expression != nil }
        guard !bodies.isEmpty, bodies.count < hits.count else { return hits }
        return hits.filter { hit in
            if isRemnant(hit, of: bodies) { return false }
            guard hit.expression == nil, hit.words.count <= 8, index.kind(of: hit.rule) != .text else { return true }
            let families = meanings.of(hit).families
            return !bodies.contains { body in
                hit.words.lowerBound <= body.words.upperBound + Self.neighbourhood
                    && body.words.lowerBound <= hit.words.upperBound + Self.neighbourhood
                    && families.isSubset(of: meanings.of(body).families)
            }
        }
    }

    /// Whether a notice goes on in a hit: "you should have received a copy of the GNU licence" names no version, and
    /// behind a notice of a lesser licence it often names the wrong one.
    private func isRemnant(_ hit: LicenceHit, of bodies: [LicenceHit]) -> Bool {
        guard hit.words.count <= 40, meanings.of(hit).identifiers == [LicenceNames.unversioned] else { return false }
        return bodies.contains { body in
            body.words.lowerBound < hit.words.lowerBound
                && hit.words.lowerBound <= body.words.upperBound + 2 * Self.neighbourhood
                && meanings.of(body).identifiers != [LicenceNames.unversioned]
                && !meanings.of(body).families.isDisjoint(with: LicenceNames.families)
        }
    }

    /// Drops what is left over beside a text that was found with changes: its own disclaimer, or a general notion of it.
    private func withoutRemains(_ hits: [LicenceHit]) -> [LicenceHit] {
        let changed = hits.filter { hit in
            guard hit.words.count >= 12 || hit.expression != nil else { return false }
            return !meanings.of(hit).isGeneral
        }
        guard !changed.isEmpty else { return hits }
        return hits.filter { hit in
            guard meanings.of(hit).isGeneral else { return true }
            return !changed.contains {
                hit.words.lowerBound <= $0.words.upperBound + Self.neighbourhood
                    && $0.words.lowerBound <= hit.words.upperBound + Self.neighbourhood
            }
        }
    }

    /// Words between a text and what is left over of it, at most.
    private static let neighbourhood = 40

    /// Drops runs of many short mentions of different licences: lists of licences license nothing.
    private func withoutLists(_ hits: [LicenceHit]) -> [LicenceHit] {
        var kept: [LicenceHit] = []
        var run: [LicenceHit] = []
        func flush() {
            let different = Set(run.map { meanings.of($0).expression.description }).count
            if run.count < 15 || different < 10 { kept += run }
            run.removeAll()
        }
        for hit in hits {
            let isMention = hit.words.count <= 8 && hit.expression == nil
            if !isMention || (run.last.map { hit.words.lowerBound - $0.words.upperBound > 20 } ?? false) { flush() }
            if isMention { run.append(hit) } else { kept.append(hit) }
        }
        flush()
        return kept
    }
}

extension LicenceHit {
    /// What decides between overlapping statements: words that were found, less where they were scattered.
    fileprivate var weight: Double { Double(matched) * (isExact ? 1 : 0.6 + 0.4 * coverage * density) }
}
