import CupelCore
import Synchronization

/// The money of one budget in one window of time: what was spent and what is held for calls under way.
///
/// Many event loops reserve at once; no lock is held, and the sum never passes the limit but by what a call turns out to
/// cost beyond its reservation.
final class BudgetMeter: Sendable {
    /// What the budget is called in messages: `team interns, a month`.
    let name: String
    /// What may be spent in the window; can be moved while calls are under way.
    var limit: Money {
        Money(microdollars: bound.load(ordering: .relaxed))
    }
    /// When the window ends and a fresh one begins.
    let resets: Timestamp?
    private let bound: Atomic<Int64>
    private let held: Atomic<Int64>
    /// What had been spent when this began to count.
    private let base: Int64
    /// What the calls of this process cost since.
    private let own = Atomic<Int64>(0)
    /// What other processes spent since, as far as it is known.
    private let others = Atomic<Int64>(0)

    init(name: String, limit: Money, spent: Money, resets: Timestamp?) {
        self.name = name
        base = spent.microdollars
        bound = Atomic(limit.microdollars)
        self.resets = resets
        held = Atomic(spent.microdollars)
    }

    /// What was spent, with what is held.
    var total: Money { Money(microdollars: held.load(ordering: .relaxed)) }

    /// Holds an amount, if there is room for it.
    func reserve(_ amount: Money) -> Bool {
        var current = held.load(ordering: .relaxed)
        while true {
            let (sum, isOverflow) = current.addingReportingOverflow(amount.microdollars)
            guard !isOverflow, sum <= bound.load(ordering: .relaxed) else { return false }
            let (isDone, seen) = held.weakCompareExchange(
                expected: current,
                desired: sum,
                ordering: .acquiringAndReleasing
            )
            if isDone { return true }
            current = seen
        }
    }

    /// Turns what was held into what it cost.
    func settle(reserved: Money, cost: Money) {
        own.wrappingAdd(cost.microdollars, ordering: .relaxed)
        held.wrappingAdd(cost.microdollars - reserved.microdollars, ordering: .relaxed)
    }

    /// Moves the limit.
    func move(limit: Money) { bound.store(limit.microdollars, ordering: .relaxed) }

    /// Takes over what the store knows of all processes together; asked by one task alone. What this process has spent
    /// and not yet written makes the sum too small for a moment, never too large.
    func learn(total: Money) {
        let elsewhere = total.microdollars - base - own.load(ordering: .relaxed)
        let known = others.load(ordering: .relaxed)
        guard elsewhere > known else { return }
        others.store(elsewhere, ordering: .relaxed)
        held.wrappingAdd(elsewhere - known, ordering: .relaxed)
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
