package import CupelCore
import OrderedCollections

/// A job as it is shown.
package struct JobRecord: Sendable {
    /// What is kept of it.
    package let entry: JobEntry
    /// What it was asked to do.
    package let payload: JSON
    /// What it gave, once it succeeded.
    package let result: JSON?
    /// Every failure, newest last.
    package let history: JSON

    package var id: JobID { entry.id }
    package var kind: String { entry.kind }
    package var queue: String { entry.queue }
    package var state: JobState { entry.state }
    package var error: JobFailure? { entry.failure }
    package var attempt: Int { entry.attempt }
    package var note: String { entry.note }
    package var progress: Double { entry.progress }
    package var createdAt: Timestamp { entry.createdAt }
    package var startedAt: Timestamp? { entry.startedAt }
    package var finishedAt: Timestamp? { entry.finishedAt }

    init(_ entry: JobEntry) throws {
        self.entry = entry
        payload = try Self.json(entry.payload)
        result = try entry.result.map(Self.json)
        history = try entry.history.map(Self.json) ?? .array([])
    }

    private static func json(_ text: String) throws -> JSON {
        try JSON(parsing: text, limits: JSONLimits(bytes: 64 << 20, depth: 128, values: 10_000_000))
    }

    /// The record as the API shows it.
    package var json: JSON {
        let moment: (Timestamp?) -> JSON = { $0.map { .string($0.description) } ?? .null }
        return .object([
            "id": .string(id.description), "kind": .string(kind), "queue": .string(queue),
            "priority": .string(entry.priority.name), "state": .string(state.rawValue),
            "attempt": .integer(Int64(attempt)), "failures": .integer(Int64(entry.failures)),
            "crashes": .integer(Int64(entry.crashes)), "progress": .number(progress), "note": .string(note),
            "cancel_requested": .bool(entry.isCancelRequested), "payload": payload, "result": result ?? .null,
            "error": error?.json ?? .null, "history": history,
            "unique_key": entry.uniqueKey.map { .string($0) } ?? .null,
            "worker": entry.worker.map { .string($0.description) } ?? .null,
            "created_at": moment(createdAt), "run_at": moment(entry.runAt), "started_at": moment(startedAt),
            "finished_at": moment(finishedAt),
        ])
    }
}
