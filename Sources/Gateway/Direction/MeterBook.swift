import CupelCore
import Identity
import Synchronization

/// Everything that counts across snapshots: what budgets, rates and upstreams have seen so far.
///
/// A snapshot is swapped whole; what it counts with is found here again, so that no swap forgets a cent.
final class MeterBook: Sendable {
    /// A budget in one window.
    struct Window: Hashable, Sendable {
        var budget: BudgetID
        var start: Timestamp
    }

    /// Whom a budget is for, as the sums of days name it.
    struct Subject: Sendable {
        /// `key`, `team`, `project` or `model`.
        var word: String
        var name: String
    }

    private struct Rate: Hashable {
        var subject: String
        var kind: String
        var limit: Int
    }

    private struct State {
        var budgets: [Window: BudgetMeter] = [:]
        var rates: [Rate: RateMeter] = [:]
        var parallel: [Rate: ParallelMeter] = [:]
        var health: [String: UpstreamHealth] = [:]
    }

    /// Slices of budgets, where several replicas share the store.
    let leases: BudgetLeases?
    private let state = Mutex(State())

    init(leases: BudgetLeases? = nil) { self.leases = leases }

    /// The windows that have no meter yet.
    func unknown(_ windows: [Window]) -> [Window] {
        state.withLock { state in windows.filter { state.budgets[$0] == nil } }
    }

    /// The meter of a budget's window; `spent` is asked for one that is new.
    func meter(
        _ budget: Budget,
        of subject: Subject,
        at now: Timestamp,
        spent: (SpentSums.Days) -> Money
    ) -> BudgetMeter? {
        let name = "of the \(subject.word) `\(subject.name)` a \(budget.period.rawValue)"
        guard let window = budget.period.window(around: now) else { return nil }
        let key = Window(budget: budget.id, start: window.lowerBound)
        let days = SpentSums.days(from: window.lowerBound.microseconds, to: window.upperBound.microseconds)
        return state.withLock { state in
            if let meter = state.budgets[key] {
                meter.move(limit: budget.amount)
                return meter
            }
            let meter = make(
                key,
                subject,
                ends: window.upperBound,
                name: name,
                limit: budget.amount,
                spent: spent(days)
            )
            state.budgets[key] = meter
            return meter
        }
    }

    private func make(
        _ window: Window,
        _ subject: Subject,
        ends: Timestamp,
        name: String,
        limit: Money,
        spent: Money
    ) -> BudgetMeter {
        guard let leases else { return BudgetMeter(name: name, limit: limit, spent: spent, resets: ends) }
        let shared = LeaseWindow(
            key: LeaseWindow.Key(budget: window.budget.description, start: window.start.microseconds),
            end: ends.microseconds,
            word: subject.word,
            name: subject.name
        )
        return leases.meter(shared, name: name, limit: limit, spent: spent, resets: ends)
    }

    /// Meters of the limits that one subject has: `key …`, `team …`, `model …`.
    func meters(of subject: String, _ limits: CallLimits) -> (RateMeter?, RateMeter?, ParallelMeter?) {
        state.withLock { state in
            let requests = limits.requestsPerMinute.map { limit in
                let key = Rate(subject: subject, kind: "requests", limit: limit)
                return state.rates[key] ?? { RateMeter(perMinute: limit) }().kept { state.rates[key] = $0 }
            }
            let tokens = limits.tokensPerMinute.map { limit in
                let key = Rate(subject: subject, kind: "tokens", limit: limit)
                return state.rates[key] ?? { RateMeter(perMinute: limit) }().kept { state.rates[key] = $0 }
            }
            let parallel = limits.parallelCalls.map { limit in
                let key = Rate(subject: subject, kind: "parallel", limit: limit)
                return state.parallel[key] ?? { ParallelMeter(limit: limit) }().kept { state.parallel[key] = $0 }
            }
            return (requests, tokens, parallel)
        }
    }

    /// What is known of an upstream.
    func health(of upstream: String) -> UpstreamHealth {
        state.withLock { state in
            state.health[upstream] ?? UpstreamHealth().kept { state.health[upstream] = $0 }
        }
    }

    /// Every upstream that is known, by name.
    var upstreams: [String: UpstreamHealth] { state.withLock { $0.health } }

    /// What every budget's window holds now, for pages.
    var budgets: [Window: BudgetMeter] { state.withLock { $0.budgets } }

    /// Forgets windows that are over.
    func prune(before now: Timestamp) {
        func isKept(_ meter: BudgetMeter) -> Bool { meter.resets.map { $0 > now + .seconds(-3600) } ?? true }
        state.withLock { state in state.budgets = state.budgets.filter { isKept($0.value) } }
        leases?.keep(where: isKept)
    }
}

/// Something that is remembered as it is made.
private protocol Kept: AnyObject {}

extension Kept {
    fileprivate func kept(_ keep: (Self) -> Void) -> Self {
        keep(self)
        return self
    }
}

extension RateMeter: Kept {}
extension ParallelMeter: Kept {}
extension UpstreamHealth: Kept {}
