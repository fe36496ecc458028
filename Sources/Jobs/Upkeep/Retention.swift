package import CupelCore
package import Storage

/// The job that deletes what was kept long enough.
package struct RetentionJob: Job {
    package static let kind = "cupel.retention"
    package static let options = JobOptions(priority: .low, timeout: .seconds(3600))
    package var uniqueKey: String? { Self.kind }

    /// The job; what it deletes is configured.
    package init() {}
    package init(json: JSON) throws { try JSONFields(json).finish() }
    package var json: JSON { [:] }
}

/// Deletes what was kept long enough, a bounded number of rows a transaction, so that nobody waits long for the store.
package struct Retention: Sendable {
    let database: any Database
    let settings: RetentionSettings
    let time: any TimeSource
    private let rules: [RetentionRule]

    /// Rows that one transaction deletes.
    package static let batch = 1000
    /// After this time the rest is left to the next run.
    package static let longestRun = Duration.seconds(1800)

    /// The schedule that runs it.
    package static var schedule: ScheduleDraft {
        ScheduleDraft(name: RetentionJob.kind, cron: .hourly, kind: RetentionJob.kind)
    }

    /// What is to be deleted.
    /// - Parameter rules: tables of others besides the queue's own.
    package init(
        database: any Database,
        settings: RetentionSettings,
        rules: [RetentionRule] = [],
        time: any TimeSource = SystemTime()
    ) {
        self.database = database
        self.settings = settings
        self.time = time
        self.rules =
            [
                RetentionRule(table: "job_minutes", column: "minute", unit: .minutes, keep: settings.minutes),
                RetentionRule(table: "job_probes", column: "at", keep: settings.succeeded),
            ] + rules
    }

    /// Makes the job known.
    package func register(in registry: inout JobRegistry) {
        registry.register(RetentionJob.self) { _, context in
            JobOutcome(try await sweep { try await context.progress($0, $1) })
        }
    }

    /// Deletes all that is old.
    /// - Parameter report: hears how far it is.
    /// - Returns: the rows deleted by table, and whether nothing old is left.
    package func sweep(_ report: (Double, String) async throws -> Void = { _, _ in }) async throws -> JSON {
        let end = time.monotonic + Self.longestRun
        let steps: [(String, () async throws -> Int?)] =
            [
                ("jobs that are done", { try await sweepJobs("'succeeded', 'cancelled'", settings.succeeded, end) }),
                ("dead letters", { try await sweepJobs("'failed'", settings.failed, end) }),
                ("job_events", { try await sweepEvents(end) }),
            ] + rules.map { rule in (rule.table, { try await sweepRows(rule, end) }) }
        var deleted: JSON = [:]
        var isWhole = true
        for (number, (name, step)) in steps.enumerated() {
            try await report(Double(number) / Double(steps.count), "deleting: \(name)")
            let before = time.monotonic < end
            let count = before ? try await step() : nil
            if count == nil { isWhole = false }
            deleted[name] = .integer(Int64(count ?? 0))
        }
        return ["deleted": deleted, "is_whole": .bool(isWhole && time.monotonic < end)]
    }

    /// Runs batches until one was the last, or the time is up.
    private func repeatUntil(
        _ end: Duration,
        _ batch: () async throws -> (deleted: Int, isLast: Bool)
    ) async throws -> Int {
        var total = 0
        while time.monotonic < end {
            try Task.checkCancellation()
            let (deleted, isLast) = try await batch()
            total += deleted
            if isLast { break }
        }
        return total
    }

    // MARK: Rows of any table

    private func sweepRows(_ rule: RetentionRule, _ end: Duration) async throws -> Int {
        let before = (time.now.microseconds - rule.keep.wholeMicroseconds) / rule.unit.rawValue
        let old: SQL = "\(raw: rule.column) < \(before)"
        return try await repeatUntil(end) {
            let deleted = try await database.write { transaction in
                guard let key = rule.key else { return try Self.delete(from: rule.table, where: old, transaction) }
                return try transaction.execute(Self.oldest(of: rule.table, by: key, where: old))
            }
            return (deleted, deleted < Self.batch)
        }
    }

    /// Deletes what is old among the oldest rows: however large the table is, a batch is all that is looked at.
    private static func oldest(of table: String, by key: String, where old: SQL) -> SQL {
        """
        DELETE FROM \(raw: table) WHERE \(old) AND \(raw: key) IN
            (SELECT \(raw: key) FROM \(raw: table) ORDER BY \(raw: key) LIMIT \(batch))
        """
    }

    /// Deletes up to a batch of rows by where they lie, which both engines know without a key.
    private static func delete(from table: String, where condition: SQL, _ transaction: any Transaction) throws -> Int {
        let chosen: SQL = "FROM \(raw: table) WHERE \(condition) LIMIT \(batch)"
        switch transaction.engine {
        case .sqlite:
            return try transaction.execute("DELETE FROM \(raw: table) WHERE rowid IN (SELECT rowid \(chosen))")
        case .postgres:
            // The condition again, for rows that were changed meanwhile.
            return try transaction.execute(
                """
                DELETE FROM \(raw: table) WHERE ctid = ANY(ARRAY(SELECT ctid \(chosen) FOR UPDATE SKIP LOCKED))
                AND \(condition)
                """
            )
        }
    }

    // MARK: Jobs

    private func sweepJobs(_ states: String, _ keep: Duration, _ end: Duration) async throws -> Int {
        let before = time.now + (.zero - keep)
        var from = Timestamp(microseconds: 0)
        return try await repeatUntil(end) {
            let over: SQL = "finished_at IS NOT NULL AND finished_at < \(before) AND state IN (\(raw: states))"
            let start = from
            let rows = try await database.query(
                """
                SELECT id, finished_at FROM jobs WHERE \(over) AND finished_at >= \(start)
                ORDER BY finished_at LIMIT \(Self.batch)
                """
            )
            let ids = try rows.map { try $0.text("id") }
            // What stays lies before what goes; the next look begins behind both.
            if let last = rows.last { from = try last.timestamp("finished_at") }
            guard !ids.isEmpty else { return (0, true) }
            let deleted = try await forget(ids, over, end)
            return (deleted, ids.count < Self.batch || deleted == 0)
        }
    }

    /// Deletes the events of some jobs, then the jobs with what others needed of them.
    private func forget(_ ids: [String], _ over: SQL, _ end: Duration) async throws -> Int {
        let list = JSON.array(ids.map { .string($0) })
        let isWithin: @Sendable (any Transaction) -> SQL = { transaction in
            transaction.engine == .sqlite
                ? "IN (SELECT value FROM json_each(\(list)))"
                : "= ANY(ARRAY(SELECT json_array_elements_text(\(list)::json)))"
        }
        _ = try await repeatUntil(end) {
            let deleted = try await database.write { transaction in
                // A job that a person retried meanwhile keeps what is left of its story.
                let owned: SQL = "job_id IN (SELECT id FROM jobs WHERE id \(isWithin(transaction)) AND \(over))"
                return try Self.delete(from: "job_events", where: owned, transaction)
            }
            return (deleted, deleted < Self.batch)
        }
        return try await database.write { transaction in
            let lock: SQL = transaction.engine == .postgres ? "FOR UPDATE" : ""
            let within = isWithin(transaction)
            let left = try transaction.query(
                "SELECT id FROM jobs WHERE id \(within) AND \(over) ORDER BY id \(lock)"
            ).map { try $0.text("id") }
            for id in left {
                try transaction.execute("DELETE FROM job_needs WHERE needed = \(id)")
                try transaction.execute("DELETE FROM job_events WHERE job_id = \(id)")
                try transaction.execute("DELETE FROM jobs WHERE id = \(id)")
            }
            return left.count
        }
    }

    // MARK: Events

    private func sweepEvents(_ end: Duration) async throws -> Int {
        let before = time.now + (.zero - settings.events)
        var (at, sequence) = (Timestamp(microseconds: 0), 0)
        return try await repeatUntil(end) {
            let (fromAt, fromSequence) = (at, sequence)
            let (rows, deleted) = try await database.write { transaction in
                let rows = try transaction.query(
                    """
                    SELECT sequence, at, CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE jobs.id = job_events.job_id
                        AND jobs.state NOT IN ('succeeded', 'cancelled')) THEN 1 ELSE 0 END AS is_kept
                    FROM job_events
                    WHERE at < \(before) AND at >= \(fromAt) AND (at, sequence) > (\(fromAt), \(fromSequence))
                    ORDER BY at, sequence LIMIT \(Self.batch)
                    """
                )
                var deleted = 0
                for row in rows where try !row.flag("is_kept") {
                    deleted += try transaction.execute(
                        "DELETE FROM job_events WHERE sequence = \(try row.integer("sequence"))"
                    )
                }
                return (rows, deleted)
            }
            if let last = rows.last { (at, sequence) = (try last.timestamp("at"), try last.integer("sequence")) }
            return (deleted, rows.count < Self.batch)
        }
    }
}
