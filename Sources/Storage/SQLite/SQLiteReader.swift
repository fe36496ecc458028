import CupelCore
import GRDB
import Glibc

/// A SQLite file that is only read, beside the process that owns it.
package final class SQLiteReader: Database {
    package let engine = DatabaseEngine.sqlite
    private let queue: DatabaseQueue

    /// Opens a file that is there.
    /// - Throws: `not_found` when there is none, `storage_unavailable` naming the file and the reason.
    package init(path: String) throws {
        guard access(path, F_OK) == 0 else {
            throw CupelError(.notFound, "\(path) is not there: this data directory has no database yet.")
        }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw SQLiteTransaction.translate(error, doing: "opening \(path)")
        }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        do {
            return try await queue.read { try body(SQLiteTransaction(database: $0)) }
        } catch {
            throw SQLiteTransaction.translate(error, doing: "reading")
        }
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        throw CupelError(.storageUnavailable, "The database is open for reading only.")
    }

    package func check() async throws { _ = try await query("SELECT 1 AS one") }

    package func close() async { try? queue.close() }
}
