package import CupelCore
import Storage

/// An engine of the queue: where jobs are kept, and how commands on them become durable.
package protocol JobStore: Sendable {
    /// Runs a body on a shelf as one durable step; when it throws, nothing of it happened.
    func change<Value: Sendable>(
        _ body: @escaping @Sendable (any JobShelf) throws -> Value
    ) async throws -> Value

    /// The transactions that this engine runs side by side without harm.
    var width: Int { get }

    /// Whether one process owns the store, so that every worker found at its start is dead.
    var isOwnedByOneProcess: Bool { get }

    /// One job.
    func job(_ id: JobID) async throws -> JobEntry?
    /// Jobs, newest first.
    func jobs(_ filter: JobFilter) async throws -> [JobEntry]
    /// What happened to a job, or to all, after an event.
    func events(of id: JobID?, after sequence: Int, limit: Int) async throws -> [JobEvent]
    /// The sequence of the last event; 0 when there is none.
    func lastSequence() async throws -> Int
    /// Which transactions are over, where one that numbered its events first may commit last; `nil` where events become
    /// visible in the order of their numbers.
    func horizon() async throws -> EventHorizon?
    /// Every worker that is known.
    func workers() async throws -> [WorkerCard]
    /// What is set for every queue that has something set.
    func controls() async throws -> [QueueControl]
    /// Adds what happened to the minute of `now`.
    func add(_ minutes: [QueueMinute], at now: Timestamp) async throws
    /// What happened by minute and queue, since a moment, in order.
    func minutes(since: Timestamp) async throws -> [QueueMinute]
    /// How many jobs stand where, a line for each queue and state that has some.
    func depths() async throws -> [QueueDepth]
}

extension JobStore {
    /// Nothing: events become visible in the order of their numbers.
    package func horizon() async throws -> EventHorizon? { nil }
}

/// Which transactions of a store are over.
package struct EventHorizon: Sendable, Equatable {
    /// All transactions with a smaller number are over.
    package let oldest: Int64
    /// No transaction with this number or a greater one had begun.
    package let next: Int64

    /// A horizon.
    package init(oldest: Int64, next: Int64) { (self.oldest, self.next) = (oldest, next) }
}

/// Which jobs a list shows.
package struct JobFilter: Sendable {
    package var state: JobState?
    package var kind: String?
    package var queue: String?
    /// Only jobs whose last error has this code.
    package var code: String?
    /// Only jobs older than this one.
    package var before: JobID?
    package var limit: Int

    /// A filter that lets through what it does not name.
    package init(
        state: JobState? = nil,
        kind: String? = nil,
        queue: String? = nil,
        code: String? = nil,
        before: JobID? = nil,
        limit: Int = 50
    ) {
        self.state = state
        self.kind = kind
        self.queue = queue
        self.code = code
        self.before = before
        self.limit = limit
    }
}

/// How many jobs of a queue stand in a state.
package struct QueueDepth: Sendable, Equatable {
    package let queue: String
    package let state: JobState
    package let count: Int
    /// The earliest moment at which one of them could have run.
    package let oldest: Timestamp?

    /// A line.
    package init(queue: String, state: JobState, count: Int, oldest: Timestamp?) {
        self.queue = queue
        self.state = state
        self.count = count
        self.oldest = oldest
    }
}
