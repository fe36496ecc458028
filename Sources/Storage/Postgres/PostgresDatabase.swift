package import CoreMetrics
package import CupelCore

/// PostgreSQL through libpq: a pool of connections, each on a thread of its own.
///
/// A connection is validated before use and opened anew when it was lost. No statement waits without end: a server that
/// does not answer gives `storage_unavailable`, and a task that is cancelled cancels its statement. A body is run again
/// when the server could not order it among others, so it must do nothing but work on its transaction.
package final class PostgresDatabase: Database {
    package let engine = DatabaseEngine.postgres
    private let pool: PostgresPool
    private let listener: PostgresListener

    /// Opens the first connection to prove that the address is right.
    /// - Parameter url: `postgres://user:password@host:port/name`, with libpq's parameters.
    /// - Throws: `configuration_invalid` naming the part of the address that is wrong; `storage_unavailable` with the
    ///   server's reason when waiting may help.
    package init(
        url: Secret,
        options: PostgresOptions = PostgresOptions(),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) async throws {
        let address = try PostgresAddress(url)
        pool = PostgresPool(address: address, options: options, metrics: metrics)
        listener = PostgresListener(address: address, options: options)
        do {
            try await check()
        } catch {
            await close()
            throw error
        }
    }

    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await pool.run(.read, body)
    }

    package func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await pool.run(.write, body)
    }

    package func check() async throws {
        _ = try await query("SELECT 1 AS one")
    }

    package func close() async {
        listener.close()
        await pool.close()
    }

    /// What is notified on a channel, over one connection of its own for all streams together.
    package func notifications(on channel: String) -> AsyncStream<DatabaseNotification>? {
        listener.stream(of: channel)
    }

    /// How many connections are in use and at rest, and how many bodies wait.
    package var poolCounts: (used: Int, idle: Int, waiters: Int) { pool.counts }
}
