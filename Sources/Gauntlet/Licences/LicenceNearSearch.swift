/// Looks for texts that are there with changes: shared shingles choose the candidates, their order the place.
struct LicenceNearSearch {
    /// A shingle of the text that a rule holds too.
    struct Shared {
        /// The word it begins at.
        var place: UInt32
        /// Which shingle of which rule it is: its place in the index.
        var posting: UInt32
        /// Where it stands in the rule, in 256ths.
        var part: UInt8
    }

    /// Words from which on a text is found by every fourth of its shingles, as the script has it.
    private static let longText = 120
    /// Shingles that a text must share with a rule, at least.
    private static let leastShared: UInt16 = 4

    private let index: LicenceIndex
    private let words: LicenceWords
    private var open: [Bool]
    /// The shingle at each word.
    private var shingles: [UInt32] = []
    /// Whether too many rules hold the shingle at a word for it to count.
    private var isCommon: [Bool] = []
    /// The words whose shingle rules hold, with where their numbers stand in the index.
    private var held: [(place: Int32, postings: UInt32, count: UInt16)] = []
    /// How many shingles of the open words each rule holds.
    private var counts: [UInt16]
    /// The rules that hold enough of them to be looked at; of most texts a few of the thousands.
    private var reached: [Int] = []
    /// The rules that are looked for: the first so many, which are the longest.
    private var limit = 0
    private let longCount: Int

    init(index: LicenceIndex, words: LicenceWords, open: [Bool]) {
        self.index = index
        self.words = words
        self.open = open
        counts = [UInt16](repeating: 0, count: index.nearCount)
        var low = 0
        var high = index.nearCount
        while low < high {
            let middle = (low + high) / 2
            if Int(index.lengths[middle]) >= Self.longText { low = middle + 1 } else { high = middle }
        }
        longCount = low
        isCommon = [Bool](repeating: false, count: words.count)
        let size = LicenceIndex.gram
        shingles.reserveCapacity(words.count)
        for place in 0..<max(0, words.count - size + 1) { shingles.append(words.hash(place, size, index.powers)) }
    }

    /// Takes the shingles of the open words.
    ///
    /// - Parameter sparsely: Only those that longer texts are sampled by, which leaves short ones out.
    mutating func collect(sparsely: Bool) {
        if !held.isEmpty { for rule in counts.indices { counts[rule] = 0 } }
        held.removeAll(keepingCapacity: true)
        reached.removeAll(keepingCapacity: true)
        limit = sparsely ? longCount : index.nearCount
        let mask: UInt32 = sparsely ? 3 : 0
        for place in shingles.indices where open[place] && shingles[place] & mask == 0 { find(place) }
        for one in held { count(one.postings, one.count, by: 1) }
    }

    /// Looks up who holds the shingle at a word.
    private mutating func find(_ place: Int) {
        let hash = shingles[place]
        let bucket = Int(hash >> 16)
        var at = Int(index.shingleStarts[bucket])
        let end = Int(index.shingleStarts[bucket + 1])
        let bytes = index.shingles.bytes.raw
        while at + 3 <= end {
            let lower = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self))
            var holders = Int(bytes[at + 2])
            at += 3
            if holders == 255, at + 2 <= end {
                holders = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
                at += 2
            }
            if lower == UInt16(truncatingIfNeeded: hash) {
                if holders == 0 { isCommon[place] = true }
                let there = min(holders, (end - at) / 3)
                if there > 0 { held.append((Int32(place), UInt32(at), UInt16(there))) }
                return
            }
            at += 3 * holders
        }
    }

    private mutating func count(_ postings: UInt32, _ number: UInt16, by step: Int) {
        let bytes = index.shingles.bytes.raw
        let limit = limit
        counts.withUnsafeMutableBufferPointer { counts in
            for offset in stride(from: Int(postings), to: Int(postings) + 3 * Int(number), by: 3) {
                let rule = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
                guard rule < limit else { break }
                counts[rule] = UInt16(clamping: Int(counts[rule]) + step)
                if counts[rule] == Self.leastShared, step > 0 { reached.append(rule) }
            }
        }
    }

    /// Takes words out of the search.
    mutating func close(_ range: Range<Int>) {
        for place in range { open[place] = false }
        for one in held where range.contains(Int(one.place)) { count(one.postings, one.count, by: -1) }
        held.removeAll { range.contains(Int($0.place)) }
    }

    /// The shared shingles of chosen rules, by the number of the choice.
    private func gather(_ chosen: [Int]) -> [[Shared]] {
        var slots = [UInt8](repeating: 0, count: counts.count)
        for (slot, rule) in chosen.enumerated() { slots[rule] = UInt8(truncatingIfNeeded: slot + 1) }
        var gathered = [[Shared]](repeating: [], count: chosen.count)
        let bytes = index.shingles.bytes.raw
        for one in held {
            for offset in stride(from: Int(one.postings), to: Int(one.postings) + 3 * Int(one.count), by: 3) {
                let rule = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
                guard rule < limit else { break }
                guard slots[rule] > 0 else { continue }
                gathered[Int(slots[rule]) - 1].append(
                    Shared(place: UInt32(one.place), posting: UInt32(offset), part: bytes[offset + 2])
                )
            }
        }
        return gathered
    }

    /// The best text of the most promising ones; `nil` when none is there.
    func best(of number: Int) -> LicenceHit? {
        guard held.count >= Int(Self.leastShared) else { return nil }
        var promising: [(rule: Int, weight: Double)] = []
        for rule in reached {
            let count = counts[rule]
            guard count >= Self.leastShared else { continue }
            let total = Int(index.shingleTotals[rule])
            let share = min(1, Double(count) / Double(max(1, total)))
            guard share >= least(rule) * 0.9 else { continue }
            promising.append((rule, share * share * share * Double(index.lengths[rule])))
        }
        guard !promising.isEmpty else { return nil }
        promising.sort { ($0.weight, $1.rule) > ($1.weight, $0.rule) }
        let chosen = Array(promising.prefix(number).map(\.rule))
        let gathered = gather(chosen)
        var best: (hit: LicenceHit, value: Double)?
        for (slot, rule) in chosen.enumerated() {
            guard let (hit, inner) = align(rule, gathered[slot]) else { continue }
            // A text may lack its begin or its end; what is missing in its middle says that it is another.
            var value = Double(hit.matched) * hit.coverage
            for _ in 0..<6 { value *= inner }
            for _ in 0..<3 { value *= hit.density }
            // What a steward publishes is likelier than what somebody added to it.
            if index.isOriginal(rule) { value *= 1.08 }
            guard value > best?.value ?? 0 else { continue }
            if index.expression(of: rule).contains(" AND ") { value *= 0.92 }
            if value > best?.value ?? 0 { best = (hit, value) }
        }
        return best?.hit
    }

    /// The least coverage of a rule that counts.
    private func least(_ rule: Int) -> Double {
        let length = Int(index.lengths[rule])
        var usual = length < 40 ? 0.75 : length < 80 ? 0.65 : LicenceScanner.leastCoverage
        // Of some rules nearly all words are everybody's: the few that are their own must be there.
        let sampled = length >> Int(level(of: length))
        if Int(index.shingleTotals[rule]) * 5 < sampled * 2 { usual = 0.9 }
        // What is missing from a joint statement may be one of its parts.
        if index.isJoint(rule) {
            usual = max(usual, length < 400 ? 0.85 : 0.75)
        }
        return max(usual, Double(index.leastCoverages[rule]) / 118)
    }

    /// Where a rule stands, how much of it, and how much of what lies between the first and the last of that.
    private func align(_ rule: Int, _ hits: [Shared]) -> (hit: LicenceHit, inner: Double)? {
        let length = Int(index.lengths[rule])
        let total = Int(index.shingleTotals[rule])
        guard total > 0, let stretch = densest(hits, width: length + length / 3 + 24) else { return nil }
        let region = hits[stretch]
        var postings = region.map(\.posting)
        postings.sort()
        var distinct = 1
        for place in postings.indices.dropFirst() where postings[place] != postings[place - 1] { distinct += 1 }
        let coverage = min(1, Double(distinct) / Double(total))
        guard coverage >= least(rule) else { return nil }
        let range = reach(of: region, length: length)
        guard !range.isEmpty, hasPhrases(of: rule, in: range, coverage) else { return nil }
        let density = share(of: region, in: range, level: level(of: length))
        guard density >= 0.4 else { return nil }
        let parts = region.map(\.part).sorted()
        // The outermost few may be strays.
        let first = Int(parts[parts.count / 50])
        let span = Double(Int(parts[parts.count - 1 - parts.count / 50]) - first + 1) / 256
        let hit = LicenceHit(
            rule: rule,
            words: range,
            matched: max(1, Int(coverage * Double(length))),
            coverage: min(coverage, 0.999),
            density: density,
            gaps: gaps(in: region, level: level(of: length)),
            lead: Double(first) / 256
        )
        return (hit, min(1, Double(distinct) / max(1, Double(total) * span)))
    }

    /// Stretches without a shared shingle, of a length that chance and a few changed words do not make.
    private func gaps(in region: ArraySlice<Shared>, level: UInt32) -> [Range<Int>] {
        let least = max(16, 4 << Int(level))
        var gaps: [Range<Int>] = []
        var previous = Int(region.first?.place ?? 0)
        for one in region {
            let place = Int(one.place)
            if place - previous >= least { gaps.append(previous + LicenceIndex.gram..<place) }
            previous = place
        }
        return gaps
    }

    /// The words from a rule's begin to its end, as far as shingles that everybody holds lead there.
    private func reach(of region: ArraySlice<Shared>, length: Int) -> Range<Int> {
        let first = region[region.startIndex]
        let last = region[region.endIndex - 1]
        let size = LicenceIndex.gram
        var start = Int(first.place)
        let begin = max(0, start - (Int(first.part) + 1) * length / 256 - 2)
        if let common = (begin..<max(begin, start)).first(where: { open[$0] && isCommon[$0] }) { start = common }
        var end = Int(last.place)
        let finish = min(words.count - size, end + (256 - Int(last.part)) * length / 256 + 2)
        if let common = (end..<max(end, finish)).last(where: { open[$0] && isCommon[$0] }) { end = common }
        if start - begin <= 8 { start = begin }
        return start..<min(words.count, end + size)
    }

    /// The stretch of shared shingles, no wider than so many words, that holds the most different ones.
    private func densest(_ hits: [Shared], width: Int) -> Range<Int>? {
        guard !hits.isEmpty else { return nil }
        if Int(hits[hits.count - 1].place) - Int(hits[0].place) <= width { return 0..<hits.count }
        var seen: [UInt32: Int] = [:]
        var best = 0..<0
        var bestCount = 0
        var start = 0
        for end in hits.indices {
            seen[hits[end].posting, default: 0] += 1
            while Int(hits[end].place) - Int(hits[start].place) > width {
                let posting = hits[start].posting
                let left = (seen[posting] ?? 1) - 1
                seen[posting] = left == 0 ? nil : left
                start += 1
            }
            if seen.count > bestCount {
                bestCount = seen.count
                best = start..<end + 1
            }
        }
        return best
    }

    /// Of how many shingles one is kept, as a power of two, by the length of the text; as the script has it.
    private func level(of length: Int) -> UInt32 {
        length < 60 ? 0 : length < 120 ? 1 : length < 1000 ? 2 : length < 3000 ? 3 : 4
    }

    private func share(of region: ArraySlice<Shared>, in range: Range<Int>, level: UInt32) -> Double {
        let mask = (UInt32(1) << level) - 1
        let end = max(range.lowerBound, range.upperBound - LicenceIndex.gram + 1)
        var all = 0
        for place in range.lowerBound..<end where shingles[place] & mask == 0 && !isCommon[place] { all += 1 }
        var places = 0
        var previous: UInt32?
        for one in region where one.place != previous {
            places += 1
            previous = one.place
        }
        return all == 0 ? 1 : min(1, Double(places) / Double(all))
    }

    /// Whether the phrases stand there without which a rule says nothing.
    private func hasPhrases(of rule: Int, in range: Range<Int>, _ coverage: Double) -> Bool {
        for phrase in Int(
            index.phraseStarts[rule]
        )..<max(Int(index.phraseStarts[rule]), Int(index.phraseStarts[rule + 1])) {
            guard 5 * phrase + 5 <= index.phrases.count else { return false }
            let hash = index.phrases.word(at: 5 * phrase)
            let length = Int(index.phrases.raw[5 * phrase + 4])
            // A misspelt word is likelier in a long phrase than that the phrase is missing from so much of the text.
            if length > 5, coverage >= 0.75 { continue }
            let last = min(range.upperBound + 8, words.count) - length
            guard length > 0, last >= range.lowerBound else { return false }
            let first = max(0, range.lowerBound - 8)
            guard (first...last).contains(where: { words.hash($0, length, index.powers) == hash }) else { return false }
        }
        return true
    }
}
