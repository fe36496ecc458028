package import CupelCore

/// A phantom for identifiers of workers.
package enum WorkerKind {}
/// The identifier of a worker: new at each start, so that a dead one never comes back.
package typealias WorkerID = Identifier<WorkerKind>

/// Everything that is kept of a job. Payload, result and history are JSON texts, which the queue never looks into.
package struct JobEntry: Sendable, Equatable {
    package let id: JobID
    package let kind: String
    package let queue: String
    package let priority: JobPriority
    package let payload: String
    package let uniqueKey: String?
    package let maximumFailures: Int
    package let maximumCrashes: Int
    package let timeout: Duration
    package let createdAt: Timestamp
    package var state: JobState
    package var result: String?
    package var failure: JobFailure?
    /// Every failure with its attempt and time, newest last, up to ``JobFailure/maximumHistory``.
    package var history: String?
    /// How often it was claimed; also the fence that a worker's word must show.
    package var attempt = 0
    /// Runs that failed.
    package var failures = 0
    /// Workers that died while they held it.
    package var crashes = 0
    /// From 0 to 1.
    package var progress = 0.0
    /// The step it is in, in words.
    package var note = "waiting"
    package var isCancelRequested = false
    /// Who holds it, while it runs.
    package var worker: WorkerID?
    /// Before this moment it does not run.
    package var runAt: Timestamp
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// How many jobs must still succeed before it may run.
    package var openNeeds = 0
    /// Whether other jobs wait for this one.
    package var hasDependents = false

    /// A job that may run from `runAt` on.
    package init(
        id: JobID,
        kind: String,
        payload: String,
        options: JobOptions,
        priority: JobPriority? = nil,
        uniqueKey: String? = nil,
        createdAt: Timestamp,
        runAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        queue = options.queue
        self.priority = priority ?? options.priority
        self.payload = payload
        self.uniqueKey = uniqueKey
        maximumFailures = options.maximumFailures
        maximumCrashes = options.maximumCrashes
        timeout = options.timeout
        self.createdAt = createdAt
        self.runAt = runAt
        state = .queued
    }

    /// Whether two of its workers have died already; of such jobs a worker runs one at a time, so that the one that
    /// kills is found and the others are not blamed for it.
    package var isSuspect: Bool { crashes >= Self.suspectCrashes }

    /// Deaths of its worker from which on a job is run alone among its like.
    package static let suspectCrashes = 2

    /// The place in the order, in microseconds: each level of priority is worth a minute.
    package func rank(isStrict: Bool) -> Int64 {
        priority.rank(of: runAt, isStrict: isStrict)
    }
}
