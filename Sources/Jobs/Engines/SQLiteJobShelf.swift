import CupelCore
import Storage

/// The shelf on SQLite: one writer, so nothing needs a lock, and a prepared statement a row is the cheapest there is.
struct SQLiteJobShelf: SQLJobShelf {
    let sql: any Transaction

    func load(_ ids: [JobID]) throws -> [JobEntry] {
        try ids.compactMap { id in
            try sql.query("SELECT \(raw: JobEntry.columns) FROM jobs WHERE id = \(id)").first.map(JobEntry.init(row:))
        }
    }

    func ready(_ room: [String: Int], limit: Int, isStrict: Bool, now: Timestamp) throws -> [JobEntry] {
        var found: [(id: JobID, rank: Int64, queue: String)] = []
        for (queue, free) in room {
            for priority in JobPriority.allCases {
                let rows = try sql.query(
                    """
                    SELECT id, run_at FROM jobs WHERE state = 'queued' AND crashes < 2 AND queue = \(queue)
                    AND priority = \(priority.rawValue) AND run_at <= \(now) ORDER BY run_at, id LIMIT \(min(free, limit))
                    """
                )
                let step = isStrict ? Int64(1) << 60 : JobPriority.ageing.wholeMicroseconds
                for row in rows {
                    let rank = try row.timestamp(at: 1).microseconds + step * Int64(priority.rawValue)
                    found.append((try row.identifier(at: 0), rank, queue))
                }
            }
        }
        if found.count > limit || room.count > 1 { found.sort { ($0.rank, $0.id) < ($1.rank, $1.id) } }
        return try load(Self.fitting(found.map { ($0.id, $0.queue) }, room, limit))
    }

    /// The first of an ordered list that fit into the room of their queues.
    static func fitting(_ ordered: [(id: JobID, queue: String)], _ room: [String: Int], _ limit: Int) -> [JobID] {
        var room = room
        var chosen: [JobID] = []
        for (id, queue) in ordered where chosen.count < limit {
            guard let free = room[queue], free > 0 else { continue }
            room[queue] = free - 1
            chosen.append(id)
        }
        return chosen
    }

    func insert(_ entries: [JobEntry]) throws -> Set<JobID> {
        var fresh: Set<JobID> = []
        for entry in entries {
            let changed = try sql.execute(
                """
                INSERT INTO jobs (id, kind, queue, priority, payload, unique_key, maximum_failures, maximum_crashes,
                    timeout_us, created_at, state, attempt, failures, crashes, progress, note, cancel_requested,
                    run_at, open_needs, has_dependents)
                VALUES (\(entry.id), \(entry.kind), \(entry.queue), \(entry.priority.rawValue), \(entry.payload),
                    \(entry.uniqueKey), \(entry.maximumFailures), \(entry.maximumCrashes),
                    \(entry.timeout.wholeMicroseconds), \(entry.createdAt), \(entry.state.rawValue), 0, 0, 0, 0,
                    \(entry.note), 0, \(entry.runAt), \(entry.openNeeds), 0)
                ON CONFLICT DO NOTHING
                """
            )
            if changed == 1 { fresh.insert(entry.id) }
        }
        return fresh
    }

    func update(_ entries: [JobEntry]) throws {
        for entry in entries {
            try sql.execute(
                """
                UPDATE jobs SET state = \(entry.state.rawValue), result = \(entry.result),
                    error_code = \(entry.failure?.code), error_message = \(entry.failure?.message),
                    history = \(entry.history), attempt = \(entry.attempt), failures = \(entry.failures),
                    crashes = \(entry.crashes), progress = \(entry.progress), note = \(entry.note),
                    cancel_requested = \(entry.isCancelRequested), worker = \(entry.worker), run_at = \(entry.runAt),
                    started_at = \(entry.startedAt), finished_at = \(entry.finishedAt),
                    open_needs = \(entry.openNeeds), has_dependents = \(entry.hasDependents)
                WHERE id = \(entry.id)
                """
            )
        }
    }

    func record(_ events: [JobEventDraft]) throws {
        for event in events {
            try sql.execute(
                """
                INSERT INTO job_events (job_id, at, kind, data)
                VALUES (\(event.job), \(event.at), \(event.kind), \(event.data))
                """
            )
        }
    }
}
