import CupelCore
import OrderedCollections
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

    /// The row as JSON, for engines that take a whole batch as one parameter.
    var rowJSON: JSON {
        let text: (String?) -> JSON = { $0.map { .string($0) } ?? .null }
        let moment: (Timestamp?) -> JSON = { $0.map { .integer($0.microseconds) } ?? .null }
        return .object([
            "id": .string(id.description), "kind": .string(kind), "queue": .string(queue),
            "priority": .integer(Int64(priority.rawValue)), "payload": .string(payload),
            "unique_key": text(uniqueKey), "maximum_failures": .integer(Int64(maximumFailures)),
            "maximum_crashes": .integer(Int64(maximumCrashes)), "timeout_us": .integer(timeout.wholeMicroseconds),
            "created_at": moment(createdAt), "state": .string(state.rawValue), "result": text(result),
            "error_code": text(failure?.code), "error_message": text(failure?.message), "history": text(history),
            "attempt": .integer(Int64(attempt)), "failures": .integer(Int64(failures)),
            "crashes": .integer(Int64(crashes)), "progress": .number(progress), "note": .string(note),
            "cancel_requested": .integer(isCancelRequested ? 1 : 0), "worker": text(worker?.description),
            "run_at": moment(runAt), "started_at": moment(startedAt), "finished_at": moment(finishedAt),
            "open_needs": .integer(Int64(openNeeds)), "has_dependents": .integer(hasDependents ? 1 : 0),
        ])
    }
}
