import CupelCore
import Synchronization

/// What a call holds while it lasts: money in budgets, a place among the calls at once.
struct CallHold {
    private var budgets: [BudgetMeter] = []
    private var ofModels: [(meter: BudgetMeter, candidate: CallCandidate)] = []
    private var parallel: [ParallelMeter] = []
    /// What the call cost in budgets that replicas share, of which the store does not know yet.
    private var unkept: [(meter: BudgetMeter, cost: Money)] = []
    private(set) var amount = Money.zero

    /// Enters all of these, or none.
    /// - Throws: `rate_limit_exceeded`.
    mutating func enter(_ meters: [ParallelMeter]) throws(CupelError) {
        for meter in meters {
            guard meter.enter() else {
                leave()
                throw CupelError(
                    .rateLimitExceeded,
                    "\(meter.limit) calls are under way, which is the most at once; wait for one to end.",
                    retryAfterSeconds: 1
                )
            }
            parallel.append(meter)
        }
    }

    /// Holds an amount in all of these, or in none. Where a slice of a budget is too small for it, what is lacking must
    /// be had first, and then this is asked again.
    /// - Returns: what is lacking, if anything is.
    /// - Throws: `budget_exceeded`, naming the budget and when it resets.
    mutating func reserve(
        _ amount: Money,
        _ meters: [BudgetMeter],
        _ candidates: [CallCandidate],
        now: Int64
    ) throws(CupelError) -> Lack? {
        self.amount = amount
        for meter in meters.dropFirst(budgets.count) {
            guard meter.reserve(amount, now: now) else { return try lack(meter, of: nil) }
            budgets.append(meter)
        }
        for candidate in candidates {
            for meter in candidate.budgets where !ofModels.contains(where: { $0.meter === meter }) {
                guard meter.reserve(amount, now: now) else { return try lack(meter, of: candidate) }
                ofModels.append((meter, candidate))
            }
        }
        return nil
    }

    /// A budget of which this replica has too little.
    struct Lack {
        let meter: BudgetMeter
        /// Set where it is a model's.
        let candidate: CallCandidate?
    }

    private func lack(_ meter: BudgetMeter, of candidate: CallCandidate?) throws(CupelError) -> Lack {
        guard let lease = meter.lease else { throw refusal(meter, left: meter.limit - meter.total) }
        let denied = lease.denied.load(ordering: .relaxed)
        guard amount <= meter.limit, amount.microdollars < denied else {
            let left = Money(microdollars: lease.left.load(ordering: .relaxed))
            throw refusal(meter, left: denied == .max ? meter.limit - meter.total : left)
        }
        return Lack(meter: meter, candidate: candidate)
    }

    /// What was lacking is held now.
    mutating func add(_ lack: Lack) {
        if let candidate = lack.candidate {
            ofModels.append((lack.meter, candidate))
        } else {
            budgets.append(lack.meter)
        }
    }

    /// Gives back what was held, but for what the call cost.
    mutating func release(cost: Money, on used: CallCandidate?) {
        for meter in budgets { settle(meter, cost) }
        for (meter, _) in ofModels {
            let isUsed = used?.budgets.contains { $0 === meter } ?? false
            settle(meter, isUsed ? cost : .zero)
        }
        budgets = []
        ofModels = []
        leave()
    }

    private mutating func settle(_ meter: BudgetMeter, _ cost: Money) {
        meter.settle(reserved: amount, cost: cost)
        if meter.lease != nil, cost != .zero { unkept.append((meter, cost)) }
    }

    /// The store has what the call cost.
    mutating func keep() {
        for (meter, cost) in unkept { meter.keep(cost) }
        unkept = []
    }

    private mutating func leave() {
        for meter in parallel { meter.leave() }
        parallel = []
    }

    /// Why a budget does not take the call.
    func refusal(_ meter: BudgetMeter, left: Money) -> CupelError {
        let left = max(left, .zero)
        let now = SystemTime().now
        let seconds = meter.resets.map { max(Int(($0.microseconds - now.microseconds) / 1_000_000), 1) }
        let reset = meter.resets.map { " It resets at \($0)." } ?? ""
        return CupelError(
            .budgetExceeded,
            "The budget \(meter.name) has \(left) of \(meter.limit) left, and this call may cost up to \(amount)."
                + "\(reset) Ask for less with `max_tokens`, or have it raised.",
            retryAfterSeconds: seconds
        )
    }
}
