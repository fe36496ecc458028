import CupelCore
import GRDB
import GRDBSQLite

/// SQLite in one file: WAL, `synchronous=FULL`, one writer with group commit, a pool of readers.
package final class SQLiteDatabase: Database {
    package let engine = DatabaseEngine.sqlite
    private let pool: DatabasePool
    private let writer: SQLiteCommitGroup
    private let disk: SQLiteDiskWatch

    /// How many readers work at once.
    package static let readerCount = 4

    /// Opens or makes the file.
    /// - Parameter maximumPendingWrites: writes that may wait for the writer before more are refused.
    /// - Throws: `storage_unavailable` naming the file and the reason, also when it can only be read.
    package init(path: String, maximumPendingWrites: Int = 10_000) throws {
        disk = SQLiteDiskWatch(path: path)
        var configuration = Configuration()
        configuration.maximumReaderCount = Self.readerCount
        configuration.busyMode = .timeout(5)
        configuration.foreignKeysEnabled = true
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            // SQLite opens a file that it may not write for reading only, without a word.
            guard pool.writeWithoutTransaction({ sqlite3_db_readonly($0.sqliteConnection, "main") }) == 0 else {
                throw CupelError(.storageUnavailable, "\(path) may only be read; make the file writable.")
            }
            // The pool sets NORMAL as it opens, which may lose the last commits at a power cut.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw SQLiteTransaction.translate(error, doing: "opening \(path)", on: disk)
        }
        writer = SQLiteCommitGroup(pool: pool, disk: disk, maximumPending: maximumPendingWrites)
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        do {
            return try await pool.read { try body(SQLiteTransaction(database: $0)) }
        } catch {
            throw SQLiteTransaction.translate(error, doing: "reading", on: disk)
        }
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await writer.run(body)
    }

    package func submit(
        _ body: @escaping @Sendable (any Transaction) throws -> Void,
        then: @escaping @Sendable ((any Error)?) -> Void
    ) {
        writer.submit(body, then: then)
    }

    /// Proves that the file can be read and, where that is in doubt, that it can be written.
    package func check() async throws {
        _ = try await query("SELECT 1 AS one")
        try disk.checkRoom()
        if disk.isSuspect { try await writer.prove() }
    }

    package func close() async {
        // A last empty write runs after everything that waits.
        await writer.close()
        // The readers first: only a writer that closes last takes SQLite's log away.
        pool.invalidateReadOnlyConnections()
        try? pool.close()
    }
}
