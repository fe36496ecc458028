package import CupelCore
package import Storage
import Synchronization

/// People, teams, projects, keys and budgets in the tables of a SQL database.
package final class AccountStore: Sendable {
    let database: any Database
    let time: any TimeSource
    private let uses = Mutex<[KeyID: KeyUse]>([:])
    private let listeners = Mutex<[Int: AsyncStream<Void>.Continuation]>([:])

    /// Accounts of one kind that are kept at most; revoked keys do not count.
    package static let maximumCount = 100_000
    /// How long a revoked key is still known, so that whoever uses it is told why it is refused.
    package static let revokedMemory = Duration.seconds(30 * 24 * 3600)

    /// Accounts in a database that is migrated.
    package init(database: any Database, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
    }

    // MARK: Changing

    /// Changes accounts in one transaction; when this returns, the change is durable and this process has been told.
    ///
    /// PostgreSQL may run the body again, so it must do nothing but work on its transaction.
    /// - Parameter actor: who does it, for the audit.
    /// - Throws: what the body throws; `storage_unavailable`.
    package func write<Value: Sendable>(
        by actor: String,
        _ body: @escaping @Sendable (AccountTransaction) throws -> Value
    ) async throws -> Value {
        let now = time.now
        let value = try await database.write { transaction in
            try body(AccountTransaction(transaction: transaction, actor: actor, now: now))
        }
        for listener in listeners.withLock({ Array($0.values) }) { listener.yield() }
        return value
    }

    // MARK: Reading

    /// The number that grows with every change; one row, cheap to ask for.
    package func version() async throws -> Int {
        try await database.query("SELECT version FROM account_state WHERE id = 1").first?.integer("version") ?? 0
    }

    /// Everything that calls need to know, as of one moment.
    package func snapshot() async throws -> AccountSnapshot {
        let oldest = time.now + (.zero - Self.revokedMemory)
        let (version, tables) = try await database.read { transaction in
            let rows = try transaction.query("SELECT version FROM account_state WHERE id = 1")
            return (try rows.first?.integer("version") ?? 0, try Self.tables(transaction, revokedSince: oldest))
        }
        return uses.withLock { uses in
            var kept: [KeyID: KeyUse] = [:]
            let snapshot = AccountSnapshot(version: version, tables) { id, last in
                let use = uses[id] ?? KeyUse(last)
                kept[id] = use
                return use
            }
            uses = kept
            return snapshot
        }
    }

    private static func tables(_ transaction: any Transaction, revokedSince: Timestamp) throws -> AccountTables {
        var tables = AccountTables()
        try transaction.forEachRow("SELECT * FROM teams") { row in
            let team = try Team(row: row)
            tables.teams[team.id] = team
        }
        try transaction.forEachRow("SELECT * FROM people") { row in
            let person = try Person(row: row)
            tables.people[person.id] = person
        }
        try transaction.forEachRow("SELECT * FROM projects") { row in
            let project = try Project(row: row)
            tables.projects[project.id] = project
        }
        try transaction.forEachRow("SELECT * FROM budgets ORDER BY id") { row in
            let budget = try Budget(row: row)
            tables.budgets[budget.scope, default: []].append(budget)
        }
        try transaction.forEachRow("SELECT * FROM model_limits") { row in
            tables.modelLimits[try row.text("model")] = try CallLimits(row: row)
        }
        try transaction.forEachRow(
            "SELECT * FROM api_keys WHERE revoked_at IS NULL OR revoked_at > \(revokedSince)"
        ) { row in
            let old = try row.optionalText("old_digest").flatMap { Digest($0) }
            tables.keys.append((try APIKey(row: row), try row.digest("digest"), old))
        }
        return tables
    }

    // MARK: Following

    /// Keeps somebody up to date until the task is cancelled: gives a snapshot at once and after every change, those of
    /// this process at once, those of others within `interval`; and writes down when keys were last used.
    ///
    /// When the store cannot be read, the last snapshot stays in force and `failed` hears why.
    /// - Throws: `CancellationError`.
    package func follow(
        every interval: Duration = .seconds(1),
        failed: @escaping @Sendable (any Error) -> Void,
        apply: @escaping @Sendable (AccountSnapshot) -> Void
    ) async throws {
        let (ticks, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = listeners.withLock { listeners in
            let number = (listeners.keys.max() ?? 0) + 1
            listeners[number] = continuation
            return number
        }
        defer { listeners.withLock { _ = $0.removeValue(forKey: number) } }
        continuation.yield()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [time] in
                while true {
                    try await time.sleep(for: interval)
                    continuation.yield()
                }
            }
            group.addTask { try await self.refresh(at: ticks, failed, apply) }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Writes down when keys were last used; how often is the caller's choice.
    package func flushUses() async throws {
        let pending = uses.withLock { uses in uses.compactMap { id, use in use.pending.map { (id, $0, use) } } }
        guard !pending.isEmpty else { return }
        let moments = pending.map { ($0.0, $0.1) }
        try await database.write { transaction in
            for (id, moment) in moments {
                try transaction.execute(
                    """
                    UPDATE api_keys SET last_used_at = \(moment)
                    WHERE id = \(id) AND (last_used_at IS NULL OR last_used_at < \(moment))
                    """
                )
            }
        }
        for (_, moment, use) in pending { use.markWritten(moment) }
    }

    /// The time between two flushes of ``follow(every:failed:apply:)``.
    package static let flushInterval = Duration.seconds(30)

    private func refresh(
        at ticks: AsyncStream<Void>,
        _ failed: @Sendable (any Error) -> Void,
        _ apply: @Sendable (AccountSnapshot) -> Void
    ) async throws {
        var known: Int?
        var flushed = time.monotonic
        for await _ in ticks {
            do {
                if try await version() != known {
                    let snapshot = try await snapshot()
                    known = snapshot.version
                    apply(snapshot)
                }
                if time.monotonic - flushed >= Self.flushInterval {
                    flushed = time.monotonic
                    try await flushUses()
                }
            } catch {
                try Task.checkCancellation()
                failed(error)
            }
        }
        try Task.checkCancellation()
    }
}
