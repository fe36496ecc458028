package import CupelCore
package import Logging
import ServiceLifecycle
package import Storage
import Synchronization
import Telemetry

/// Makes what calls reserve and cost durable, many in one commit.
///
/// Event loops hand over entries and go on. A commit takes all that came until it runs, on the store's own thread, and
/// tells the loops when it is durable; while many calls are under way the next one waits a moment for company. A call
/// that ends soon is one row written once: its beginning is handed over only once it has lasted for a while.
package final class Ledger: Service {
    /// One thing to keep. A class, so that a record is handed from thread to thread without being copied.
    final class Entry: Sendable {
        enum Phase: Sendable {
            /// The call goes on: what it may cost at most is held.
            case opened
            /// It ended; its loop is told once that is durable.
            case ended
            /// It was refused before it began; nobody waits.
            case refused
        }

        let record: CallRecord
        let phase: Phase
        /// Where the call lives, for the answer: its event loop and its place there.
        let loop: Int
        let ticket: Int

        init(record: CallRecord, phase: Phase, loop: Int = -1, ticket: Int = -1) {
            self.record = record
            self.phase = phase
            self.loop = loop
            self.ticket = ticket
        }
    }

    /// Tells an event loop which of its calls are durable, and whether they are.
    typealias Delivery = @Sendable (_ tickets: [Int], _ isKept: Bool, _ wakesWriter: Bool) -> Void

    private struct State {
        var entries: [Entry] = []
        /// What is being written; it stays until it is known what became of it.
        var current: LedgerBatch?
        /// Calls whose beginning is in the store, so that their end replaces it.
        var opened: Set<Identifier<CallRecord>> = []
        /// Whether a commit is under way, or its failure is being seen to.
        var isWriting = false
        /// Whether the next commit waits a moment for company.
        var isPaced = false
        var isRunning = false
        var isClosed = false
        var isFailing = false
        /// Why the last commit failed, until somebody sees to it.
        var trouble: (any Error)?
        var waiting: CheckedContinuation<Void, Never>?

        /// Whether a commit begins now; whoever is told so begins it.
        mutating func starts() -> Bool {
            guard isRunning, !isWriting, !entries.isEmpty else { return false }
            isWriting = true
            isPaced = false
            return true
        }

        /// What is written now. A body that the store runs again writes the same.
        mutating func plan() -> LedgerBatch {
            if let current { return current }
            let count = min(entries.count, Ledger.maximumBatch)
            let plan = LedgerBatch(Array(entries.prefix(count)), opened: opened)
            entries.removeFirst(count)
            current = plan
            return plan
        }

        /// What was written is over; `isKept` is nil when nobody knows whether it is in the store.
        mutating func finish(_ isKept: Bool?) -> LedgerBatch? {
            defer { current = nil }
            guard let current, isKept != false else { return current }
            // What may be there is replaced as what is there: a second insertion would fail, and its whole commit.
            for entry in current.opened { opened.insert(entry.record.id) }
            for entry in current.reopened { opened.remove(entry.record.id) }
            return current
        }
    }

    /// How long a call lasts before its beginning is written by itself.
    static let openMoment = Duration.milliseconds(10)
    /// How long a commit waits for company at most.
    static let pace = Duration.microseconds(500)
    /// Entries that may wait for the writer; beyond it no call begins.
    static let maximumWaiting = 50_000
    /// Refused calls that may wait; beyond it they are only counted.
    static let maximumRefused = 5_000
    /// Entries of one commit.
    static let maximumBatch = 2_000
    /// How long a commit is tried before those who wait are told that it failed.
    static let patience = Duration.seconds(5)

    /// This process, in the records of its calls.
    let replica = Identifier<Ledger>().description
    let database: any Database
    let logger: Logger
    let time: any TimeSource
    private let state = Mutex(State())
    private let underway = Atomic<Int>(0)
    private let deliveries = Mutex<[Delivery]>([])

    /// A ledger over a store whose tables are there.
    package init(database: any Database, logger: Logger, time: any TimeSource = SystemTime()) {
        self.database = database
        self.logger = logger
        self.time = time
    }

    /// Whether no call may begin: the store takes nothing, or too much waits for it.
    var isFull: Bool { state.withLock { $0.isFailing || $0.entries.count >= Self.maximumWaiting } }

    /// Names who hears, by the number of the loop.
    func deliver(to deliveries: [Delivery]) { self.deliveries.withLock { $0 = deliveries } }

    /// A call is under way, or no longer: a commit waits for company only where there is some.
    func note(underway change: Int) { underway.wrappingAdd(change, ordering: .relaxed) }

    /// Takes an entry.
    func add(_ entry: Entry) {
        let mustBegin = state.withLock { state in
            if entry.phase == .refused, state.entries.count >= Self.maximumRefused { return false }
            state.entries.append(entry)
            if state.isPaced, !isCompany(state.entries.count) { return false }
            return state.starts()
        }
        if mustBegin { begin() }
    }

    /// Begins the commit that waited for company.
    func wakeWriter() {
        let mustBegin = state.withLock { state in
            defer { state.isPaced = false }
            return state.isPaced && state.starts()
        }
        if mustBegin { begin() }
    }

    /// Whether so many are most of those that can come.
    private func isCompany(_ count: Int) -> Bool { count * 4 >= underway.load(ordering: .relaxed) * 3 }

    /// Writes until a stop, and then what is left.
    package func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await write()
            } onGracefulShutdown: {
                self.close()
            }
        } onCancel: {
            // The writer waits for entries and not for its task: without this a cancelled group would never end.
            self.close()
        }
    }

    /// Ends the writer once everything is written.
    package func close() {
        let (waiting, mustBegin) = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = nil }
            return (state.waiting, state.starts())
        }
        if mustBegin { begin() }
        waiting?.resume()
    }

    private func write() async {
        let mustBegin = state.withLock { state in
            state.isRunning = true
            return state.starts()
        }
        if mustBegin { begin() }
        while let error = await trouble() { await tryAgain(after: error) }
        state.withLock { $0.isRunning = false }
        // The task may be cancelled by now, and its writes would be: this one ends with the store's answer.
        await Task { await depart() }.value
    }

    /// Waits for a commit that failed; nil once everything is written after a stop.
    private func trouble() async -> (any Error)? {
        while true {
            let (trouble, isOver) = state.withLock { state in
                defer { state.trouble = nil }
                return (state.trouble, state.isClosed && state.entries.isEmpty && !state.isWriting)
            }
            if trouble != nil || isOver { return trouble }
            await withCheckedContinuation { continuation in
                let mustGoOn = state.withLock { state in
                    let isOver = state.isClosed && state.entries.isEmpty && !state.isWriting
                    guard state.trouble == nil, !isOver else { return true }
                    state.waiting = continuation
                    return false
                }
                if mustGoOn { continuation.resume() }
            }
        }
    }

    // MARK: A commit

    private func begin() {
        database.submit { [self] transaction in
            try put(state.withLock { $0.plan() }, in: transaction)
        } then: { [self] error in
            guard let error else { return finish(true) }
            let waiting = state.withLock { state in
                state.isFailing = true
                state.trouble = error
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume()
        }
    }

    private func put(_ plan: LedgerBatch, in transaction: any Transaction) throws {
        try CallStore.write(
            opened: plan.opened.lazy.map(\.record),
            ended: plan.ended.lazy.map(\.record),
            reopened: plan.reopened.lazy.map(\.record),
            in: transaction
        )
    }

    /// Tells the loops, and goes on with what came meanwhile.
    private func finish(_ isKept: Bool?) {
        let plan = state.withLock { state in
            if isKept == true { state.isFailing = false }
            return state.finish(isKept)
        }
        let company = plan.map { $0.ended.count + $0.reopened.count } ?? 0
        let (mustBegin, isPaced, waiting) = state.withLock { state in
            state.isWriting = false
            // Alone nobody waits for others; with many under way most of them are on their way here.
            state.isPaced = company > 1 && !state.isClosed && !isCompany(state.entries.count)
            let mustBegin = !state.isPaced && state.starts()
            let isOver = state.isClosed && !state.isWriting
            defer { if isOver { state.waiting = nil } }
            return (mustBegin, state.isPaced, isOver ? state.waiting : nil)
        }
        if let plan { tell(plan, isKept ?? false, wakesWriter: isPaced) }
        if mustBegin { begin() }
        waiting?.resume()
    }

    private func tell(_ plan: LedgerBatch, _ isKept: Bool, wakesWriter: Bool) {
        let deliveries = deliveries.withLock { $0 }
        var tickets = [[Int]](repeating: [], count: deliveries.count)
        for ended in [plan.ended, plan.reopened] {
            for entry in ended where entry.phase == .ended && tickets.indices.contains(entry.loop) {
                tickets[entry.loop].append(entry.ticket)
            }
        }
        var mustWake = wakesWriter
        for (delivery, tickets) in zip(deliveries, tickets) where !tickets.isEmpty {
            delivery(tickets, isKept, mustWake)
            mustWake = false
        }
        // Nobody is there to wake it.
        if mustWake { wakeWriter() }
    }

    /// Writes what failed, again and again while the store refuses.
    private func tryAgain(after first: any Error) async {
        let since = time.monotonic
        var pause = Duration.milliseconds(20)
        var error = first
        // A store that refuses at once has not even asked what to write.
        _ = state.withLock { $0.plan() }
        while true {
            let code = (error as? CupelError)?.code
            // Whether it was written is not known: writing it again could count it twice in the sums.
            guard code != .outcomeUnknown, time.monotonic - since < Self.patience else {
                let count = state.withLock { $0.current?.count ?? 0 }
                logger.log(.error, "calls were not recorded", [.error: "\(error)", .count: String(count)])
                return finish(code == .outcomeUnknown ? nil : false)
            }
            try? await time.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
            do {
                try await database.write { [self] transaction in
                    try put(state.withLock { $0.plan() }, in: transaction)
                }
                return finish(true)
            } catch let failure {
                error = failure
            }
        }
    }
}

/// What one commit writes: each call once, as far as it has come.
struct LedgerBatch: Sendable {
    /// Calls that began and are under way.
    private(set) var opened: [Ledger.Entry] = []
    /// Calls that ended, of which the store knows nothing yet.
    private(set) var ended: [Ledger.Entry] = []
    /// Calls that ended, whose beginning is in the store.
    private(set) var reopened: [Ledger.Entry] = []

    init(_ entries: [Ledger.Entry], opened known: Set<Identifier<CallRecord>>) {
        var beginnings: [Ledger.Entry] = []
        for entry in entries {
            switch entry.phase {
            case .opened: beginnings.append(entry)
            case .ended where !known.isEmpty && known.contains(entry.record.id): reopened.append(entry)
            case .ended, .refused: ended.append(entry)
            }
        }
        guard !beginnings.isEmpty else { return }
        let ends = Set(ended.map(\.record.id))
        opened = beginnings.filter { !ends.contains($0.record.id) }
    }

    /// How many calls it is about.
    var count: Int { opened.count + ended.count + reopened.count }
}
