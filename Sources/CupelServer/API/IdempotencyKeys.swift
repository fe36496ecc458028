package import CupelCore
import HTTPTypes
package import Jobs
package import Storage

/// Makes a write that is sent twice happen once: the same key gives the same job for a day.
package struct IdempotencyKeys: Sendable {
    private let database: any Database
    private let time: any TimeSource

    /// How long a key is kept.
    package static let lifetime = Duration.seconds(24 * 3600)
    /// The longest key, in bytes.
    package static let maximumKeyBytes = 255

    package init(database: any Database, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
    }

    /// Enqueues a job, or gives the one that the request's key stands for.
    /// - Throws: `validation_error` when the key came with another body before, or is too long.
    package func once(
        _ request: RouteRequest,
        _ entry: JobEntry,
        after: [JobID] = [],
        _ queue: JobQueue
    ) async throws -> JobID {
        guard let name = HTTPField.Name("Idempotency-Key"), let key = request.headers[name] else {
            return try await queue.submit(entry, after: after).id
        }
        guard !key.isEmpty, key.utf8.count <= Self.maximumKeyBytes else {
            throw Self.problem("must have 1 to \(Self.maximumKeyBytes) bytes")
        }
        let body = Digest(of: request.body)
        let now = time.now
        defer { queue.announce() }
        return try await database.write { transaction in
            try transaction.execute("DELETE FROM idempotency_keys WHERE expires_at <= \(now)")
            let rows = try transaction.query("SELECT body, job_id FROM idempotency_keys WHERE name = \(key)")
            if let row = rows.first {
                guard try row.digest("body") == body else {
                    throw Self.problem("came with another body before; use a new key for another request")
                }
                return try row.identifier("job_id")
            }
            let id = try queue.submit(entry, in: transaction, after: after)
            try transaction.execute(
                """
                INSERT INTO idempotency_keys (name, body, job_id, expires_at)
                VALUES (\(key), \(body), \(id), \(now + Self.lifetime))
                """
            )
            return id
        }
    }

    /// Makes something as part of the caller's transaction, or gives what the request's key stands for.
    /// - Parameters:
    ///   - action: what is done, as `key.create`: the same key for another action is another request.
    ///   - digest: of the body, where the request does not hold it.
    /// - Throws: `validation_error` when the key came with another request before, or is too long.
    package func once<Kind>(
        _ request: RouteRequest,
        _ action: String,
        body digest: Digest? = nil,
        in transaction: any Transaction,
        make: () throws -> Identifier<Kind>
    ) throws -> (id: Identifier<Kind>, isNew: Bool) {
        guard let name = HTTPField.Name("Idempotency-Key"), let key = request.headers[name] else {
            return (try make(), true)
        }
        guard !key.isEmpty, key.utf8.count <= Self.maximumKeyBytes else {
            throw Self.problem("must have 1 to \(Self.maximumKeyBytes) bytes")
        }
        let body = Digest(of: Array((action + "\n").utf8) + (digest?.bytes ?? request.body))
        let now = time.now
        try transaction.execute("DELETE FROM idempotency_keys WHERE expires_at <= \(now)")
        let rows = try transaction.query("SELECT body, job_id FROM idempotency_keys WHERE name = \(key)")
        if let row = rows.first {
            guard try row.digest("body") == body else {
                throw Self.problem("came with another request before; use a new key for another one")
            }
            return (try row.identifier("job_id"), false)
        }
        let id = try make()
        try transaction.execute(
            """
            INSERT INTO idempotency_keys (name, body, job_id, expires_at)
            VALUES (\(key), \(body), \(id), \(now + Self.lifetime))
            """
        )
        return (id, true)
    }

    private static func problem(_ message: String) -> CupelError {
        CupelError(.validationError, "A header is wrong.", fields: [FieldProblem("Idempotency-Key", message)])
    }

    /// The table of keys.
    package static let migrations = [
        Migration(900, "idempotency keys") { _ in
            [
                """
                CREATE TABLE idempotency_keys (
                    name TEXT PRIMARY KEY, body TEXT NOT NULL, job_id TEXT NOT NULL, expires_at BIGINT NOT NULL)
                """
            ]
        }
    ]
}
