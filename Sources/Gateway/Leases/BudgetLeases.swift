import CupelCore
import Logging
import Storage
import Synchronization
import Telemetry

/// Keeps this replica's slices of the budgets that it shares with other replicas on one store.
///
/// Calls draw on what is free of a slice without asking anybody. One task asks the store: when little is left, when a
/// call waits for what does not fit, when another replica lacks something, and every second; what it asks for all budgets
/// is one short transaction. What is to be given back is taken from the free part first and then written, what is granted
/// is written first and then free, so that whatever happens between leaves the store with more than is used, never less.
final class BudgetLeases: Sendable {
    /// Times that bound it.
    struct Limits: Sendable {
        /// How often everything is looked at.
        var interval = Duration.seconds(1)
        /// The least time between two transactions.
        var pace = Duration.milliseconds(2)
        /// How often the store is asked while somebody waits for what other replicas may give back.
        var patience = Duration.milliseconds(10)
        /// How long a store that failed is left alone.
        var pause = Duration.milliseconds(100)
        /// How long what was granted may be used after the store answered last; well under ``Ledger/silence``.
        var validity = Duration.seconds(30)
        /// Looks without a call after which a slice is given back.
        var idleLooks = 10
        /// How long a stop waits for the store to take slices back.
        var farewell = Duration.seconds(1)
    }

    /// A budget's window and what is known of its slice.
    struct Post: Sendable {
        let meter: BudgetMeter
        let lease: BudgetLease
        /// Whether the store has a row of it.
        var isKnown = false
        /// What the store was told is in its sums.
        var reported: Int64 = 0
        /// What is to be given back, if it is still free.
        var excess: Int64 = 0
        /// Since when calls lack something.
        var wantedAt: Int64?
        /// What they lacked then.
        var wanted: Int64 = 0
        /// Whether the row may say that calls lack something.
        var isWaiting = false
        /// The last wish of others for which it gave what it could, on the store's clock.
        var answeredAt: Int64 = 0
        /// What was seen at the last look, and how often in a row.
        var sight: [Int64] = []
        var looks = 0
    }

    struct State {
        var posts: [LeaseWindow.Key: Post] = [:]
        var waiting: [LeaseDesk.Waiter] = []
        /// What other replicas lack.
        var wishes: [LeaseWindow.Key: LeaseTable.Wish] = [:]
        var isFailing = false
    }

    /// What is to be done after a round.
    enum Next: Sendable {
        /// There is more to do now.
        case again
        /// Somebody waits for other replicas.
        case soon
        /// The store did not answer.
        case later
        case rest
    }

    let state = Mutex(State())
    let desk = LeaseDesk()
    let term = LeaseTerm()
    let limits: Limits
    let replica: String
    private let database: any Database
    private let logger: Logger
    let time: any TimeSource

    /// Slices of a store whose tables are there.
    init(
        _ database: any Database,
        replica: String,
        logger: Logger,
        time: any TimeSource = SystemTime(),
        limits: Limits = Limits()
    ) {
        self.database = database
        self.replica = replica
        self.logger = logger
        self.time = time
        self.limits = limits
    }

    /// A meter whose room is what the store grants.
    /// - Parameter spent: what the sums of days hold of the window, for whoever looks before the store is asked.
    func meter(_ window: LeaseWindow, name: String, limit: Money, spent: Money, resets: Timestamp?) -> BudgetMeter {
        let lease = BudgetLease(window, spent: spent, term: term, desk: desk)
        let meter = BudgetMeter(name: name, limit: limit, spent: spent, resets: resets, lease: lease)
        state.withLock { $0.posts[window.key] = Post(meter: meter, lease: lease) }
        return meter
    }

    /// Forgets windows that are over; what the store has of them goes with time.
    func keep(where isKept: (BudgetMeter) -> Bool) {
        state.withLock { state in state.posts = state.posts.filter { isKept($0.value.meter) } }
    }

    // MARK: The task

    /// Keeps the slices until the task is cancelled, and gives back what is free then.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [desk, time, limits] in
                while (try? await time.sleep(for: limits.interval)) != nil { desk.wakeForAll() }
            }
            group.addTask { [database, desk, replica] in
                guard let news = database.notifications(on: LeaseTable.channel) else { return }
                for await notice in news where notice != .message(replica) {
                    // What was taken over from the dead, or was not heard, may have changed everything.
                    if notice == .message(LeaseTable.takenOver) || notice == .resumed {
                        desk.wakeForAll()
                    } else {
                        desk.wake()
                    }
                }
            }
            await serve()
            group.cancelAll()
        }
        desk.close()
        // The task is cancelled by now, and its writes would be: this one ends with the store's answer or in a second.
        await Task { await self.leave() }.value
    }

    private func serve() async {
        for await _ in desk.wakes {
            var isOver = false
            while !isOver, !Task.isCancelled {
                switch await round() {
                case .again: break
                case .soon: try? await time.sleep(for: limits.patience)
                case .later:
                    try? await time.sleep(for: limits.pause)
                    isOver = state.withLock { $0.waiting.isEmpty }
                case .rest:
                    try? await time.sleep(for: limits.pace)
                    isOver = true
                }
            }
        }
    }

    /// Gives back what is free.
    private func leave() async {
        for waiter in state.withLock({ $0.waiting }) { waiter.answer(.unavailable) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                let asks = state.withLock { state in
                    for key in state.posts.keys { state.posts[key]?.excess = .max }
                    return plan(&state, isDue: true)
                }
                var rest = asks[...]
                while !rest.isEmpty, !Task.isCancelled {
                    _ = try? await settle(Array(rest.prefix(LeaseTable.maximumWindows)), isThorough: false)
                    rest = rest.dropFirst(LeaseTable.maximumWindows)
                }
            }
            group.addTask { [time, limits] in try? await time.sleep(for: limits.farewell) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Asks the store for what is needed now, if anything is.
    func round() async -> Next {
        let (came, isDue) = desk.take()
        let asks = state.withLock { state in
            state.waiting += came
            serveWaiting(&state)
            return plan(&state, isDue: isDue)
        }
        // Without budgets there is nothing to share; with nothing to ask it still hears what others lack.
        if asks.isEmpty, state.withLock({ $0.posts.isEmpty }) { return .rest }
        do {
            try await ask(asks, isDue: isDue)
            let wasFailing = state.withLock { state in
                defer { state.isFailing = false }
                return state.isFailing
            }
            if wasFailing { logger.log(.info, "slices of budgets are granted again", [:]) }
        } catch {
            let isNew = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isNew, !Task.isCancelled {
                logger.log(.warning, "no slices of budgets are granted", [.error: "\(error)"])
            }
            return .later
        }
        return state.withLock { next(&$0) }
    }

    private func ask(_ asks: [LeaseAsk], isDue: Bool) async throws {
        var rest = asks[...]
        repeat {
            let some = Array(rest.prefix(LeaseTable.maximumWindows))
            rest = rest.dropFirst(some.count)
            let since = CallExchange.now
            let report = try await settle(some, isThorough: isDue)
            state.withLock { apply(report, some, until: since + limits.validity.nanoseconds, &$0) }
        } while !rest.isEmpty
    }

    private func settle(_ asks: [LeaseAsk], isThorough: Bool) async throws -> LeaseTable.Report {
        let new = asks.filter { !$0.isKnown }.map(\.window)
        if !new.isEmpty { try await database.write { try LeaseTable.prepare(new, in: $0) } }
        return try await database.write { [replica] transaction in
            try LeaseTable(replica: replica, transaction: transaction).settle(asks, isThorough: isThorough)
        }
    }
}
