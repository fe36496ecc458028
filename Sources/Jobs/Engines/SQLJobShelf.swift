import CupelCore
import Storage

/// What both SQL engines do alike; an engine adds how a batch of rows is read and written.
protocol SQLJobShelf: JobShelf {
    /// The transaction that the shelf is a view of.
    var sql: any Transaction { get }
}

extension SQLJobShelf {
    var transaction: (any Transaction)? { sql }

    /// Keeps a row for the rest of the transaction, where others write at the same time.
    private var lock: SQL { sql.engine == .postgres ? "FOR UPDATE" : "" }

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

    func readySuspect(_ queues: [String], now: Timestamp) throws -> JobEntry? {
        let skip: SQL = sql.engine == .postgres ? "FOR UPDATE SKIP LOCKED" : ""
        for queue in queues {
            let rows = try sql.query(
                """
                SELECT \(raw: JobEntry.columns) FROM jobs
                WHERE state = 'queued' AND crashes >= 2 AND queue = \(queue) AND run_at <= \(now)
                ORDER BY run_at LIMIT 1 \(skip)
                """
            )
            if let row = rows.first { return try JobEntry(row: row) }
        }
        return nil
    }

    func nextRunAt(_ queues: [String]) throws -> Timestamp? {
        guard !queues.isEmpty else { return nil }
        let parts: [SQL] = queues.flatMap { queue in
            JobPriority.allCases.map { priority in
                """
                SELECT min(run_at) AS at FROM jobs WHERE state = 'queued' AND crashes < 2 AND queue = \(queue)
                AND priority = \(priority.rawValue)
                """
            } + [
                "SELECT min(run_at) AS at FROM jobs WHERE state = 'queued' AND crashes >= 2 AND queue = \(queue)"
            ]
        }
        let union = parts.dropFirst().reduce(parts[0]) { $0 + " UNION ALL " + $1 }
        return try sql.query("SELECT min(at) AS next FROM (\(union)) AS firsts").first?.optionalTimestamp(at: 0)
    }

    func held(by worker: WorkerID, isLocked: Bool) throws -> [JobEntry] {
        try sql.query(
            """
            SELECT \(raw: JobEntry.columns) FROM jobs WHERE state = 'running' AND worker = \(worker)
            ORDER BY id \(isLocked ? lock : "")
            """
        ).map(JobEntry.init(row:))
    }

    func runningCount(in queue: String) throws -> Int {
        try sql.query("SELECT count(*) AS n FROM jobs WHERE state = 'running' AND queue = \(queue)").first?
            .integer(at: 0) ?? 0
    }

    func unfinished(kind: String, uniqueKey: String) throws -> JobID? {
        try sql.query(
            """
            SELECT id FROM jobs WHERE kind = \(kind) AND unique_key = \(uniqueKey) AND unique_key IS NOT NULL
            AND state IN ('blocked', 'queued', 'running')
            """
        ).first?.identifier(at: 0)
    }

    func remove(_ id: JobID) throws {
        try sql.execute("DELETE FROM jobs WHERE id = \(id)")
        try sql.execute("DELETE FROM job_events WHERE job_id = \(id)")
        try sql.execute("DELETE FROM job_needs WHERE needed = \(id)")
    }

    func addNeeds(_ needed: [JobID], of dependent: JobID) throws {
        for id in needed {
            try sql.execute("INSERT INTO job_needs (needed, dependent) VALUES (\(id), \(dependent))")
        }
    }

    func dependents(of ids: [JobID]) throws -> [(needed: JobID, dependent: JobID)] {
        try ids.flatMap { id in
            try sql.query("SELECT dependent FROM job_needs WHERE needed = \(id) ORDER BY dependent").map {
                (id, try $0.identifier(at: 0))
            }
        }
    }

    func isEnlisted(_ id: WorkerID) throws -> Bool {
        // A key lock lets heartbeats and other claims pass, and holds off whoever buries the worker.
        let lock: SQL = sql.engine == .postgres ? "FOR KEY SHARE" : ""
        return try sql.query("SELECT id FROM job_workers WHERE id = \(id) \(lock)").first != nil
    }

    func worker(_ id: WorkerID, isLeaving: Bool) throws -> WorkerCard? {
        let heartbeat: SQL = sql.engine == .postgres ? "FOR NO KEY UPDATE" : ""
        return try sql.query("SELECT * FROM job_workers WHERE id = \(id) \(isLeaving ? lock : heartbeat)").first
            .map(WorkerCard.init(row:))
    }

    func save(_ worker: WorkerCard) throws {
        try sql.execute(
            """
            INSERT INTO job_workers (id, name, queues, concurrency, started_at, beat, seen_at)
            VALUES (\(worker.id), \(worker.name), \(JSON.array(worker.queues.map { .string($0) })),
                \(worker.concurrency), \(worker.startedAt), \(worker.beat), \(worker.seenAt))
            ON CONFLICT (id) DO UPDATE SET beat = excluded.beat, seen_at = excluded.seen_at
            """
        )
    }

    func removeWorker(_ id: WorkerID) throws { try sql.execute("DELETE FROM job_workers WHERE id = \(id)") }

    func controls(_ queues: [String]) throws -> [QueueControl] {
        let all = try sql.query("SELECT * FROM job_queues ORDER BY name").map(QueueControl.init(row:))
        let mine = all.filter { queues.contains($0.name) }
        guard sql.engine == .postgres, mine.contains(where: { $0.concurrency != nil || $0.ratePerMinute != nil })
        else { return mine }
        // Limits are counted: whoever counts keeps others from counting the same.
        return try mine.compactMap { control in
            try sql.query("SELECT * FROM job_queues WHERE name = \(control.name) \(lock)").first
                .map(QueueControl.init(row:))
        }
    }

    func save(_ control: QueueControl) throws {
        try sql.execute(
            """
            INSERT INTO job_queues (name, is_paused, concurrency, rate_per_minute, next_start_at)
            VALUES (\(control.name), \(control.isPaused), \(control.concurrency), \(control.ratePerMinute),
                \(control.nextStartAt))
            ON CONFLICT (name) DO UPDATE SET is_paused = excluded.is_paused, concurrency = excluded.concurrency,
                rate_per_minute = excluded.rate_per_minute, next_start_at = excluded.next_start_at
            """
        )
    }
}

extension WorkerCard {
    init(row: Row) throws {
        let queues = try row.json("queues").arrayValue?.compactMap(\.stringValue) ?? []
        self.init(
            id: try row.identifier("id"),
            name: try row.text("name"),
            queues: queues,
            concurrency: try row.integer("concurrency"),
            startedAt: try row.timestamp("started_at")
        )
        beat = try row.integer("beat")
        seenAt = try row.timestamp("seen_at")
    }
}

extension QueueControl {
    init(row: Row) throws {
        self.init(name: try row.text("name"))
        isPaused = try row.flag("is_paused")
        concurrency = try row.optionalInteger("concurrency")
        ratePerMinute = try row.optionalInteger("rate_per_minute")
        nextStartAt = try row.timestamp("next_start_at")
    }
}
