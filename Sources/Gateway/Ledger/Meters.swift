import CupelCore
import Synchronization

/// The money of one budget in one window of time: what may still be held for calls, after what was spent and is held.
///
/// Many event loops reserve at once; no lock is held, and the sum never passes the limit but by what a call turns out to
/// cost beyond its reservation. Where several replicas share the budget, the room is what is free of this replica's
/// slices of it.
final class BudgetMeter: Sendable {
    /// What the budget is called in messages: `team interns, a month`.
    let name: String
    /// What may be spent in the window; can be moved while calls are under way.
    var limit: Money {
        Money(microdollars: bound.load(ordering: .relaxed))
    }
    /// When the window ends and a fresh one begins.
    let resets: Timestamp?
    /// This replica's slices, where several share the budget.
    let lease: BudgetLease?
    private let bound: Atomic<Int64>
    private let room: Atomic<Int64>

    init(name: String, limit: Money, spent: Money, resets: Timestamp?, lease: BudgetLease? = nil) {
        self.name = name
        self.resets = resets
        self.lease = lease
        bound = Atomic(limit.microdollars)
        room = Atomic(lease == nil ? limit.microdollars - spent.microdollars : 0)
    }

    /// What was spent, with what is held; of other replicas what they spent.
    var total: Money {
        guard let lease else { return Money(microdollars: bound.load(ordering: .relaxed) - free) }
        let own = lease.granted.load(ordering: .relaxed) - free
        return Money(microdollars: lease.elsewhere.load(ordering: .relaxed) + own)
    }

    /// What may still be held here, in microdollars; under zero where calls cost more than was held for them.
    var free: Int64 { room.load(ordering: .relaxed) }

    /// Holds an amount, if there is room for it.
    /// - Parameter now: nanoseconds of the monotonic clock; a slice may not be used for ever.
    func reserve(_ amount: Money, now: Int64 = .min) -> Bool {
        guard let lease else { return take(amount.microdollars) }
        guard lease.isValid(now: now), take(amount.microdollars) else { return false }
        lease.note(free: free)
        return true
    }

    /// Takes an amount from the room, if there is so much.
    func take(_ amount: Int64) -> Bool {
        var current = room.load(ordering: .relaxed)
        while true {
            let (rest, isOverflow) = current.subtractingReportingOverflow(amount)
            guard !isOverflow, rest >= 0 else { return false }
            let (isDone, seen) = room.weakCompareExchange(
                expected: current,
                desired: rest,
                ordering: .acquiringAndReleasing
            )
            if isDone { return true }
            current = seen
        }
    }

    /// Takes what there is of an amount.
    func take(upTo most: Int64) -> Int64 {
        while true {
            let some = min(max(free, 0), most)
            if some <= 0 { return 0 }
            if take(some) { return some }
        }
    }

    /// Makes more room.
    func add(free amount: Int64) { room.wrappingAdd(amount, ordering: .relaxed) }

    /// Turns what was held into what it cost.
    func settle(reserved: Money, cost: Money) { add(free: reserved.microdollars - cost.microdollars) }

    /// The store's sums hold what a call cost.
    func keep(_ cost: Money) { lease?.kept.wrappingAdd(cost.microdollars, ordering: .relaxed) }

    /// Moves the limit; asked by one task at a time.
    func move(limit: Money) {
        let before = bound.exchange(limit.microdollars, ordering: .relaxed)
        guard before != limit.microdollars else { return }
        guard let lease else { return add(free: limit.microdollars - before) }
        lease.denied.store(.max, ordering: .relaxed)
        lease.desk.wakeForAll()
    }
}

/// A rate that many event loops draw on: the generic cell rate algorithm (ITU-T I.371) over one minute, in one word.
final class RateMeter: Sendable {
    /// Units a minute.
    let limit: Int
    private let arrival = Atomic<Int64>(0)
    /// Nanoseconds that one unit takes.
    private let interval: Int64
    private static let minute: Int64 = 60_000_000_000

    init(perMinute limit: Int) {
        self.limit = max(limit, 1)
        interval = max(Self.minute / Int64(max(limit, 1)), 1)
    }

    /// Takes units; a whole minute's worth may be taken at once.
    /// - Returns: nanoseconds to wait when they cannot be taken now; `nil` when they are.
    func take(_ units: Int, now: Int64) -> Int64? {
        // More than a minute holds could never be taken: then all of it is.
        let cost = min(Int64(units), Int64(limit)) * interval
        var current = arrival.load(ordering: .relaxed)
        while true {
            let next = max(current, now) + cost
            let wait = next - now - Self.minute
            guard wait <= 0 else { return wait }
            let (isDone, seen) = arrival.weakCompareExchange(expected: current, desired: next, ordering: .relaxed)
            if isDone { return nil }
            current = seen
        }
    }

    /// Gives back what was taken too much, or takes what was taken too little: `taken` as it was asked for, of which no
    /// more than a minute's worth was drawn.
    func settle(taken: Int, used: Int) {
        arrival.wrappingAdd(Int64(used - min(taken, limit)) * interval, ordering: .relaxed)
    }

    /// Units that could be taken now.
    func left(now: Int64) -> Int {
        let ahead = max(arrival.load(ordering: .relaxed) - now, 0)
        return max(Int((Self.minute - ahead) / interval), 0)
    }

    /// Seconds until a whole minute's worth could be taken.
    func secondsToFull(now: Int64) -> Int {
        Int((max(arrival.load(ordering: .relaxed) - now, 0) + 999_999_999) / 1_000_000_000)
    }
}

/// Calls that may be under way at once.
final class ParallelMeter: Sendable {
    /// The most calls.
    let limit: Int
    private let count = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// Calls under way.
    var underway: Int { count.load(ordering: .relaxed) }

    /// Begins a call, if it may.
    func enter() -> Bool {
        var current = count.load(ordering: .relaxed)
        while current < limit {
            let (isDone, seen) = count.weakCompareExchange(expected: current, desired: current + 1, ordering: .relaxed)
            if isDone { return true }
            current = seen
        }
        return false
    }

    /// Ends a call.
    func leave() { count.wrappingSubtract(1, ordering: .relaxed) }
}
