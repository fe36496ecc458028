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
        var subjects: [Window: Subject] = [:]
        var rates: [Rate: RateMeter] = [:]
        var parallel: [Rate: ParallelMeter] = [:]
        var health: [String: UpstreamHealth] = [:]
    }

    private let state = Mutex(State())

    init() {}

    /// The windows that have no meter yet.
    func unknown(_ windows: [Window]) -> [Window] {
        state.withLock { state in windows.filter { state.budgets[$0] == nil } }
    }

    /// The meter of a budget's window; `spent` is asked for one that is new.
    func meter(
        _ budget: Budget,
        of subject: Subject,
        at now: Timestamp,
        spent: (Window) -> Money
    ) -> BudgetMeter? {
        let name = "of the \(subject.word) `\(subject.name)` a \(budget.period.rawValue)"
        guard let window = budget.period.window(around: now) else { return nil }
        let key = Window(budget: budget.id, start: window.lowerBound)
        return state.withLock { state in
            if let meter = state.budgets[key] {
                meter.move(limit: budget.amount)
                return meter
            }
            let meter = BudgetMeter(name: name, limit: budget.amount, spent: spent(key), resets: window.upperBound)
            state.budgets[key] = meter
            state.subjects[key] = subject
            return meter
        }
    }

    /// Takes over what all processes together have spent.
    func learn(_ sums: SpentSums) {
        let (budgets, subjects) = state.withLock { ($0.budgets, $0.subjects) }
        for (window, meter) in budgets {
            guard let subject = subjects[window] else { continue }
            meter.learn(total: sums.spent(subject.word, subject.name, since: window.start))
        }
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
        state.withLock { state in
            state.budgets = state.budgets.filter { $0.value.resets.map { $0 > now + .seconds(-3600) } ?? true }
            state.subjects = state.subjects.filter { state.budgets[$0.key] != nil }
        }
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
