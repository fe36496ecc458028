import CupelCore
import Storage

/// The shelf on SQLite: one writer, so nothing needs a lock, and a prepared statement a row is the cheapest there is.
struct SQLiteJobShelf: SQLJobShelf {
    let sql: any Transaction

    func load(_ ids: [JobID]) throws -> [JobEntry] {
        try ids.compactMap { id in
            try sql.query(SQL(Self.loadOne, [id.sqlValue])).first.map(JobEntry.init(row:))
        }
    }

    func ready(_ room: [String: Int], limit: Int, isStrict: Bool, now: Timestamp) throws -> [JobEntry] {
        var found: [(id: JobID, rank: Int64, queue: String)] = []
        for (queue, free) in room {
            for priority in JobPriority.allCases {
                let values: [SQLValue] = [
                    queue.sqlValue, priority.rawValue.sqlValue, now.sqlValue, min(free, limit).sqlValue,
                ]
                let rows = try sql.query(SQL(Self.readyIn, values))
                for row in rows {
                    let rank = priority.rank(of: try row.timestamp(at: 1), isStrict: isStrict)
                    found.append((try row.identifier(at: 0), rank, queue))
                }
            }
        }
        if found.count > limit || room.count > 1 { found.sort { ($0.rank, $0.id) < ($1.rank, $1.id) } }
        return try load(Self.fitting(found.map { ($0.id, $0.queue) }, room, limit))
    }

    func insert(_ entries: [JobEntry]) throws -> Set<JobID> {
        var fresh: Set<JobID> = []
        for entry in entries {
            let values: [SQLValue] = [
                entry.id.sqlValue, .text(entry.kind), .text(entry.queue), entry.priority.rawValue.sqlValue,
                .text(entry.payload), entry.uniqueKey.map { .text($0) } ?? .null, entry.maximumFailures.sqlValue,
                entry.maximumCrashes.sqlValue, .integer(entry.timeout.wholeMicroseconds), entry.createdAt.sqlValue,
                .text(entry.state.rawValue), .text(entry.note), entry.runAt.sqlValue, entry.openNeeds.sqlValue,
            ]
            let changed = try sql.execute(SQL(Self.insertOne, values))
            if changed == 1 { fresh.insert(entry.id) }
        }
        return fresh
    }

    func update(_ entries: [JobEntry]) throws {
        for entry in entries {
            let text: (String?) -> SQLValue = { $0.map { .text($0) } ?? .null }
            let moment: (Timestamp?) -> SQLValue = { $0.map { .integer($0.microseconds) } ?? .null }
            let values: [SQLValue] = [
                .text(entry.state.rawValue), text(entry.result), text(entry.failure?.code),
                text(entry.failure?.message), text(entry.history), entry.attempt.sqlValue, entry.failures.sqlValue,
                entry.crashes.sqlValue, .real(entry.progress), .text(entry.note), entry.isCancelRequested.sqlValue,
                entry.worker?.sqlValue ?? .null, entry.runAt.sqlValue, moment(entry.startedAt),
                moment(entry.finishedAt), entry.openNeeds.sqlValue, entry.hasDependents.sqlValue, entry.id.sqlValue,
            ]
            try sql.execute(SQL(Self.updateOne, values))
        }
    }

    func record(_ events: [JobEventDraft]) throws {
        for event in events {
            let values: [SQLValue] = [event.job.sqlValue, event.at.sqlValue, .text(event.kind), .text(event.data)]
            try sql.execute(SQL(Self.recordOne, values))
        }
    }

    // MARK: The hot statements

    private static let loadOne = FixedSQL("SELECT \(JobEntry.columns) FROM jobs WHERE id = ?")
    private static let readyIn = FixedSQL(
        """
        SELECT id, run_at FROM jobs WHERE state = 'queued' AND crashes < 2 AND queue = ? AND priority = ?
        AND run_at <= ? ORDER BY run_at, id LIMIT ?
        """
    )
    private static let insertOne = FixedSQL(
        """
        INSERT INTO jobs (id, kind, queue, priority, payload, unique_key, maximum_failures, maximum_crashes,
            timeout_us, created_at, state, attempt, failures, crashes, progress, note, cancel_requested,
            run_at, open_needs, has_dependents)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, 0, ?, ?, 0) ON CONFLICT DO NOTHING
        """
    )
    private static let updateOne = FixedSQL(
        """
        UPDATE jobs SET state = ?, result = ?, error_code = ?, error_message = ?, history = ?, attempt = ?,
            failures = ?, crashes = ?, progress = ?, note = ?, cancel_requested = ?, worker = ?, run_at = ?,
            started_at = ?, finished_at = ?, open_needs = ?, has_dependents = ? WHERE id = ?
        """
    )
    private static let recordOne = FixedSQL("INSERT INTO job_events (job_id, at, kind, data) VALUES (?, ?, ?, ?)")
}
