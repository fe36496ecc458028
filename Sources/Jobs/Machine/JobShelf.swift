package import CupelCore
package import Storage

/// What the queue's decisions need of a store, within one transaction: it keeps and finds, and decides nothing.
package protocol JobShelf {
    /// The transaction that all this is part of, where the engine has one.
    var transaction: (any Transaction)? { get }

    /// The jobs with these identifiers, nobody else's to change until the transaction ends.
    func load(_ ids: [JobID]) throws -> [JobEntry]
    /// Waiting jobs that may run, not suspects, the first by rank, nobody else's to take until the transaction ends.
    /// - Parameter room: how many of each queue at most.
    func ready(_ room: [String: Int], limit: Int, isStrict: Bool, now: Timestamp) throws -> [JobEntry]
    /// One waiting job of these queues whose workers died before.
    func readySuspect(_ queues: [String], now: Timestamp) throws -> JobEntry?
    /// The moment at which the next waiting job of these queues may run; `nil` when none waits.
    func nextRunAt(_ queues: [String]) throws -> Timestamp?
    /// The jobs that a worker holds; nobody else's to change until the transaction ends when `isLocked`.
    func held(by worker: WorkerID, isLocked: Bool) throws -> [JobEntry]
    /// How many jobs of a queue run.
    func runningCount(in queue: String) throws -> Int
    /// The job with this key that is not over.
    func unfinished(kind: String, uniqueKey: String) throws -> JobID?
    /// Keeps new jobs and gives those that were not there already, by identifier or unique key.
    func insert(_ entries: [JobEntry]) throws -> Set<JobID>
    /// Keeps what changed.
    func update(_ entries: [JobEntry]) throws
    /// Forgets a job with its events.
    func remove(_ id: JobID) throws
    /// Keeps events, in this order.
    func record(_ events: [JobEventDraft]) throws

    /// Keeps that a job waits for others.
    func addNeeds(_ needed: [JobID], of dependent: JobID) throws
    /// The jobs that wait for any of these, a pair each.
    func dependents(of ids: [JobID]) throws -> [(needed: JobID, dependent: JobID)]

    /// Whether a worker is known; it cannot be forgotten before the transaction ends.
    func isEnlisted(_ id: WorkerID) throws -> Bool
    /// A worker, nobody else's to change until the transaction ends; with `isLeaving`, one whose claims are all done and
    /// who gets no more.
    func worker(_ id: WorkerID, isLeaving: Bool) throws -> WorkerCard?
    /// Keeps a worker.
    func save(_ worker: WorkerCard) throws
    /// Forgets a worker.
    func removeWorker(_ id: WorkerID) throws

    /// What is set for these queues; those with a limit are nobody else's to take from until the transaction ends.
    func controls(_ queues: [String]) throws -> [QueueControl]
    /// Keeps what is set for a queue.
    func save(_ control: QueueControl) throws
}

/// What an operator has set for a queue, and how much of its rate is used.
package struct QueueControl: Sendable, Equatable {
    package let name: String
    /// Nothing of it starts while it is paused; what runs goes on.
    package var isPaused = false
    /// Jobs of it that run at once, over all workers.
    package var concurrency: Int?
    /// Jobs of it that start in a minute, evenly spaced, over all workers.
    package var ratePerMinute: Int?
    /// Before this moment the next one does not start, because of the rate.
    package var nextStartAt = Timestamp(microseconds: 0)

    /// A queue without limits.
    package init(name: String) { self.name = name }

    /// The time between two starts.
    private var interval: Duration? { ratePerMinute.map { .microseconds(60_000_000 / Int64(max(1, $0))) } }

    /// How many may start now, of at most `wanted`, when `running` run already.
    func allowance(_ wanted: Int, running: Int, at now: Timestamp) -> Int {
        if isPaused { return 0 }
        let byConcurrency = concurrency.map { max(0, $0 - running) } ?? wanted
        guard let interval else { return min(wanted, byConcurrency) }
        guard nextStartAt <= now else { return 0 }
        // What was not used in the last second may be used now, so that a worker need not wake for each one.
        let saved = min(now - nextStartAt, .seconds(1))
        let byRate = 1 + Int(saved.wholeMicroseconds / max(1, interval.wholeMicroseconds))
        return min(wanted, byConcurrency, byRate)
    }

    /// Counts starts against the rate.
    mutating func start(_ count: Int, at now: Timestamp) {
        guard let interval, count > 0 else { return }
        nextStartAt = max(nextStartAt, now + .seconds(-1)) + interval * count
    }
}
