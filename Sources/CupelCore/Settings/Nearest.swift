extension String {
    /// The candidate that is fewest edits away (Levenshtein), when it is near enough to be what was meant.
    public func nearest(among candidates: some Sequence<String>) -> String? {
        nearest(among: candidates, count: 1).first
    }

    /// The candidates that are fewest edits away (Levenshtein), nearest first, of those near enough to be what was
    /// meant; at most `count`, equally near ones by name.
    public func nearest(among candidates: some Sequence<String>, count limit: Int) -> [String] {
        let bound = max(2, count / 3)
        let ranked = candidates.map { (distance(to: $0, bound: bound), $0) }.filter { $0.0 <= bound }
        return ranked.sorted { $0 < $1 }.prefix(limit).map(\.1)
    }

    private func distance(to other: String, bound: Int) -> Int {
        let left = Array(lowercased())
        let right = Array(other.lowercased())
        guard abs(left.count - right.count) <= bound else { return bound + 1 }
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
