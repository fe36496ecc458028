import CupelCore
import Storage

/// What becomes of the slices of replicas that are no more.
extension LeaseTable {
    /// How long after its end a window's rows stay, for calls that began in it; in microseconds.
    static let afterlife: Int64 = 7_200_000_000
    /// What is told on the channel when slices are free again; else it is the replica that tells.
    static let takenOver = "taken over"
    /// How long after it was seen last a replica's row stays, in microseconds.
    static let memory: Int64 = 86_400_000_000

    /// The replicas that live, as a list of values; this one is among them.
    static func living(beside replica: String, in transaction: any Transaction) throws -> SQL {
        let rows = try transaction.query("SELECT id FROM gateway_replicas WHERE seen_at > \(clock) - \(silence)")
        let ids = Set(try rows.map { try $0.text("id") } + [replica])
        return list(ids.sorted().map { id -> SQL in "\(id)" })
    }

    /// Takes over the slices of replicas that have been silent: what they spent is in the sums of days, once their open
    /// calls are settled, and the rest is free again. In the transaction that settles those.
    /// - Parameter living: replicas whose open calls were not settled.
    /// - Returns: how many slices there were.
    @discardableResult
    static func takeOver(but living: SQL, in transaction: any Transaction) throws -> Int {
        // One that has come back since must keep what it has been told again that it may use.
        let silent: SQL = """
            replica NOT IN (\(living))
                AND replica NOT IN (SELECT id FROM gateway_replicas WHERE seen_at > \(clock) - \(silence))
            """
        let found = try transaction.query(
            "SELECT DISTINCT budget, starts_at FROM budget_leases WHERE \(silent) ORDER BY budget, starts_at LIMIT 1000"
        )
        let keys = try found.map(key)
        guard !keys.isEmpty else { return 0 }
        let windows = try transaction.query(
            """
            SELECT budget, starts_at, ends_at, word, subject FROM budget_windows
            WHERE (budget, starts_at) IN (\(list(keys))) ORDER BY budget, starts_at FOR UPDATE
            """
        ).map { row in
            LeaseWindow(
                key: try key(row),
                end: Int64(try row.integer("ends_at")),
                word: try row.text("word"),
                name: try row.text("subject")
            )
        }
        let count = try transaction.execute(
            "DELETE FROM budget_leases WHERE (budget, starts_at) IN (\(list(keys))) AND \(silent)"
        )
        let left = try transaction.query(
            """
            SELECT budget, starts_at, CAST(sum(kept) AS BIGINT) AS kept FROM budget_leases
            WHERE (budget, starts_at) IN (\(list(keys))) GROUP BY budget, starts_at
            """
        )
        let kept = try Dictionary(left.map { (try key($0), Int64(try $0.integer("kept"))) }) { $0 + $1 }
        let sums = try SpentSums.read(in: transaction, of: Set(windows.map(\.days)), at: nil)
        for window in windows {
            let base = max(sums.spent(window) - (kept[window.key] ?? 0), 0)
            try transaction.execute(
                """
                UPDATE budget_windows SET base = \(base)
                WHERE budget = \(window.key.budget) AND starts_at = \(window.key.start)
                """
            )
        }
        // Whoever waits may have room now.
        try transaction.notify(channel: channel, payload: takenOver)
        return count
    }

    /// Forgets windows that are long over, and replicas that are long gone.
    static func forget(in transaction: any Transaction) throws {
        try transaction.execute("DELETE FROM budget_leases WHERE ends_at < \(clock) - \(afterlife)")
        try transaction.execute("DELETE FROM budget_windows WHERE ends_at < \(clock) - \(afterlife)")
        try transaction.execute("DELETE FROM gateway_replicas WHERE seen_at < \(clock) - \(memory)")
    }
}

extension LeaseWindow {
    /// The window's days.
    var days: SpentSums.Days { SpentSums.days(from: key.start, to: end) }
}

extension SpentSums {
    /// What a budget's subject spent in its window, in microdollars.
    func spent(_ window: LeaseWindow) -> Int64 { spent(window.word, window.name, in: window.days).microdollars }
}
