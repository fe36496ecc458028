package import CupelCore
package import Storage

/// The durable queue over a store.
///
/// A claim gives a lease and an attempt number; completing, failing and progress must show that number, so a worker
/// that was presumed dead cannot change what another took over.
package final class JobQueue: Sendable {
    /// The store that everything is kept in.
    package let database: any Database
    /// Wakes waiting workers and readers of events in this process.
    package let signal = JobSignal()
    let time: any TimeSource
    let lease: Duration

    /// How long a claim holds without a heartbeat.
    package static let defaultLease = Duration.seconds(10)
    /// Deaths of its worker after which a job is quarantined.
    package static let maximumCrashes = 3
    /// The largest payload or result, in bytes.
    package static let maximumPayloadBytes = 1 << 20
    /// Events kept of one job.
    package static let maximumEventsPerJob = 2000

    /// A queue whose tables are there.
    package init(database: any Database, time: any TimeSource = SystemTime(), lease: Duration = defaultLease) {
        self.database = database
        self.time = time
        self.lease = lease
    }

    /// Accepts a job; when this returns, it survives the death of the process.
    /// - Returns: its identifier, or the one of the waiting or running job with the same unique key.
    /// - Throws: `payload_too_large`, `storage_unavailable`.
    @discardableResult
    package func enqueue(_ job: some Job) async throws -> JobID {
        let id = try await database.write { try self.enqueue(job, in: $0) }
        signal.wake()
        return id
    }

    /// Accepts a job as part of the caller's transaction; call ``JobSignal/wake()`` once that is committed.
    /// - Throws: `payload_too_large`.
    package func enqueue<Kind: Job>(_ job: Kind, in transaction: any Transaction, delay: Duration = .zero) throws
        -> JobID
    {
        let payload = job.json.text()
        guard payload.utf8.count <= Self.maximumPayloadBytes else {
            throw CupelError(.payloadTooLarge, "The job's input is over \(Self.maximumPayloadBytes) bytes.")
        }
        if let key = job.uniqueKey, let found = try waiting(Kind.kind, key, transaction) { return found }
        let now = time.now
        let id = JobID(at: now)
        let options = Kind.options
        try transaction.execute(
            """
            INSERT INTO jobs (id, kind, queue, priority, state, payload, attempt, failures, crashes, maximum_failures,
                timeout_us, unique_key, progress, note, cancel_requested, run_at, rank, created_at)
            VALUES (\(id), \(Kind.kind), \(options.queue), \(options.priority.rawValue), 'queued', \(payload), 0, 0, 0,
                \(options.maximumFailures), \(options.timeout.wholeMicroseconds), \(job.uniqueKey), 0, 'waiting', 0,
                \(now + delay), \(Self.rank(now + delay, options.priority)), \(now))
            """
        )
        try record(id, "state", ["state": "queued"], transaction)
        return id
    }

    /// The job.
    /// - Throws: `not_found`.
    package func job(_ id: JobID) async throws -> JobRecord {
        let rows = try await database.query("SELECT * FROM jobs WHERE id = \(id)")
        guard let row = rows.first else { throw CupelError(.notFound, "There is no job \(id).") }
        return try JobRecord(row: row)
    }

    /// Jobs, newest first, before a given one.
    package func jobs(state: JobState?, before cursor: JobID?, limit: Int) async throws -> [JobRecord] {
        let byState: SQL = state.map { "AND state = \($0.rawValue)" } ?? ""
        let before: SQL = cursor.map { "AND id < \($0)" } ?? ""
        return try await database.query(
            "SELECT * FROM jobs WHERE 1 = 1 \(byState) \(before) ORDER BY id DESC LIMIT \(limit)"
        ).map(JobRecord.init(row:))
    }

    /// How many jobs stand in each state.
    package func counts() async throws -> [JobState: Int] {
        let rows = try await database.query("SELECT state, count(*) AS n FROM jobs GROUP BY state")
        return try rows.reduce(into: [:]) { counts, row in
            counts[JobState(rawValue: try row.text("state")) ?? .failed] = try row.integer("n")
        }
    }

    /// What happened to a job, or to all of them, after a given event, at most `limit` of it.
    package func events(of id: JobID?, after sequence: Int, limit: Int = 500) async throws -> [JobEvent] {
        let ofOne: SQL = id.map { "AND job_id = \($0)" } ?? ""
        return try await database.query(
            "SELECT * FROM job_events WHERE sequence > \(sequence) \(ofOne) ORDER BY sequence LIMIT \(limit)"
        ).map(JobEvent.init(row:))
    }

    /// The sequence of the last event, for readers who want only what comes.
    package func lastSequence() async throws -> Int {
        try await database.query("SELECT max(sequence) AS last FROM job_events").first?.optionalInteger("last") ?? 0
    }

    /// Ends a job: at once while it waits, soon when it runs.
    /// - Throws: `not_found`; `conflict` when it is over already.
    package func cancel(_ id: JobID) async throws {
        let now = time.now
        try await database.write { transaction in
            let ended = try transaction.execute(
                """
                UPDATE jobs SET state = 'cancelled', note = 'cancelled', finished_at = \(now)
                WHERE id = \(id) AND state = 'queued'
                """
            )
            if ended == 1 { return try self.record(id, "state", ["state": "cancelled"], transaction) }
            let asked = try transaction.execute(
                "UPDATE jobs SET cancel_requested = 1 WHERE id = \(id) AND state = 'running'"
            )
            if asked == 0 { try self.refuse(id, "It is over already; there is nothing to cancel.", transaction) }
        }
        signal.wake()
    }

    /// Runs a dead or cancelled job again, with its failures forgotten.
    /// - Throws: `not_found`; `conflict` when it waits, runs or succeeded.
    package func retry(_ id: JobID) async throws {
        let now = time.now
        try await database.write { transaction in
            let changed = try transaction.execute(
                """
                UPDATE jobs SET state = 'queued', failures = 0, crashes = 0, cancel_requested = 0, progress = 0,
                    note = 'waiting', error_code = NULL, error_message = NULL, finished_at = NULL,
                    run_at = \(now), rank = \(now) + priority * \(JobPriority.ageing.wholeMicroseconds)
                WHERE id = \(id) AND state IN ('failed', 'cancelled')
                """
            )
            if changed == 0 { try self.refuse(id, "Only a failed or cancelled job can be retried.", transaction) }
            try self.record(id, "state", ["state": "queued", "reason": "retried by a person"], transaction)
        }
        signal.wake()
    }

    /// The place in the order: each level of priority is worth a minute.
    static func rank(_ runAt: Timestamp, _ priority: JobPriority) -> Timestamp {
        runAt + JobPriority.ageing * priority.rawValue
    }

    /// Keeps an event, up to the bound for one job.
    func record(_ id: JobID, _ kind: String, _ data: JSON, _ transaction: any Transaction) throws {
        try transaction.execute(
            """
            INSERT INTO job_events (job_id, at, kind, data)
            SELECT \(id), CAST(\(time.now) AS BIGINT), \(kind), \(data)
            WHERE (SELECT count(*) FROM job_events WHERE job_id = \(id)) < \(Self.maximumEventsPerJob)
            """
        )
    }

    private func waiting(_ kind: String, _ key: String, _ transaction: any Transaction) throws -> JobID? {
        try transaction.query(
            """
            SELECT id FROM jobs WHERE kind = \(kind) AND unique_key = \(key) AND state IN ('queued', 'running')
            """
        ).first?.identifier("id")
    }

    private func refuse(_ id: JobID, _ reason: String, _ transaction: any Transaction) throws {
        guard try transaction.query("SELECT id FROM jobs WHERE id = \(id)").first != nil else {
            throw CupelError(.notFound, "There is no job \(id).")
        }
        throw CupelError(.conflict, reason)
    }
}
