import CupelCore
import Foundation
import GRDBSQLite
import Jobs
import Storage

/// The reference: the statements of the queue, prepared once, run in a loop by hand through the C library, with nothing
/// around them.
enum RawQueue {
    struct Outcome {
        let rate: Double
        let processor: Double
    }

    static func run(_ engine: DatabaseEngine, place: String, batch: Double, duration: Duration) async throws -> Outcome
    {
        let size = max(1, Int(batch.rounded()))
        let work: (Int) throws -> Void
        switch engine {
        case .sqlite:
            let database = try SQLiteDatabase(path: place + "/raw.db")
            _ = try await Migrator(JobMigrations.all).up(database)
            await database.close()
            let raw = try RawSQLite(path: place + "/raw.db")
            work = { try raw.batch($0) }
        case .postgres:
            let raw = try RawPostgres(url: place)
            work = { try raw.batch($0) }
        }
        let time = SystemTime()
        try work(size)
        let (begun, used) = (time.monotonic, processorTime())
        var jobs = 0
        while time.monotonic - begun < duration {
            try work(size)
            jobs += size
        }
        let took = (time.monotonic - begun).inMilliseconds / 1000
        let cpu = Double((processorTime() - used).wholeMicroseconds)
        return Outcome(rate: Double(jobs) / took, processor: cpu / Double(jobs))
    }
}

struct RawError: Error { let text: String }

/// SQLite through its C interface.
final class RawSQLite {
    private var handle: OpaquePointer?
    private var statements: [String: OpaquePointer] = [:]
    private var held: [String] = []
    private let worker = "\(WorkerID())"

    init(path: String) throws {
        guard sqlite3_open(path, &handle) == SQLITE_OK else { throw RawError(text: "open") }
        for pragma in ["journal_mode = WAL", "synchronous = FULL"] { try run("PRAGMA \(pragma)", []) }
        try run(
            "INSERT INTO job_workers VALUES (?, 'raw', '[]', 64, 0, 0, 0)",
            [.text(worker)]
        )
    }

    /// Ends the jobs that are held, accepts as many new ones, claims them, keeps the events, commits.
    func batch(_ size: Int) throws {
        try run("BEGIN IMMEDIATE", [])
        let now = SystemTime().now.microseconds
        for id in held {
            _ = try run("SELECT \(columns) FROM jobs WHERE id = ?", [.text(id)])
        }
        var events: [(String, String)] = []
        for _ in 0..<size {
            let id = "\(JobID())"
            try run(
                """
                INSERT INTO jobs (id, kind, queue, priority, payload, unique_key, maximum_failures, maximum_crashes,
                    timeout_us, created_at, state, attempt, failures, crashes, progress, note, cancel_requested,
                    run_at, open_needs, has_dependents)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, 0, ?, ?, 0) ON CONFLICT DO NOTHING
                """,
                [
                    .text(id), .text("bench.nothing"), .text("default"), .integer(1), .text(#"{"at":0}"#), .null,
                    .integer(3), .integer(3), .integer(600_000_000), .integer(now), .text("queued"),
                    .text("waiting"), .integer(now), .integer(0),
                ]
            )
            events.append((id, #"{"state":"queued"}"#))
        }
        for id in held {
            try update(id, state: "succeeded", worker: nil, now: now)
            events.append((id, #"{"state":"succeeded"}"#))
        }
        _ = try run("SELECT id FROM job_workers WHERE id = ?", [.text(worker)])
        _ = try run("SELECT * FROM job_queues ORDER BY name", [])
        held = []
        for priority in 0..<3 {
            held += try run(
                """
                SELECT id, run_at FROM jobs WHERE state = 'queued' AND crashes < 2 AND queue = ?
                AND priority = ? AND run_at <= ? ORDER BY run_at, id LIMIT ?
                """,
                [.text("default"), .integer(Int64(priority)), .integer(now), .integer(Int64(size))]
            )
        }
        for id in held {
            _ = try run("SELECT \(columns) FROM jobs WHERE id = ?", [.text(id)])
            try update(id, state: "running", worker: worker, now: now)
            events.append((id, #"{"state":"running","attempt":1}"#))
        }
        for (id, data) in events {
            try run(
                "INSERT INTO job_events (job_id, at, kind, data) VALUES (?, ?, ?, ?)",
                [.text(id), .integer(now), .text("state"), .text(data)]
            )
        }
        try run("COMMIT", [])
    }

    private func update(_ id: String, state: String, worker: String?, now: Int64) throws {
        let isOver = worker == nil
        try run(
            """
            UPDATE jobs SET state = ?, result = ?, error_code = ?, error_message = ?, history = ?, attempt = ?,
                failures = ?, crashes = ?, progress = ?, note = ?, cancel_requested = ?, worker = ?, run_at = ?,
                started_at = ?, finished_at = ?, open_needs = ?, has_dependents = ? WHERE id = ?
            """,
            [
                .text(state), isOver ? .text("null") : .null, .null, .null, .null, .integer(1), .integer(0),
                .integer(0), .real(isOver ? 1 : 0), .text(isOver ? "done" : "started"), .integer(0),
                worker.map { .text($0) } ?? .null, .integer(now), .integer(now), isOver ? .integer(now) : .null,
                .integer(0), .integer(0), .text(id),
            ]
        )
    }

    private let columns = """
        id, kind, queue, priority, payload, unique_key, maximum_failures, maximum_crashes, timeout_us, created_at, \
        state, result, error_code, error_message, history, attempt, failures, crashes, progress, note, \
        cancel_requested, worker, run_at, started_at, finished_at, open_needs, has_dependents
        """

    /// Runs a prepared statement and gives the first column of its rows, having read all columns.
    @discardableResult
    private func run(_ sql: String, _ values: [SQLValue]) throws -> [String] {
        let statement = try prepared(sql)
        defer { sqlite3_reset(statement) }
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .null: sqlite3_bind_null(statement, place)
            case .integer(let number): sqlite3_bind_int64(statement, place, number)
            case .real(let number): sqlite3_bind_double(statement, place, number)
            case .text(let text): sqlite3_bind_text(statement, place, text, -1, transient)
            case .bytes: break
            }
        }
        var found: [String] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_DONE: return found
            case SQLITE_ROW:
                found.append(sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? "")
                for column in 1..<max(1, sqlite3_column_count(statement)) { _ = sqlite3_column_text(statement, column) }
            default: throw RawError(text: String(cString: sqlite3_errmsg(handle)))
            }
        }
    }

    private func prepared(_ sql: String) throws -> OpaquePointer {
        if let found = statements[sql] { return found }
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw RawError(text: String(cString: sqlite3_errmsg(handle)))
        }
        statements[sql] = statement
        return statement
    }
}
