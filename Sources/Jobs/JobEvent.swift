package import CupelCore
import Storage

/// Something that happened to a job, in the order of `sequence`.
package struct JobEvent: Sendable {
    /// Grows over all jobs; where a reader resumes.
    package let sequence: Int
    /// The job.
    package let job: JobID
    /// When.
    package let at: Timestamp
    /// `state`, `progress` or `refused`.
    package let kind: String
    /// What, by kind.
    package let data: JSON

    init(sequence: Int, draft: JobEventDraft) throws {
        self.sequence = sequence
        job = draft.job
        at = draft.at
        kind = draft.kind
        data = try JSON(parsing: draft.data)
    }

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
