package import CupelCore
package import Storage

/// A job that a worker holds, with the number that proves it.
package struct ClaimedJob: Sendable {
    /// The identifier.
    package let id: JobID
    /// The stable name of its type.
    package let kind: String
    /// What it was asked to do.
    package let payload: JSON
    /// The fence: this claim's number.
    package let attempt: Int
    /// The longest this run may take.
    package let timeout: Duration
}

/// What a heartbeat finds.
package enum LeaseState: Sendable {
    /// The lease goes on.
    case held
    /// A person asked for the end.
    case cancelRequested
    /// Another worker has the job, or it is over.
    case lost
}

extension JobQueue {
    /// Leases the next jobs to a worker; jobs whose lease ran out go back first.
    package func claim(limit: Int, worker: String) async throws -> [ClaimedJob] {
        let now = time.now
        return try await database.write { transaction in
            try self.reclaim(now, transaction)
            let lock: SQL = transaction.engine == .postgres ? "FOR UPDATE SKIP LOCKED" : ""
            let rows = try transaction.query(
                """
                SELECT id, kind, payload, attempt, timeout_us FROM jobs
                WHERE state = 'queued' AND run_at <= \(now) ORDER BY rank LIMIT \(limit) \(lock)
                """
            )
            return try rows.map { row in
                let claimed = ClaimedJob(
                    id: try row.identifier("id"),
                    kind: try row.text("kind"),
                    payload: try row.json("payload"),
                    attempt: try row.integer("attempt") + 1,
                    timeout: .microseconds(Int64(try row.integer("timeout_us")))
                )
                try transaction.execute(
                    """
                    UPDATE jobs SET state = 'running', attempt = \(claimed.attempt), worker = \(worker),
                        lease_until = \(now + self.lease), started_at = \(now), note = 'started', progress = 0
                    WHERE id = \(claimed.id)
                    """
                )
                let data: JSON = ["state": "running", "attempt": .integer(Int64(claimed.attempt))]
                try self.record(claimed.id, "state", data, transaction)
                return claimed
            }
        }
    }

    /// The moment at which the next waiting job may run, if any waits.
    package func nextRunAt() async throws -> Timestamp? {
        try await database.query("SELECT min(run_at) AS next FROM jobs WHERE state = 'queued'").first?
            .optionalTimestamp("next")
    }

    /// Prolongs the lease.
    package func heartbeat(_ job: ClaimedJob) async throws -> LeaseState {
        let until = time.now + lease
        return try await database.write { transaction in
            let rows = try transaction.query(
                """
                UPDATE jobs SET lease_until = \(until)
                WHERE id = \(job.id) AND attempt = \(job.attempt) AND state = 'running' RETURNING cancel_requested
                """
            )
            guard let row = rows.first else { return .lost }
            return try row.flag("cancel_requested") ? .cancelRequested : .held
        }
    }

    /// Says how far a job is; ignored when the lease is lost.
    package func progress(_ job: ClaimedJob, fraction: Double, note: String, data: JSON) async throws {
        try await database.write { transaction in
            let changed = try transaction.execute(
                """
                UPDATE jobs SET progress = \(min(1, max(0, fraction))), note = \(note)
                WHERE id = \(job.id) AND attempt = \(job.attempt) AND state = 'running'
                """
            )
            guard changed == 1 else { return }
            let event: JSON = ["progress": .number(fraction), "note": .string(note), "data": data]
            try self.record(job.id, "progress", event, transaction)
        }
        signal.wake()
    }

    /// Ends a job well, with its effects in the same transaction: both happen, once, or neither.
    /// - Returns: whether it was accepted; `false` when the lease is lost.
    /// - Throws: what `effects` throws.
    package func complete(
        _ job: ClaimedJob,
        result: JSON,
        effects: @escaping @Sendable (any Transaction) throws -> Void = { _ in }
    ) async throws -> Bool {
        let now = time.now
        let isAccepted = try await database.write { transaction in
            let changed = try transaction.execute(
                """
                UPDATE jobs SET state = 'succeeded', result = \(result), progress = 1, note = 'done',
                    finished_at = \(now), error_code = NULL, error_message = NULL
                WHERE id = \(job.id) AND attempt = \(job.attempt) AND state = 'running'
                """
            )
            guard changed == 1 else { return false }
            try effects(transaction)
            try self.record(job.id, "state", ["state": "succeeded"], transaction)
            return true
        }
        signal.wake()
        return isAccepted
    }

    /// Ends a run badly: tried again later when that can help and is left, else dead.
    package func fail(_ job: ClaimedJob, _ error: any Error) async throws {
        let failure = JobFailure(error)
        let mayRetry = RetryPolicy.isTransient(error)
        let now = time.now
        try await database.write { transaction in
            let rows = try transaction.query(
                """
                SELECT failures, maximum_failures, priority FROM jobs
                WHERE id = \(job.id) AND attempt = \(job.attempt) AND state = 'running'
                """
            )
            guard let row = rows.first else { return }
            let failures = try row.integer("failures") + 1
            let isDead = try !mayRetry || failures >= row.integer("maximum_failures")
            var generator = SystemRandomNumberGenerator()
            let again = now + RetryPolicy.delay(failures: failures, using: &generator)
            let finishedAt: Timestamp? = isDead ? now : nil
            try transaction.execute(
                """
                UPDATE jobs SET state = \(isDead ? "failed" : "queued"), failures = \(failures),
                    error_code = \(failure.code), error_message = \(failure.message), finished_at = \(finishedAt),
                    note = \(isDead ? "failed" : "waiting to be tried again"), run_at = \(again),
                    rank = \(again) + priority * \(JobPriority.ageing.wholeMicroseconds)
                WHERE id = \(job.id)
                """
            )
            let data: JSON = ["state": .string(isDead ? "failed" : "queued"), "error": failure.json]
            try self.record(job.id, "state", data, transaction)
        }
        signal.wake()
    }

    /// Ends a run that a person cancelled.
    package func finishCancelled(_ job: ClaimedJob) async throws {
        try await leave(job, "cancelled", "cancelled", finishedAt: time.now)
    }

    /// Gives a job back unharmed, when its worker stops.
    package func release(_ job: ClaimedJob) async throws {
        try await leave(job, "queued", "waiting: its worker stopped", finishedAt: nil)
    }

    private func leave(_ job: ClaimedJob, _ state: String, _ note: String, finishedAt: Timestamp?) async throws {
        try await database.write { transaction in
            let changed = try transaction.execute(
                """
                UPDATE jobs SET state = \(state), note = \(note), finished_at = \(finishedAt), lease_until = NULL
                WHERE id = \(job.id) AND attempt = \(job.attempt) AND state = 'running'
                """
            )
            if changed == 1 { try self.record(job.id, "state", ["state": .string(state)], transaction) }
        }
        signal.wake()
    }

    /// Gives back jobs whose worker died; one that killed three workers is quarantined.
    private func reclaim(_ now: Timestamp, _ transaction: any Transaction) throws {
        let rows = try transaction.query(
            "SELECT id, crashes FROM jobs WHERE state = 'running' AND lease_until < \(now)"
        )
        for row in rows {
            let id: JobID = try row.identifier("id")
            let crashes = try row.integer("crashes") + 1
            let isQuarantined = crashes >= Self.maximumCrashes
            let code = isQuarantined ? "quarantined" : "worker_lost"
            let message =
                isQuarantined
                ? "Its worker died \(crashes) times; look at the log before you retry it."
                : "Its worker died; it is run again."
            let finishedAt: Timestamp? = isQuarantined ? now : nil
            let changed = try transaction.execute(
                """
                UPDATE jobs SET state = \(isQuarantined ? "failed" : "queued"), crashes = \(crashes),
                    error_code = \(code), error_message = \(message), finished_at = \(finishedAt), note = \(message)
                WHERE id = \(id) AND state = 'running' AND lease_until < \(now)
                """
            )
            // On PostgreSQL another claimer may have been faster.
            guard changed == 1 else { continue }
            let data: JSON = [
                "state": .string(isQuarantined ? "failed" : "queued"),
                "error": ["code": .string(code), "message": .string(message)],
            ]
            try record(id, "state", data, transaction)
        }
    }
}
