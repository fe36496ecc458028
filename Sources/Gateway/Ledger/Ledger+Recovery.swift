import CupelCore
import Logging
import Storage
import Telemetry

/// Calls whose process ended before they did.
extension Ledger {
    /// How long a process may be silent before its calls are taken for interrupted.
    package static let silence = Duration.seconds(60)
    /// How often a process shows that it lives.
    package static let heartbeat = Duration.seconds(5)

    /// Shows that this process lives, where others share the store.
    func beat() async throws {
        guard database.engine == .postgres else { return }
        let (replica, now) = (replica, time.now)
        try await database.execute(
            """
            INSERT INTO gateway_replicas (id, seen_at) VALUES (\(replica), \(now))
            ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
            """
        )
    }

    /// Settles what processes that are no more left open: what such a call cost is not known, so what was held for it
    /// is what it counts as, and its record says `interrupted`.
    /// - Returns: how many there were.
    @discardableResult
    package func recover() async throws -> Int {
        try await beat()
        let (replica, oldest) = (replica, time.now + (.zero - Self.silence))
        let count = try await database.write { transaction in
            // On SQLite one process owns the store, so that every other's calls are over.
            let dead: SQL =
                transaction.engine == .sqlite
                ? "outcome = 'open' AND (replica IS NULL OR replica <> \(replica))"
                : """
                outcome = 'open' AND (replica IS NULL OR replica NOT IN
                    (SELECT id FROM gateway_replicas WHERE seen_at > \(oldest)))
                """
            try transaction.execute(Self.sums(of: dead))
            return try transaction.execute(
                """
                UPDATE calls SET outcome = 'interrupted', is_estimated = 1, cost_microdollars = reserved_microdollars
                WHERE \(dead)
                """
            )
        }
        if count > 0 {
            logger.log(
                .warning,
                "calls were interrupted by the end of their process; each counts as what was held for it",
                [.count: String(count)]
            )
        }
        return count
    }

    private static func sums(of calls: SQL) -> SQL {
        """
        INSERT INTO usage_days (day, key_name, person, team, project, model, upstream, calls, unpriced, input_tokens,
            cache_read_tokens, output_tokens, reasoning_tokens, cost_microdollars)
        SELECT started_at / 86400000000, key_name, person, team, project, coalesce(model, model_asked), upstream,
            count(*), 0, 0, 0, 0, 0, CAST(sum(reserved_microdollars) AS BIGINT)
        FROM calls WHERE \(calls)
        GROUP BY started_at / 86400000000, key_name, person, team, project, coalesce(model, model_asked), upstream
        ON CONFLICT (day, key_name, person, team, project, model, upstream) DO UPDATE SET
            calls = usage_days.calls + excluded.calls,
            cost_microdollars = usage_days.cost_microdollars + excluded.cost_microdollars
        """
    }
}
