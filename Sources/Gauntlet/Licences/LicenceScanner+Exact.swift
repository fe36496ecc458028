extension LicenceScanner {
    /// Raw exact matches of one text, at most; a real licence gives some hundreds.
    private static let maximumExact = 100_000

    /// Every rule whose words stand in the text as they are.
    func exactHits(_ words: LicenceWords) -> [LicenceHit] {
        var hits: [LicenceHit] = []
        let powers = index.powers
        for place in 0..<words.count {
            for length in 1...LicenceIndex.gram where place + length <= words.count {
                let hash = words.hash(place, length, powers)
                guard index.mayAnchor(hash) else { continue }
                add(hash, length, at: place, words, to: &hits)
            }
            if hits.count > Self.maximumExact { break }
        }
        return hits
    }

    private func add(_ hash: UInt32, _ length: Int, at place: Int, _ words: LicenceWords, to hits: inout [LicenceHit]) {
        let bucket = Int(hash >> 16)
        let lower = UInt16(truncatingIfNeeded: hash)
        for entry in Int(index.anchorStarts[bucket])..<Int(index.anchorStarts[bucket + 1])
        where index.anchorHashes[entry] == lower {
            let rule = Int(index.anchorRules[entry])
            let count = Int(index.lengths[rule])
            guard min(count, LicenceIndex.gram) == length else { continue }
            let start = place - Int(index.anchorPlaces[rule])
            guard start >= 0, start + count <= words.count,
                words.hash(start, count, index.powers) == index.hashes[rule]
            else { continue }
            hits.append(
                LicenceHit(rule: rule, words: start..<start + count, matched: count, coverage: 1, density: 1)
            )
        }
    }
}
