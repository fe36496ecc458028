// Storage: SQL on SQLite and PostgreSQL behind one small protocol, migrations, and the data directory.
// Values are always bound: an interpolation in `SQL` is a parameter, never text.

/// A store that speaks SQL: SQLite in the data directory, or PostgreSQL.
package protocol Database: Sendable {
    /// Which engine this is, for the few places where their SQL differs.
    var engine: DatabaseEngine { get }

    /// Runs a body that only reads, on a consistent snapshot.
    ///
    /// The body is synchronous and runs on a thread of the store; nothing awaits inside it.
    /// - Throws: what the body throws; `storage_unavailable` when the store cannot be used.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value

    /// Runs a body that may write, in a transaction; when this returns, what it wrote is durable.
    ///
    /// The body is synchronous and runs on a thread of the store; nothing awaits inside it. When it throws, its own
    /// writes are undone and nobody else's. PostgreSQL runs it again, up to three times, when it could not be ordered
    /// among others, so it must do nothing but work on its transaction.
    /// - Throws: what the body throws; `storage_unavailable` when the store cannot be used or the commit failed;
    ///   `outcome_unknown` when the store was lost while it committed; `CancellationError` when the task was cancelled
    ///   before that, and nothing is written.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value

    /// As ``write(_:)``, for a caller that does not wait in a task: `then` hears of the end, on any thread, and must be
    /// quick.
    func submit(
        _ body: @escaping @Sendable (any Transaction) throws -> Void,
        then: @escaping @Sendable ((any Error)?) -> Void
    )

    /// Proves that the store answers, for readiness.
    /// - Throws: `storage_unavailable`.
    func check() async throws

    /// Waits for what was begun and closes; the store cannot be used afterwards.
    func close() async

    /// What ``Transaction/notify(channel:payload:)`` sent to a channel, by any process; nil where one process owns the
    /// store, so that there is nobody else to hear from.
    ///
    /// The first element is ``DatabaseNotification/resumed``. The subscription ends when the stream is dropped.
    func notifications(on channel: String) -> AsyncStream<DatabaseNotification>?
}

/// What a listener hears.
package enum DatabaseNotification: Sendable, Hashable {
    /// A payload that a committed transaction sent.
    case message(String)
    /// Notifications are heard from now on; what was sent before may have been missed, so read the store again.
    case resumed
}

/// What a transaction body works with; valid only inside that body.
package protocol Transaction {
    /// Which engine this is.
    var engine: DatabaseEngine { get }
    /// Runs a statement and gives its rows.
    func query(_ sql: SQL) throws -> [Row]
    /// Runs a statement and hands over its rows one after the other, holding one at a time.
    ///
    /// When `body` throws, the statement is ended; on PostgreSQL the transaction can then only be given up.
    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Void) throws
    /// Runs a statement and gives the number of rows it changed.
    @discardableResult func execute(_ sql: SQL) throws -> Int
    /// Runs a statement that is written out, with the values that `bind` gives in their order; those it does not give
    /// are NULL. For rows that are written thousands of times a second.
    func execute(_ fixed: FixedSQL, binding bind: (inout ValueBinder) -> Void) throws
}

/// The engines behind ``Database``.
package enum DatabaseEngine: String, Sendable {
    case sqlite
    case postgres

    /// The column type for bytes.
    package var bytesType: String { self == .sqlite ? "BLOB" : "BYTEA" }
    /// The column type of a number that the store counts up by itself, as a primary key.
    package var countedKey: String {
        self == .sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT" : "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
    }
}

extension Transaction {
    /// Tells listeners on a channel, in every process, once this transaction is committed; on SQLite nobody else
    /// listens and nothing happens.
    /// - Parameters:
    ///   - channel: at most 63 bytes.
    ///   - payload: at most 7,999 bytes; equal payloads of one transaction are delivered once.
    package func notify(channel: String, payload: String) throws {
        guard engine == .postgres else { return }
        _ = try query("SELECT pg_notify(\(channel), \(payload))")
    }
}

extension Database {
    /// Writes in a task of its own, which ends with the write.
    package func submit(
        _ body: @escaping @Sendable (any Transaction) throws -> Void,
        then: @escaping @Sendable ((any Error)?) -> Void
    ) {
        // Nobody waits for this task: `then` is told, and closing the store waits for its writes.
        Task {
            do {
                try await write(body)
                then(nil)
            } catch {
                then(error)
            }
        }
    }

    /// Nothing: one process owns the store.
    package func notifications(on channel: String) -> AsyncStream<DatabaseNotification>? { nil }

    /// Reads the rows of one statement.
    package func query(_ sql: SQL) async throws -> [Row] {
        try await read { try $0.query(sql) }
    }

    /// Runs one statement durably and gives the number of rows it changed.
    @discardableResult
    package func execute(_ sql: SQL) async throws -> Int {
        try await write { try $0.execute(sql) }
    }
}
