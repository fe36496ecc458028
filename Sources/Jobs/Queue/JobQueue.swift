package import CupelCore
package import Storage
import Synchronization

/// The durable queue over an engine.
///
/// A claim gives an attempt number; ending and progress must show it, so a worker that was presumed dead cannot change
/// what another took over.
package final class JobQueue: Sendable {
    /// Where jobs are kept.
    package let store: any JobStore
    /// Wakes waiting workers and readers of events in this process.
    package let signal: JobSignal
    /// Wakes who tells other processes of what was committed here.
    let committed: JobSignal
    private let interruptsToTell = Mutex<[JobID]>([])
    /// What happened, counted by queue.
    package let tally = JobTally()
    package let time: any TimeSource
    /// How long a worker's heart may stand still before it is presumed dead.
    package let lease: Duration
    private let batcher: JobBatcher
    private let interrupts = Mutex<[WorkerID: @Sendable (JobID) -> Void]>([:])
    private let ownWorkers = Mutex<Set<WorkerID>>([])

    /// How long a worker's heart may stand still.
    package static let defaultLease = Duration.seconds(10)
    /// The largest payload or result, in bytes.
    package static let maximumPayloadBytes = 1 << 20
    /// The longest name of a queue or key, in bytes.
    package static let maximumNameBytes = 200

    /// Ends of jobs that wait to be told to other processes; more are heard of at heartbeats.
    private static let maximumInterruptsToTell = 1000
    /// Times that a job is offered again when nobody knows whether it was accepted.
    private static let submitTries = 3

    /// A queue over an engine.
    package init(store: any JobStore, time: any TimeSource = SystemTime(), lease: Duration = defaultLease) {
        self.store = store
        self.time = time
        self.lease = lease
        let (signal, committed) = (JobSignal(), JobSignal())
        self.signal = signal
        self.committed = committed
        batcher = JobBatcher(store: store, time: time) {
            signal.wake()
            committed.wake()
        }
    }

    /// A queue in the tables of a database that is migrated.
    package convenience init(
        database: any Database,
        time: any TimeSource = SystemTime(),
        lease: Duration = defaultLease
    ) {
        self.init(store: SQLJobStore(database: database), time: time, lease: lease)
    }

    /// Carries out one command.
    func send(_ command: JobCommand) async throws -> JobReply {
        let replies = try await batcher.send([command])
        return replies[0]
    }

    /// Carries out commands in one transaction.
    func send(_ commands: [JobCommand]) async throws -> [JobReply] { try await batcher.send(commands) }

    // MARK: Accepting

    /// Accepts a job; when this returns, it survives the death of the process.
    /// - Parameters:
    ///   - after: Jobs that must succeed first; when one does not, this one is cancelled.
    ///   - delay: It does not start sooner.
    /// - Returns: its identifier, or the one of the waiting or running job with the same unique key.
    /// - Throws: `payload_too_large`, `storage_unavailable`; `not_found` or `conflict` when a job of `after` is not
    ///   there or did not succeed.
    @discardableResult
    package func enqueue(_ job: some Job, after: [JobID] = [], delay: Duration = .zero) async throws -> JobID {
        try await submit(try entry(job, delay: delay), after: after).id
    }

    /// Accepts a job as part of the caller's transaction; call ``announce()`` once that is committed.
    /// - Throws: as ``enqueue(_:after:delay:)``.
    package func enqueue(
        _ job: some Job,
        in transaction: any Transaction,
        after: [JobID] = [],
        delay: Duration = .zero
    ) throws -> JobID {
        try submit(try entry(job, delay: delay), in: transaction, after: after)
    }

    /// Accepts a job that was put together elsewhere as part of the caller's transaction.
    package func submit(_ entry: JobEntry, in transaction: any Transaction, after: [JobID] = []) throws -> JobID {
        let shelf = SQLJobStore.shelf(transaction)
        let reply = try JobMachine.process([.submit(entry, after: after)], on: shelf, at: time.now)[0]
        return try accepted(reply, entry).id
    }

    /// Accepts a job that was put together elsewhere, once however often it is asked with one identifier.
    package func submit(_ entry: JobEntry, after: [JobID] = []) async throws -> (id: JobID, isNew: Bool) {
        var tries = 0
        while true {
            do {
                return try accepted(try await send(.submit(entry, after: after)), entry)
            } catch let error as CupelError where error.code == .outcomeUnknown && tries < Self.submitTries {
                // It may be there already; asking again with its identifier is asking once.
                tries += 1
            }
        }
    }

    private func accepted(_ reply: JobReply, _ entry: JobEntry) throws -> (id: JobID, isNew: Bool) {
        switch reply {
        case .submitted(let id, let isNew):
            if isNew { tally.count(.accepted, entry.queue) }
            return (id, isNew)
        case .refused(let error): throw error
        default: throw CupelError(.internalError, "The queue gave no answer to a new job.")
        }
    }

    /// What is kept of a job that is to run after a delay.
    /// - Throws: `payload_too_large`.
    package func entry<Kind: Job>(_ job: Kind, delay: Duration = .zero) throws -> JobEntry {
        let payload = job.json.text()
        try Self.checkSize(payload)
        let now = time.now
        return JobEntry(
            id: JobID(at: now),
            kind: Kind.kind,
            payload: payload,
            options: Kind.options,
            uniqueKey: job.uniqueKey,
            createdAt: now,
            runAt: now + delay
        )
    }

    /// - Throws: `payload_too_large` when a payload is over the bound.
    static func checkSize(_ payload: String) throws {
        guard payload.utf8.count <= maximumPayloadBytes else {
            throw CupelError(
                .payloadTooLarge,
                "The job's input is \(payload.utf8.count) bytes; \(maximumPayloadBytes) are allowed. Store it as an artefact."
            )
        }
    }

    // MARK: A person's hand

    /// Ends a job: at once while it waits, soon when it runs.
    /// - Throws: `not_found`; `conflict` when it is over already.
    package func cancel(_ id: JobID) async throws {
        try done(try await send(.cancel(id)))
        interrupt(id)
        interruptsToTell.withLock { if $0.count < Self.maximumInterruptsToTell { $0.append(id) } }
        committed.wake()
    }

    /// Runs a dead or cancelled job again, with its failures forgotten.
    /// - Throws: `not_found`; `conflict` when it waits, runs or succeeded.
    package func retry(_ id: JobID) async throws { try done(try await send(.retry(id))) }

    /// Forgets a job that is over, with its events.
    /// - Throws: `not_found`; `conflict` when it waits or runs.
    package func discard(_ id: JobID) async throws { try done(try await send(.discard(id))) }

    /// Changes what is set for a queue.
    package func control(_ name: String, _ change: @escaping @Sendable (inout QueueControl) -> Void) async throws
        -> QueueControl
    {
        let control = try await store.change { shelf in
            var control = try shelf.controls([name]).first ?? QueueControl(name: name)
            change(&control)
            try shelf.save(control)
            return control
        }
        announce()
        return control
    }

    private func done(_ reply: JobReply) throws {
        if case .refused(let error) = reply { throw error }
    }

    /// Whether a worker is one of this process.
    func isOfThisProcess(_ worker: WorkerID) -> Bool { ownWorkers.withLock { $0.contains(worker) } }

    /// Notes that a worker is one of this process.
    func adopt(_ worker: WorkerID) { ownWorkers.withLock { _ = $0.insert(worker) } }

    // MARK: Interrupting what runs here

    /// Lets a worker of this process hear at once of jobs that a person ends.
    func onInterrupt(_ worker: WorkerID, _ hear: (@Sendable (JobID) -> Void)?) {
        interrupts.withLock { $0[worker] = hear }
    }

    /// The jobs that other processes are to be told to end.
    func takeInterruptsToTell() -> [JobID] {
        interruptsToTell.withLock { all in
            defer { all = [] }
            return all
        }
    }

    /// Wakes everyone, here and elsewhere: a transaction that accepted jobs was committed.
    package func announce() {
        signal.wake()
        committed.wake()
    }

    /// Tells the workers of this process that a job is to end.
    package func interrupt(_ id: JobID) {
        for hear in interrupts.withLock({ Array($0.values) }) { hear(id) }
    }
}
