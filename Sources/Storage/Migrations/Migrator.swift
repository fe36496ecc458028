package import CupelCore

/// Brings a database's schema up to date, or says where it stands.
///
/// All steps run in one transaction under a lock, so two replicas that start together do not race, and a crash in the
/// middle leaves the old schema.
package struct Migrator: Sendable {
    private let migrations: [Migration]
    private let time: any TimeSource

    /// PostgreSQL's advisory lock for migrations: "cupel" in ASCII.
    private static let lockNumber = 0x6375_7065_6C

    /// A migrator over all targets' steps.
    /// - Throws: `internal_error` when two steps have one number.
    package init(_ migrations: [Migration], time: any TimeSource = SystemTime()) throws {
        self.migrations = migrations.sorted { $0.number < $1.number }
        self.time = time
        guard Set(migrations.map(\.number)).count == migrations.count else {
            throw CupelError(.internalError, "Two migrations have the same number.")
        }
    }

    /// Applies what is missing and gives the steps that were applied now.
    /// - Throws: `schema_too_new` when the database has steps that this binary does not know, `internal_error` when
    ///   an applied step differs from ours, `storage_unavailable`.
    package func up(_ database: any Database) async throws -> [MigrationStatus] {
        let now = time.now
        return try await database.write { try up(in: $0, at: now) }
    }

    /// Applies what is missing inside a transaction of the caller's.
    /// - Parameter wanted: the only steps to apply; all when `nil`.
    func up(in transaction: any Transaction, at now: Timestamp, only wanted: Set<Int>? = nil) throws
        -> [MigrationStatus]
    {
        try prepare(transaction)
        let applied = try self.applied(transaction)
        try verify(applied, engine: transaction.engine)
        let missing = migrations.filter { applied[$0.number] == nil && wanted?.contains($0.number) ?? true }
        return try missing.map { step in
            for statement in step.statements(transaction.engine) { try transaction.execute(statement) }
            let checksum = step.checksum(for: transaction.engine)
            try transaction.execute(
                """
                INSERT INTO schema_migrations (number, name, checksum, applied_at)
                VALUES (\(step.number), \(step.name), \(checksum), \(now))
                """
            )
            return MigrationStatus(number: step.number, name: step.name, appliedAt: now)
        }
    }

    /// Checks that this binary knows every step that some other database had, in the form that it had there.
    /// - Throws: as ``up(_:)``.
    func verify(_ steps: [BackupManifest.Step], of engine: DatabaseEngine) throws {
        let applied = steps.map { ($0.number, (checksum: $0.checksum, at: $0.appliedAt)) }
        try verify(Dictionary(applied) { first, _ in first }, engine: engine)
    }

    /// Every step and when it was applied.
    /// - Throws: as ``up(_:)``.
    package func status(_ database: any Database) async throws -> [MigrationStatus] {
        try await database.write { transaction in
            try prepare(transaction)
            let applied = try self.applied(transaction)
            try verify(applied, engine: transaction.engine)
            return migrations.map {
                MigrationStatus(number: $0.number, name: $0.name, appliedAt: applied[$0.number]?.at)
            }
        }
    }

    private func prepare(_ transaction: any Transaction) throws {
        if transaction.engine == .postgres {
            _ = try transaction.query("SELECT pg_advisory_xact_lock(\(Self.lockNumber)) AS locked")
        }
        try transaction.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)
            """
        )
    }

    private func applied(_ transaction: any Transaction) throws -> [Int: (checksum: Digest, at: Timestamp)] {
        let rows = try transaction.query("SELECT number, checksum, applied_at FROM schema_migrations")
        return try Dictionary(
            uniqueKeysWithValues: rows.map {
                (try $0.integer("number"), (try $0.digest("checksum"), try $0.timestamp("applied_at")))
            }
        )
    }

    private func verify(_ applied: [Int: (checksum: Digest, at: Timestamp)], engine: DatabaseEngine) throws {
        let known = Set(migrations.map(\.number))
        if let newer = applied.keys.filter({ !known.contains($0) }).max() {
            throw CupelError(
                .schemaTooNew,
                "The database has migration \(newer), which this version does not know; use the newer cupel."
            )
        }
        for step in migrations {
            guard let found = applied[step.number], found.checksum != step.checksum(for: engine) else { continue }
            throw CupelError(
                .internalError,
                "Migration \(step.number) (\(step.name)) was applied in another form."
            )
        }
    }
}
