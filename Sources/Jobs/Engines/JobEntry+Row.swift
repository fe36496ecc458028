import CupelCore
import Storage

/// How a job lies in its row. Columns are read by place, since this is the hottest read of all.
extension JobEntry {
    /// The columns in the order in which ``init(row:)`` reads them; the first ten never change.
    static let columns = """
        id, kind, queue, priority, payload, unique_key, maximum_failures, maximum_crashes, timeout_us, created_at, \
        state, result, error_code, error_message, history, attempt, failures, crashes, progress, note, \
        cancel_requested, worker, run_at, started_at, finished_at, open_needs, has_dependents
        """

    init(row: Row) throws {
        id = try row.identifier(at: 0)
        kind = try row.text(at: 1)
        queue = try row.text(at: 2)
        priority = JobPriority(rawValue: try row.integer(at: 3)) ?? .normal
        payload = try row.text(at: 4)
        uniqueKey = try row.optionalText(at: 5)
        maximumFailures = try row.integer(at: 6)
        maximumCrashes = try row.integer(at: 7)
        timeout = .microseconds(try row.integer(at: 8))
        createdAt = try row.timestamp(at: 9)
        guard let state = JobState(rawValue: try row.text(at: 10)) else {
            throw CupelError(.internalError, "The job \(id) is in a state that this version does not know.")
        }
        self.state = state
        result = try row.optionalText(at: 11)
        failure = try row.optionalText(at: 12).map { JobFailure(code: $0, message: try row.text(at: 13)) }
        history = try row.optionalText(at: 14)
        attempt = try row.integer(at: 15)
        failures = try row.integer(at: 16)
        crashes = try row.integer(at: 17)
        progress = try row.real(at: 18)
        note = try row.text(at: 19)
        isCancelRequested = try row.integer(at: 20) != 0
        worker = try row.optionalText(at: 21).flatMap(WorkerID.init)
        runAt = try row.timestamp(at: 22)
        startedAt = try row.optionalTimestamp(at: 23)
        finishedAt = try row.optionalTimestamp(at: 24)
        openNeeds = try row.integer(at: 25)
        hasDependents = try row.integer(at: 26) != 0
    }

    /// Writes the row for engines that take a whole batch as one parameter.
    func write(to text: inout RowText) {
        text.begin()
        text.add("id", id.description)
        text.add("kind", kind)
        text.add("queue", queue)
        text.add("priority", Int64(priority.rawValue))
        text.add("payload", payload)
        text.add("unique_key", uniqueKey)
        text.add("maximum_failures", Int64(maximumFailures))
        text.add("maximum_crashes", Int64(maximumCrashes))
        text.add("timeout_us", timeout.wholeMicroseconds)
        text.add("created_at", createdAt.microseconds)
        text.add("state", state.rawValue)
        text.add("result", result)
        text.add("error_code", failure?.code)
        text.add("error_message", failure?.message)
        text.add("history", history)
        text.add("attempt", Int64(attempt))
        text.add("failures", Int64(failures))
        text.add("crashes", Int64(crashes))
        text.add("progress", progress)
        text.add("note", note)
        text.add("cancel_requested", Int64(isCancelRequested ? 1 : 0))
        text.add("worker", worker?.description)
        text.add("run_at", runAt.microseconds)
        text.add("started_at", startedAt?.microseconds)
        text.add("finished_at", finishedAt?.microseconds)
        text.add("open_needs", Int64(openNeeds))
        text.add("has_dependents", Int64(hasDependents ? 1 : 0))
        text.end()
    }
}
