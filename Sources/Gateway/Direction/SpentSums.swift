import CupelCore
import Identity
import Storage

/// What was spent in windows of days, by everything that a budget can be for.
struct SpentSums: Sendable {
    /// The days of a window, counted since 1970, UTC.
    typealias Days = Range<Int64>

    private struct Key: Hashable {
        /// The first day.
        var day: Int64
        /// How many there are.
        var count: Int64
        var word: String
        var subject: String
    }

    private var sums: [Key: Int64] = [:]
    /// The windows that were summed up.
    private(set) var windows: Set<Days> = []

    /// Sums of every key, team, project and model in the current day and month.
    static func load(_ database: any Database, at now: Timestamp) async throws -> SpentSums {
        try await database.read { try read(in: $0, of: [], at: now.microseconds) }
    }

    /// Sums of every key, team, project and model in some windows, and in the day and the month around a moment.
    /// - Parameter now: microseconds since 1970.
    static func read(in transaction: any Transaction, of windows: Set<Days>, at now: Int64?) throws -> SpentSums {
        var result = SpentSums()
        result.windows = windows
        for period in [BudgetPeriod.month, .day] {
            guard let now, let window = period.window(around: Timestamp(microseconds: now)) else { continue }
            result.windows.insert(days(from: window.lowerBound.microseconds, to: window.upperBound.microseconds))
        }
        guard let first = result.windows.map(\.lowerBound).min() else { return result }
        let rows = try transaction.query(
            """
            SELECT day, key_name, team, project, model, CAST(sum(cost_microdollars) AS BIGINT) AS cost
            FROM usage_days WHERE day >= \(first) GROUP BY day, key_name, team, project, model
            """
        )
        for row in rows { try result.add(row) }
        return result
    }

    /// The days between two moments, in microseconds since 1970, that begin days.
    static func days(from start: Int64, to end: Int64) -> Days {
        let day = UsageRollup.microsecondsADay
        return (start / day)..<max(end / day, start / day)
    }

    private mutating func add(_ row: Row) throws {
        let cost = Int64(try row.integer("cost"))
        let day = Int64(try row.integer("day"))
        for (word, column) in [("key", "key_name"), ("team", "team"), ("project", "project"), ("model", "model")] {
            let subject = try row.text(column)
            for window in windows where window.contains(day) {
                sums[Self.key(window, word, subject), default: 0] += cost
            }
        }
    }

    private static func key(_ days: Days, _ word: String, _ subject: String) -> Key {
        Key(day: days.lowerBound, count: Int64(days.count), word: word, subject: subject)
    }

    /// What one subject spent in a window.
    func spent(_ word: String, _ subject: String, in days: Days) -> Money {
        Money(microdollars: sums[Self.key(days, word, subject)] ?? 0)
    }
}
