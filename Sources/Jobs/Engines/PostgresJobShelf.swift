import CupelCore
import Storage

/// The shelf on PostgreSQL: a batch is one statement with one JSON parameter, and claims skip what others hold.
struct PostgresJobShelf: SQLJobShelf {
    let sql: any Transaction
    /// Where claims begin to look; `nil` for shelves that nobody claims from.
    var horizon: ClaimHorizon?

    func load(_ ids: [JobID]) throws -> [JobEntry] {
        guard !ids.isEmpty else { return [] }
        return try sql.query(
            """
            SELECT \(raw: JobEntry.columns) FROM jobs
            WHERE id = ANY(ARRAY(SELECT json_array_elements_text(\(Self.list(ids))::json)))
            ORDER BY id FOR UPDATE
            """
        ).map(JobEntry.init(row:))
    }

    func ready(_ room: [String: Int], limit: Int, isStrict: Bool, now: Timestamp) throws -> [JobEntry] {
        let lanes = room.keys.sorted().flatMap { queue in
            JobPriority.allCases.map { ClaimHorizon.Lane(queue: queue, priority: $0) }
        }
        guard !lanes.isEmpty else { return [] }
        let time = SystemTime()
        let began = time.monotonic
        let isFull = horizon?.isFullLookDue(at: began) ?? true
        let found = try firsts(lanes, room, limit, isFull: isFull, now)
        horizon?.looked(
            lanes,
            first: found.reduce(into: [:]) { $0[$1.lane] = min($0[$1.lane] ?? $1.runAt, $1.runAt) },
            isFull: isFull,
            began: began,
            ended: time.monotonic,
            now: now
        )
        let rank: (Found) -> Int64 = { $0.lane.priority.rank(of: $0.runAt, isStrict: isStrict) }
        let ordered = found.sorted { (rank($0), $0.id) < (rank($1), $1.id) }
        let chosen = Self.fitting(ordered.map { ($0.id, $0.lane.queue) }, room, limit)
        let places = Dictionary(uniqueKeysWithValues: chosen.enumerated().map { ($1, $0) })
        return try load(chosen).sorted { places[$0.id, default: 0] < places[$1.id, default: 0] }
    }

    private struct Found {
        let id: JobID
        let lane: ClaimHorizon.Lane
        let runAt: Timestamp
    }

    /// The first jobs of each lane that nobody else is taking.
    private func firsts(
        _ lanes: [ClaimHorizon.Lane],
        _ room: [String: Int],
        _ limit: Int,
        isFull: Bool,
        _ now: Timestamp
    ) throws -> [Found] {
        let parts: [SQL] = lanes.enumerated().map { number, lane in
            let bound = isFull ? Timestamp(microseconds: 0) : horizon?.bound(of: lane)
            return """
                SELECT * FROM (SELECT id, run_at, \(raw: "\(number)") AS lane FROM jobs
                WHERE state = 'queued' AND crashes < 2 AND queue = \(lane.queue)
                AND priority = \(lane.priority.rawValue) AND run_at <= \(now) AND run_at >= \(bound)
                ORDER BY run_at, id LIMIT \(min(limit, room[lane.queue] ?? 0)) FOR UPDATE SKIP LOCKED)
                AS part\(raw: "\(number)")
                """
        }
        let union = parts.dropFirst().reduce(parts[0]) { $0 + " UNION ALL " + $1 }
        return try sql.query(union).map { row in
            Found(id: try row.identifier(at: 0), lane: lanes[try row.integer(at: 2)], runAt: try row.timestamp(at: 1))
        }
    }

    func insert(_ entries: [JobEntry]) throws -> Set<JobID> {
        let rows = try sql.query(
            """
            INSERT INTO jobs (\(raw: JobEntry.columns))
            SELECT \(raw: JobEntry.columns) FROM json_to_recordset(\(Self.rows(entries))::json) AS row(\(raw: Self.types))
            ON CONFLICT DO NOTHING RETURNING id
            """
        )
        return Set(try rows.map { try $0.identifier(at: 0) })
    }

    func update(_ entries: [JobEntry]) throws {
        guard !entries.isEmpty else { return }
        try sql.execute(
            """
            UPDATE jobs AS job SET state = row.state, result = row.result, error_code = row.error_code,
                error_message = row.error_message, history = row.history, attempt = row.attempt,
                failures = row.failures, crashes = row.crashes, progress = row.progress, note = row.note,
                cancel_requested = row.cancel_requested, worker = row.worker, run_at = row.run_at,
                started_at = row.started_at, finished_at = row.finished_at, open_needs = row.open_needs,
                has_dependents = row.has_dependents
            FROM json_to_recordset(\(Self.rows(entries))::json) AS row(\(raw: Self.types)) WHERE job.id = row.id
            """
        )
    }

    func record(_ events: [JobEventDraft]) throws {
        guard !events.isEmpty else { return }
        var text = RowText()
        for event in events {
            text.begin()
            text.add("job_id", event.job.description)
            text.add("at", event.at.microseconds)
            text.add("kind", event.kind)
            text.add("data", event.data)
            text.end()
        }
        let rows = text.finish()
        try sql.execute(
            """
            INSERT INTO job_events (job_id, at, kind, data)
            SELECT job_id, at, kind, data
            FROM json_to_recordset(\(rows)::json) AS row(job_id text, at bigint, kind text, data text)
            """
        )
    }

    private static func list(_ ids: [JobID]) -> JSON { .array(ids.map { .string($0.description) }) }

    private static func rows(_ entries: [JobEntry]) -> String {
        var text = RowText()
        for entry in entries { entry.write(to: &text) }
        return text.finish()
    }

    /// The columns' types, in any order, as `json_to_recordset` wants them.
    private static let types = """
        id text, kind text, queue text, priority bigint, payload text, unique_key text, maximum_failures bigint, \
        maximum_crashes bigint, timeout_us bigint, created_at bigint, state text, result text, error_code text, \
        error_message text, history text, attempt bigint, failures bigint, crashes bigint, \
        progress double precision, note text, cancel_requested bigint, worker text, run_at bigint, \
        started_at bigint, finished_at bigint, open_needs bigint, has_dependents bigint
        """
}
