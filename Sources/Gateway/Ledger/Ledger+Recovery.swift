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

    /// PostgreSQL's advisory lock for settling the calls of others, which must be done once: "ledge" in ASCII.
    private static let lockNumber = 0x6C_6564_6765

    /// Shows that this process lives, where others share the store.
    func beat() async throws {
        guard database.engine == .postgres else { return }
        try await database.write { [replica] in try LeaseTable.beat(replica, in: $0) }
    }

    /// This process has written everything: the others need not wait for it.
    func depart() async {
        guard database.engine == .postgres else { return }
        _ = try? await database.execute("DELETE FROM gateway_replicas WHERE id = \(replica)")
    }

    /// Settles what processes that are no more left open: what such a call cost is not known, so what was held for it
    /// is what it counts as, and its record says `interrupted`. What they held of budgets is free again.
    /// - Returns: how many calls there were.
    @discardableResult
    package func recover() async throws -> Int {
        try await beat()
        let replica = replica
        let count = try await database.write { transaction in
            if transaction.engine == .postgres {
                // Two that settle the same calls at once would both add them to the sums.
                _ = try transaction.query("SELECT pg_advisory_xact_lock(\(Self.lockNumber)) AS locked")
            }
            let dead: SQL
            var living: SQL = ""
            if transaction.engine == .sqlite {
                // One process owns the store, so that every other's calls are over.
                dead = "outcome = 'open' AND (replica IS NULL OR replica <> \(replica))"
            } else {
                // Read once: who lives must be the same for the sums, for the calls and for what they held.
                living = try LeaseTable.living(beside: replica, in: transaction)
                dead = "outcome = 'open' AND (replica IS NULL OR replica NOT IN (\(living)))"
            }
            try transaction.execute(Self.sums(of: dead))
            let count = try transaction.execute(
                """
                UPDATE calls SET outcome = 'interrupted', is_estimated = 1, cost_microdollars = reserved_microdollars
                WHERE \(dead)
                """
            )
            if transaction.engine == .postgres {
                try LeaseTable.takeOver(but: living, in: transaction)
                try LeaseTable.forget(in: transaction)
            }
            return count
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
