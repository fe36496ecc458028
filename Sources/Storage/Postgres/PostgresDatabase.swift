package import CupelCore
import Synchronization

/// PostgreSQL through libpq: a fixed set of connections, each on a thread of its own.
///
/// A connection is validated before use and opened anew when it was lost.
package final class PostgresDatabase: Database {
    package let engine = DatabaseEngine.postgres
    private let connections: [PostgresConnection]
    private let load: Mutex<[Int]>
    private let maximumPending: Int

    /// Opens the first connection to prove that the address is right.
    /// - Parameters:
    ///   - url: `postgres://user:password@host:port/name`.
    ///   - connectionCount: how many bodies run at once.
    ///   - maximumPending: bodies that may wait for a connection before more are refused.
    /// - Throws: `storage_unavailable` with the server's reason.
    package init(url: Secret, connectionCount: Int = 4, maximumPending: Int = 10_000) async throws {
        connections = (0..<max(1, connectionCount)).map { PostgresConnection(url: url, number: $0) }
        load = Mutex(Array(repeating: 0, count: max(1, connectionCount)))
        self.maximumPending = maximumPending
        try await check()
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await onLeastLoaded { try $0.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", body) }
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await onLeastLoaded { try $0.transaction("BEGIN", body) }
    }

    package func check() async throws {
        _ = try await query("SELECT 1 AS one")
    }

    package func close() async {
        for connection in connections { await connection.close() }
    }

    private func onLeastLoaded<Value: Sendable>(
        _ work: @escaping @Sendable (PostgresConnection.Session) throws -> Value
    ) async throws -> Value {
        let limit = maximumPending
        let chosen = load.withLock { load -> Int? in
            guard load.reduce(0, +) < limit, let least = load.indices.min(by: { load[$0] < load[$1] }) else {
                return nil
            }
            load[least] += 1
            return least
        }
        guard let chosen else {
            throw CupelError(
                .storageUnavailable,
                "More than \(limit) statements wait for the database; try again in a moment.",
                retryAfterSeconds: 1
            )
        }
        defer { load.withLock { $0[chosen] -= 1 } }
        return try await connections[chosen].run(work)
    }
}
