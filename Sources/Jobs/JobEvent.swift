package import CupelCore
import Storage

/// Something that happened to a job, in the order of `sequence`.
package struct JobEvent: Sendable {
    /// Grows over all jobs; where a reader resumes.
    package let sequence: Int
    /// The job.
    package let job: JobID
    /// The job's queue; `nil` when the job is not kept any more.
    package let queue: String?
    /// When.
    package let at: Timestamp
    /// `state`, `progress` or `refused`.
    package let kind: String
    /// What, by kind.
    package let data: JSON

    init(sequence: Int, draft: JobEventDraft, queue: String?) throws {
        self.sequence = sequence
        self.queue = queue
        job = draft.job
        at = draft.at
        kind = draft.kind
        data = try JSON(parsing: draft.data)
    }

    init(row: Row) throws {
        sequence = try row.integer("sequence")
        job = try row.identifier("job_id")
        queue = try row.optionalText("queue")
        at = try row.timestamp("at")
        kind = try row.text("kind")
        data = try row.json("data")
    }

    /// As the API shows it.
    package var json: JSON {
        [
            "sequence": .integer(Int64(sequence)), "job": .string(job.description),
            "queue": queue.map { .string($0) } ?? .null, "at": .string(at.description),
            "kind": .string(kind), "data": data,
        ]
    }
}
