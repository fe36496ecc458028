import CupelCore
import Identity
import Storage

/// What was spent in the current day and month, by everything that a budget can be for.
struct SpentSums: Sendable {
    private struct Key: Hashable {
        var start: Timestamp
        var word: String
        var subject: String
    }

    private var sums: [Key: Int64] = [:]

    /// Sums of every key, team, project and model since the beginning of the current month, by days.
    static func load(_ database: any Database, at now: Timestamp) async throws -> SpentSums {
        guard let month = BudgetPeriod.month.window(around: now), let day = BudgetPeriod.day.window(around: now) else {
            return SpentSums()
        }
        let first = month.lowerBound.microseconds / UsageRollup.microsecondsADay
        let today = day.lowerBound.microseconds / UsageRollup.microsecondsADay
        let rows = try await database.query(
            """
            SELECT day, key_name, team, project, model, CAST(sum(cost_microdollars) AS BIGINT) AS cost
            FROM usage_days WHERE day >= \(first) GROUP BY day, key_name, team, project, model
            """
        )
        var result = SpentSums()
        for row in rows {
            let cost = Int64(try row.integer("cost"))
            let isToday = Int64(try row.integer("day")) == today
            for (word, column) in [("key", "key_name"), ("team", "team"), ("project", "project"), ("model", "model")] {
                let subject = try row.text(column)
                result.sums[Key(start: month.lowerBound, word: word, subject: subject), default: 0] += cost
                guard isToday else { continue }
                result.sums[Key(start: day.lowerBound, word: word, subject: subject), default: 0] += cost
            }
        }
        return result
    }

    /// What one subject spent in the window that begins then.
    func spent(_ word: String, _ subject: String, since start: Timestamp) -> Money {
        Money(microdollars: sums[Key(start: start, word: word, subject: subject)] ?? 0)
    }
}
