package import CupelCore
import Storage

/// A job as it is stored.
package struct JobRecord: Sendable {
    /// The identifier.
    package let id: JobID
    /// The stable name of its type.
    package let kind: String
    /// The queue it waits in.
    package let queue: String
    /// Where it stands.
    package let state: JobState
    /// What it was asked to do.
    package let payload: JSON
    /// What it gave, once it succeeded.
    package let result: JSON?
    /// The last error's code and message.
    package let error: JobFailure?
    /// How often it was claimed; also the fence that a completion must show.
    package let attempt: Int
    /// Runs that failed.
    package let failures: Int
    /// From 0 to 1.
    package let progress: Double
    /// The step it is in, in words.
    package let note: String
    /// Whether a person asked for its end.
    package let isCancelRequested: Bool
    /// When it was accepted.
    package let createdAt: Timestamp
    /// Before this moment it does not run.
    package let runAt: Timestamp
    /// When its last run began.
    package let startedAt: Timestamp?
    /// When it came to an end.
    package let finishedAt: Timestamp?

    init(row: Row) throws {
        id = try row.identifier("id")
        kind = try row.text("kind")
        queue = try row.text("queue")
        state = JobState(rawValue: try row.text("state")) ?? .failed
        payload = try row.json("payload")
        result = try row.optionalText("result") == nil ? nil : row.json("result")
        error = try row.optionalText("error_code").map { JobFailure(code: $0, message: try row.text("error_message")) }
        attempt = try row.integer("attempt")
        failures = try row.integer("failures")
        progress = try row.real("progress")
        note = try row.text("note")
        isCancelRequested = try row.flag("cancel_requested")
        createdAt = try row.timestamp("created_at")
        runAt = try row.timestamp("run_at")
        startedAt = try row.optionalTimestamp("started_at")
        finishedAt = try row.optionalTimestamp("finished_at")
    }

    /// The record as the API shows it.
    package var json: JSON {
        [
            "id": .string(id.description), "kind": .string(kind), "queue": .string(queue),
            "state": .string(state.rawValue), "attempt": .integer(Int64(attempt)),
            "failures": .integer(Int64(failures)), "progress": .number(progress), "note": .string(note),
            "cancel_requested": .bool(isCancelRequested), "payload": payload, "result": result ?? .null,
            "error": error?.json ?? .null, "created_at": .string(createdAt.description),
            "run_at": .string(runAt.description), "started_at": startedAt.map { .string($0.description) } ?? .null,
            "finished_at": finishedAt.map { .string($0.description) } ?? .null,
        ]
    }
}

/// Why a run of a job failed, in a form that is kept.
package struct JobFailure: Sendable, Hashable {
    /// A stable code.
    package let code: String
    /// What a person can do.
    package let message: String

    /// A failure to keep.
    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    /// What is kept of any error: codes and messages of ours; of others only that it was unexpected.
    package init(_ error: any Error) {
        if let error = error as? CupelError {
            self.init(code: error.code.rawValue, message: Redactor.shared.redact(error.message))
        } else {
            self.init(code: ErrorCode.internalError.rawValue, message: "An unexpected error; the log says more.")
        }
    }

    /// As the API shows it.
    package var json: JSON { ["code": .string(code), "message": .string(message)] }
}

/// Something that happened to a job, in the order of `sequence`.
package struct JobEvent: Sendable {
    /// Grows over all jobs; where a reader resumes.
    package let sequence: Int
    /// The job.
    package let job: JobID
    /// When.
    package let at: Timestamp
    /// `state`, `progress` or `step`.
    package let kind: String
    /// What, by kind.
    package let data: JSON

    init(row: Row) throws {
        sequence = try row.integer("sequence")
        job = try row.identifier("job_id")
        at = try row.timestamp("at")
        kind = try row.text("kind")
        data = try row.json("data")
    }

    /// As the API shows it.
    package var json: JSON {
        [
            "sequence": .integer(Int64(sequence)), "job": .string(job.description), "at": .string(at.description),
            "kind": .string(kind), "data": data,
        ]
    }
}
