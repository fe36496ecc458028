package import CupelCore
package import Logging
import ServiceLifecycle
package import Storage
import Synchronization
import Telemetry

/// Makes what calls reserve and cost durable, many in one commit.
///
/// Event loops hand over entries and go on; one writer takes all that came while the last commit was under way. Nothing
/// waits for a timer. A call that began and ended meanwhile is one row written once.
package final class Ledger: Service {
    /// One thing to keep.
    struct Entry: Sendable {
        enum Phase: Sendable {
            /// The call began: what it may cost at most is held.
            case opened
            /// It ended; its loop is told once that is durable.
            case ended
            /// It was refused before it began; nobody waits.
            case refused
        }

        var record: CallRecord
        var phase: Phase
        /// Where the call lives, for the answer: its event loop and its place there.
        var loop = 0
        var ticket = 0
    }

    private struct State {
        var entries: [Entry] = []
        var waiting: CheckedContinuation<Void, Never>?
        /// Whether something waits that should be written now.
        var isDue = false
        var isClosed = false
        var isFailing = false

        /// What is written next: all that ended, and what began a moment ago. A call that ends within that moment is
        /// one row, written once.
        mutating func take(_ now: Timestamp) -> [Entry] {
            isDue = false
            guard !entries.isEmpty else { return [] }
            let latest = isClosed ? now : now + (.zero - Ledger.openMoment)
            var batch: [Entry] = []
            var rest: [Entry] = []
            var ended: Set<Identifier<CallRecord>> = []
            for entry in entries {
                guard batch.count < Ledger.maximumBatch, entry.phase != .opened || entry.record.started <= latest else {
                    rest.append(entry)
                    continue
                }
                batch.append(entry)
                if entry.phase == .ended { ended.insert(entry.record.id) }
            }
            // The beginning of what has ended says nothing more.
            entries = ended.isEmpty ? rest : rest.filter { $0.phase != .opened || !ended.contains($0.record.id) }
            if batch.count >= Ledger.maximumBatch { isDue = true }
            return batch
        }
    }

    /// How long the beginning of a call waits for its end before it is written by itself.
    static let openMoment = Duration.milliseconds(10)
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
    /// Tells an event loop which calls are durable, and whether they are.
    private let answers = Mutex<[@Sendable ([Int], Bool) -> Void]>([])

    /// A ledger over a store whose tables are there.
    package init(database: any Database, logger: Logger, time: any TimeSource = SystemTime()) {
        self.database = database
        self.logger = logger
        self.time = time
    }

    /// Whether no call may begin: the store takes nothing, or too much waits for it.
    var isFull: Bool { state.withLock { $0.isFailing || $0.entries.count >= Self.maximumWaiting } }

    /// Names who hears, by the number of the loop.
    func deliver(to answers: [@Sendable ([Int], Bool) -> Void]) { self.answers.withLock { $0 = answers } }

    /// Takes an entry.
    func add(_ entry: Entry) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if entry.phase == .refused, state.entries.count >= Self.maximumRefused { return nil }
            state.entries.append(entry)
            // Whoever begins a call waits for nothing; whoever ends one does.
            guard entry.phase != .opened else { return nil }
            state.isDue = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

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
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private func write() async {
        /// Calls whose beginning is in the store, so that their end replaces it.
        var opened: Set<Identifier<CallRecord>> = []
        while let batch = await next() {
            await keep(batch, &opened)
        }
    }

    private func next() async -> [Entry]? {
        while true {
            let now = time.now
            let (batch, isClosed) = state.withLock { ($0.take(now), $0.isClosed) }
            if !batch.isEmpty { return batch }
            if isClosed { return nil }
            await withCheckedContinuation { continuation in
                let mustGoOn = state.withLock { state in
                    guard !state.isDue, !state.isClosed else { return true }
                    state.waiting = continuation
                    return false
                }
                if mustGoOn { continuation.resume() }
            }
        }
    }

    /// Has the beginnings of calls written that wait for their ends; called now and then while calls are under way.
    func nudge() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.entries.isEmpty else { return nil }
            state.isDue = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private func keep(_ batch: [Entry], _ opened: inout Set<Identifier<CallRecord>>) async {
        let plan = LedgerBatch(batch, opened: opened)
        let isKept = await commit(plan)
        // What may be there is replaced as what is there: a second insertion would fail, and with it its whole commit.
        if isKept != false {
            for record in plan.opened { opened.insert(record.id) }
            for record in plan.reopened { opened.remove(record.id) }
        }
        let answers = answers.withLock { $0 }
        for (loop, answer) in answers.enumerated() {
            let tickets = batch.compactMap { $0.phase == .ended && $0.loop == loop ? $0.ticket : nil }
            if !tickets.isEmpty { answer(tickets, isKept ?? false) }
        }
    }

    /// Writes a batch, again and again while the store refuses; `nil` when nobody knows whether it was written.
    private func commit(_ plan: LedgerBatch) async -> Bool? {
        let since = time.monotonic
        var pause = Duration.milliseconds(20)
        while true {
            do {
                try await database.write { transaction in
                    try CallStore.write(
                        opened: plan.opened,
                        ended: plan.ended,
                        reopened: plan.reopened,
                        in: transaction
                    )
                }
                state.withLock { $0.isFailing = false }
                return true
            } catch {
                state.withLock { $0.isFailing = true }
                let code = (error as? CupelError)?.code
                // Whether it was written is not known: writing it again could count it twice in the sums.
                guard code != .outcomeUnknown, time.monotonic - since < Self.patience else {
                    logger.log(
                        .error,
                        "calls were not recorded",
                        [.error: "\(error)", .count: String(plan.opened.count + plan.ended.count)]
                    )
                    return code == .outcomeUnknown ? nil : false
                }
                try? await time.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(500))
            }
        }
    }
}

/// What one commit writes: each call once, as far as it has come.
struct LedgerBatch: Sendable {
    /// Calls that began and are under way.
    private(set) var opened: [CallRecord] = []
    /// Calls that ended, of which the store knows nothing yet.
    private(set) var ended: [CallRecord] = []
    /// Calls that ended, whose beginning is in the store.
    private(set) var reopened: [CallRecord] = []

    init(_ entries: [Ledger.Entry], opened known: Set<Identifier<CallRecord>>) {
        var ends: Set<Identifier<CallRecord>> = []
        for entry in entries where entry.phase != .opened {
            if known.contains(entry.record.id) {
                reopened.append(entry.record)
            } else {
                ended.append(entry.record)
                ends.insert(entry.record.id)
            }
        }
        for entry in entries where entry.phase == .opened && !ends.contains(entry.record.id) {
            opened.append(entry.record)
        }
    }
}
