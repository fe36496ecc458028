import CupelCore
import Synchronization

/// One budget's window, as all replicas name it.
struct LeaseWindow: Sendable, Hashable {
    /// What tells windows apart, in an order that all replicas share.
    struct Key: Sendable, Hashable, Comparable {
        /// The budget's name.
        var budget: String
        /// When the window begins, in microseconds since 1970.
        var start: Int64

        static func < (left: Key, right: Key) -> Bool {
            (left.budget, left.start) < (right.budget, right.start)
        }
    }

    var key: Key
    /// When the window ends, in microseconds since 1970.
    var end: Int64
    /// Whom the budget is for, as the sums of days name it: `key`, `team`, `project` or `model`, and its name.
    var word: String
    var name: String
}

/// Until when this process may rely on what the store granted it: other replicas take over the slices of one that has
/// been silent for longer.
final class LeaseTerm: Sendable {
    /// In nanoseconds of the monotonic clock.
    let until = Atomic<Int64>(.min)
    /// When the store last answered, in the same.
    let answered = Atomic<Int64>(.min)
}

/// A replica's slices of a budget that several replicas share.
///
/// What was granted so far, less what the store's sums already hold of it, is what this process may still add to those
/// sums: money held for calls, money spent and not yet written, and what is free. One task alone changes what is
/// granted; calls add to what was kept; the free part is the meter's own.
final class BudgetLease: Sendable {
    let window: LeaseWindow
    let term: LeaseTerm
    let desk: LeaseDesk
    /// All that the store granted since this process began, less what was given back; in microdollars.
    let granted = Atomic<Int64>(0)
    /// What calls of this process cost that the store's sums hold.
    let kept = Atomic<Int64>(0)
    /// What the store's sums hold beside that.
    let elsewhere: Atomic<Int64>
    /// A free part under this wakes the task that asks for more.
    let low = Atomic<Int64>(.min)
    /// The store had no room for so much when it was asked last; who asks for as much is told so without asking again.
    let denied = Atomic<Int64>(.max)
    /// What a call could have got then.
    let left = Atomic<Int64>(0)
    /// Whether calls wait for what other replicas may give back.
    let isShort = Atomic<Bool>(false)
    private let isLow = Atomic<Bool>(false)

    init(_ window: LeaseWindow, spent: Money, term: LeaseTerm, desk: LeaseDesk) {
        self.window = window
        self.term = term
        self.desk = desk
        elsewhere = Atomic(spent.microdollars)
    }

    /// Whether what was granted may be relied on at a moment of the monotonic clock, in nanoseconds.
    func isValid(now: Int64) -> Bool { now < term.until.load(ordering: .relaxed) }

    /// The free part has become this: says so once, where it is little.
    func note(free: Int64) {
        guard free < low.load(ordering: .relaxed), !isLow.exchange(true, ordering: .relaxed) else { return }
        desk.wake()
    }

    /// Whether the free part became little.
    var isRunningLow: Bool { isLow.load(ordering: .relaxed) }

    /// Whether the free part became little since this was asked last.
    func takeLow() -> Bool { isLow.exchange(false, ordering: .relaxed) }
}

/// What a call that waited for a slice is told.
enum LeaseAnswer: Sendable {
    /// The amount is held for it.
    case held
    /// The budget has no room for it on any replica; with what could have been had.
    case exceeded(left: Money)
    /// Nobody could be asked.
    case unavailable
}

/// Where calls wait for slices, and what wakes the task that asks the store for them.
final class LeaseDesk: Sendable {
    /// A call that waits.
    struct Waiter: Sendable {
        let meter: BudgetMeter
        /// What it needs, in microdollars.
        let amount: Int64
        /// When it gives up, in nanoseconds of the monotonic clock.
        let until: Int64
        let answer: @Sendable (LeaseAnswer) -> Void
    }

    private struct State {
        var waiters: [Waiter] = []
        var isDue = false
        var isClosed = false
    }

    /// Calls that may wait at once; beyond it they are refused.
    static let maximumWaiting = 50_000

    /// Something is to be done.
    let wakes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    private let state = Mutex(State())

    init() { (wakes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    /// Wakes the task that asks.
    func wake() { signal.yield() }

    /// Has it look at everything.
    func wakeForAll() {
        state.withLock { $0.isDue = true }
        signal.yield()
    }

    /// Waits for an amount; `answer` is called on any thread, unless the waiter has given up by then.
    func wait(_ waiter: Waiter) {
        let isTaken = state.withLock { state in
            guard !state.isClosed, state.waiters.count < Self.maximumWaiting else { return false }
            state.waiters.append(waiter)
            return true
        }
        if isTaken { signal.yield() } else { waiter.answer(.unavailable) }
    }

    /// Who came since this was asked last, and whether everything is to be looked at.
    func take() -> (waiters: [Waiter], isDue: Bool) {
        state.withLock { state in
            defer { (state.waiters, state.isDue) = ([], false) }
            return (state.waiters, state.isDue)
        }
    }

    /// Refuses who waits and whoever comes from now on.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.answer(.unavailable) }
    }
}
