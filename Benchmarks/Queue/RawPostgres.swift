import CPostgres
import CupelCore
import Foundation
import Jobs

/// PostgreSQL through libpq on one connection, in the queue's statements and batches.
final class RawPostgres {
    private let handle: OpaquePointer
    private var prepared: Set<String> = []
    private var held: [String] = []
    private let worker = "\(WorkerID())"

    init(url: String, holdsSnapshot: Bool = false) throws {
        handle = PQconnectdb(url)
        guard PQstatus(handle) == CONNECTION_OK else { throw RawError(text: String(cString: PQerrorMessage(handle))) }
        if holdsSnapshot {
            PQclear(PQexec(handle, "BEGIN ISOLATION LEVEL REPEATABLE READ"))
            PQclear(PQexec(handle, "SELECT count(*) FROM jobs"))
            return
        }
        PQclear(PQexec(handle, "TRUNCATE jobs, job_events"))
        let settings = ["seqscan", "hashjoin", "mergejoin"].map { "SET enable_\($0) = off" }.joined(separator: ";")
        PQclear(PQexec(handle, settings))
        _ = try run("enlist", "INSERT INTO job_workers VALUES ($1, 'raw', '[]', 64, 0, 0, 0)", [worker])
    }

    deinit { PQfinish(handle) }

    /// Lets the snapshot go.
    func end() { PQclear(PQexec(handle, "ROLLBACK")) }

    /// Ends the jobs that are held, accepts as many new ones, claims them, keeps the events, commits.
    func batch(_ size: Int) throws {
        _ = try run("begin", "BEGIN", [])
        let now = SystemTime().now.microseconds
        let settled = held
        if !settled.isEmpty { _ = try run("load", Self.load, [Self.list(settled)]) }
        let fresh = (0..<size).map { _ in "\(JobID())" }
        let rows = fresh.map { Self.row($0, state: "queued", note: "waiting", now: now, worker: nil) }
        _ = try run("insert", Self.insert, ["[\(rows.joined(separator: ","))]"])
        var events = fresh.map { Self.event($0, #"{\"state\":\"queued\"}"#, now) }
        if !settled.isEmpty {
            let ends = settled.map { Self.row($0, state: "succeeded", note: "done", now: now, worker: nil) }
            _ = try run("update", Self.update, ["[\(ends.joined(separator: ","))]"])
            events += settled.map { Self.event($0, #"{\"state\":\"succeeded\"}"#, now) }
        }
        _ = try run("known", "SELECT id FROM job_workers WHERE id = $1 FOR KEY SHARE", [worker])
        _ = try run("queues", "SELECT * FROM job_queues ORDER BY name", [])
        held = try run("ready", Self.ready, ["\(now)", "\(size)"])
        _ = try run("load", Self.load, [Self.list(held)])
        let starts = held.map { Self.row($0, state: "running", note: "started", now: now, worker: worker) }
        _ = try run("update", Self.update, ["[\(starts.joined(separator: ","))]"])
        events += held.map { Self.event($0, #"{\"state\":\"running\",\"attempt\":1}"#, now) }
        _ = try run("record", Self.record, ["[\(events.joined(separator: ","))]"])
        _ = try run("commit", "COMMIT", [])
    }

    private func run(_ name: String, _ sql: String, _ values: [String]) throws -> [String] {
        if prepared.insert(name).inserted { PQclear(PQprepare(handle, name, sql, 0, nil)) }
        let copies = values.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) }
        let result = PQexecPrepared(handle, name, Int32(values.count), pointers, nil, nil, 0)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
            throw RawError(text: name + String(cString: PQerrorMessage(handle)))
        }
        return (0..<PQntuples(result)).map { String(cString: PQgetvalue(result, $0, 0)) }
    }

    private static func list(_ ids: [String]) -> String { "[" + ids.map { "\"\($0)\"" }.joined(separator: ",") + "]" }

    private static func event(_ id: String, _ data: String, _ now: Int64) -> String {
        #"{"job_id":"\#(id)","at":\#(now),"kind":"state","data":"\#(data)"}"#
    }

    private static func row(_ id: String, state: String, note: String, now: Int64, worker: String?) -> String {
        let isOver = state == "succeeded"
        return """
            {"id":"\(id)","kind":"bench.nothing","queue":"default","priority":1,"payload":"{}","unique_key":null,\
            "maximum_failures":3,"maximum_crashes":3,"timeout_us":600000000,"created_at":\(now),"state":"\(state)",\
            "result":\(isOver ? "\"null\"" : "null"),"error_code":null,"error_message":null,"history":null,\
            "attempt":1,"failures":0,"crashes":0,"progress":\(isOver ? 1 : 0),"note":"\(note)",\
            "cancel_requested":0,"worker":\(worker.map { "\"\($0)\"" } ?? "null"),"run_at":\(now),\
            "started_at":\(now),"finished_at":\(isOver ? "\(now)" : "null"),"open_needs":0,"has_dependents":0}
            """
    }

    private static let columns = """
        id, kind, queue, priority, payload, unique_key, maximum_failures, maximum_crashes, timeout_us, created_at, \
        state, result, error_code, error_message, history, attempt, failures, crashes, progress, note, \
        cancel_requested, worker, run_at, started_at, finished_at, open_needs, has_dependents
        """
    private static let types = """
        id text, kind text, queue text, priority bigint, payload text, unique_key text, maximum_failures bigint, \
        maximum_crashes bigint, timeout_us bigint, created_at bigint, state text, result text, error_code text, \
        error_message text, history text, attempt bigint, failures bigint, crashes bigint, \
        progress double precision, note text, cancel_requested bigint, worker text, run_at bigint, \
        started_at bigint, finished_at bigint, open_needs bigint, has_dependents bigint
        """
    private static let load = """
        SELECT \(columns) FROM jobs WHERE id = ANY(ARRAY(SELECT json_array_elements_text($1::json)))
        ORDER BY id FOR UPDATE
        """
    private static let insert = """
        INSERT INTO jobs (\(columns)) SELECT \(columns) FROM json_to_recordset($1::json) AS row(\(types))
        ON CONFLICT DO NOTHING RETURNING id
        """
    private static let update = """
        UPDATE jobs AS job SET state = row.state, result = row.result, error_code = row.error_code,
            error_message = row.error_message, history = row.history, attempt = row.attempt,
            failures = row.failures, crashes = row.crashes, progress = row.progress, note = row.note,
            cancel_requested = row.cancel_requested, worker = row.worker, run_at = row.run_at,
            started_at = row.started_at, finished_at = row.finished_at, open_needs = row.open_needs,
            has_dependents = row.has_dependents
        FROM json_to_recordset($1::json) AS row(\(types)) WHERE job.id = row.id
        """
    private static let ready = (0..<3).map { priority in
        """
        SELECT * FROM (SELECT id, queue, priority, run_at FROM jobs WHERE state = 'queued' AND crashes < 2
        AND queue = 'default' AND priority = \(priority) AND run_at <= $1::bigint ORDER BY run_at, id
        LIMIT $2::bigint FOR UPDATE SKIP LOCKED) AS part\(priority)
        """
    }.joined(separator: " UNION ALL ")
    private static let record = """
        INSERT INTO job_events (job_id, at, kind, data) SELECT job_id, at, kind, data
        FROM json_to_recordset($1::json) AS row(job_id text, at bigint, kind text, data text)
        """
}
