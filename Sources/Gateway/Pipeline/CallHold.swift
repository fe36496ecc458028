import CupelCore

/// What a call holds while it lasts: money in budgets, a place among the calls at once.
struct CallHold {
    private var budgets: [BudgetMeter] = []
    private var ofModels: [(meter: BudgetMeter, candidate: CallCandidate)] = []
    private var parallel: [ParallelMeter] = []
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

    /// Holds an amount in all of these, or in none.
    /// - Throws: `budget_exceeded`, naming the budget and when it resets.
    mutating func reserve(
        _ amount: Money,
        _ meters: [BudgetMeter],
        _ candidates: [CallCandidate]
    ) throws(CupelError) {
        self.amount = amount
        for meter in meters {
            guard meter.reserve(amount) else { throw refuse(meter) }
            budgets.append(meter)
        }
        for candidate in candidates {
            for meter in candidate.budgets where !ofModels.contains(where: { $0.meter === meter }) {
                guard meter.reserve(amount) else { throw refuse(meter) }
                ofModels.append((meter, candidate))
            }
        }
    }

    /// Gives back what was held, but for what the call cost.
    mutating func release(cost: Money, on used: CallCandidate?) {
        for meter in budgets { meter.settle(reserved: amount, cost: cost) }
        for (meter, _) in ofModels {
            let isUsed = used?.budgets.contains { $0 === meter } ?? false
            meter.settle(reserved: amount, cost: isUsed ? cost : .zero)
        }
        budgets = []
        ofModels = []
        leave()
    }

    private mutating func leave() {
        for meter in parallel { meter.leave() }
        parallel = []
    }

    private func refuse(_ meter: BudgetMeter) -> CupelError {
        let left = max(meter.limit - meter.total, .zero)
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
