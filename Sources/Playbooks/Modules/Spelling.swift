/// How far apart two names are spelt, for "did you mean".
enum Spelling {
    /// Names longer than this are compared by this many of their characters.
    private static let maximumLength = 64

    /// The candidates spelt most like `name`, best first; those with little in common are left out.
    static func nearest(to name: String, among candidates: [String], count: Int) -> [String] {
        let wanted = Array(name.lowercased().prefix(maximumLength))
        let limit = max(2, wanted.count / 2)
        return candidates.map { (candidate: $0, distance: distance(wanted, Array($0.lowercased()))) }
            .filter { $0.distance <= limit }
            .sorted { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }
            .prefix(count).map(\.candidate)
    }

    /// Damerau's distance in its restricted form: insert, delete, replace, swap neighbours.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        if isContained(left, right) { return 2 }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...right.count {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var best = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, before[column - 2] + 1)
                }
                current[column] = best
            }
            (before, previous) = (previous, current)
        }
        return previous[right.count]
    }

    /// Whether the shorter name, if it says enough, stands whole in the longer one: `destination` holds `dest`.
    private static func isContained(_ left: [Character], _ right: [Character]) -> Bool {
        let (short, long) = left.count < right.count ? (left, right) : (right, left)
        guard short.count >= 3, short.count < long.count else { return false }
        return long.starts(with: short) || long.reversed().starts(with: short.reversed())
    }
}
