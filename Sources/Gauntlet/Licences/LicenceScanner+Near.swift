extension LicenceScanner {
    /// Texts that are matched nearly in one file, at most.
    private static let maximumNear = 24
    /// Candidates that are aligned in each round.
    private static let candidates = 24
    /// Exact statements of so many words leave nothing to look for inside them.
    private static let settled = 40
    /// Exact statements of so many words are no pieces of others.
    private static let plenty = 3000
    /// The least part of a text that must be found.
    static let leastCoverage = 0.6

    /// The texts and notices that stand in the words with changes.
    func nearHits(_ words: LicenceWords, besides exact: [LicenceHit]) -> [LicenceHit] {
        let open = openWords(words, besides: exact)
        guard open.contains(true) else { return [] }
        var search = LicenceNearSearch(index: index, words: words, open: open)
        var found: [LicenceHit] = []
        for sparsely in [true, false] {
            search.collect(sparsely: sparsely)
            while found.count < Self.maximumNear, let hit = search.best(of: Self.candidates) {
                found.append(hit)
                search.close(hit.words)
            }
        }
        return found
    }

    /// Marks the words in which something may still be found: stretches that no longer statement covers.
    private func openWords(_ words: LicenceWords, besides exact: [LicenceHit]) -> [Bool] {
        let covered = settledWords(words, exact)
        var open = [Bool](repeating: false, count: words.count)
        var start = 0
        while start < words.count {
            guard !covered[start] else {
                start += 1
                continue
            }
            var end = start
            while end < words.count, !covered[end] { end += 1 }
            if end - start >= 12 {
                // What was cut into pieces by smaller statements is looked at as a whole.
                for place in max(0, start - 400)..<min(words.count, end + 400) { open[place] = true }
            }
            start = end
        }
        return open
    }

    /// Marks the words of longer exact statements. Two that touch may be pieces of something longer: they settle nothing.
    private func settledWords(_ words: LicenceWords, _ exact: [LicenceHit]) -> [Bool] {
        var covered = [Bool](repeating: false, count: words.count)
        let long = exact.filter { $0.words.count >= Self.settled }
        for (place, hit) in long.enumerated() {
            let touches =
                (place > 0 && hit.words.lowerBound - long[place - 1].words.upperBound < 12)
                || (place + 1 < long.count && long[place + 1].words.lowerBound - hit.words.upperBound < 12)
            if !touches || hit.words.count >= Self.plenty { for word in hit.words { covered[word] = true } }
        }
        return covered
    }
}
