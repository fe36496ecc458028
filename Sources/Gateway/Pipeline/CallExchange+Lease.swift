import CupelCore
import Synchronization

/// Waiting for a slice of a budget that other replicas draw on too.
extension CallExchange {
    /// How long a call waits for a slice, in nanoseconds.
    static let leaseNanoseconds: Int64 = 2_000_000_000

    /// Asks for what is lacking; other calls go on meanwhile.
    func wait(for lack: CallHold.Lack, _ now: Int64) {
        guard let desk = lack.meter.lease?.desk else { return }
        state = .leasing(lack, since: now)
        let (loop, ticket, id, amount, meter) = (loop, ticket, id, record.reserved, lack.meter)
        let waiter = LeaseDesk.Waiter(meter: meter, amount: amount.microdollars, until: now + Self.leaseNanoseconds) {
            answer in
            loop.run { loop in
                if let exchange = loop.exchange(ticket, id), exchange.leased(answer, meter) { return }
                // Nobody waits for it any more.
                if case .held = answer { meter.settle(reserved: amount, cost: .zero) }
            }
        }
        desk.wait(waiter)
    }

    /// The store has answered.
    /// - Returns: whether the call waited for it.
    private func leased(_ answer: LeaseAnswer, _ meter: BudgetMeter) -> Bool {
        guard case .leasing(let lack, _) = state, lack.meter === meter else { return false }
        state = .deciding
        switch answer {
        case .held:
            hold.add(lack)
            holdRest()
        case .exceeded(let left): decline(hold.refusal(meter, left: left))
        case .unavailable: decline(Self.unasked)
        }
        return true
    }

    /// Goes on with the budgets after the one that was waited for.
    private func holdRest() {
        do {
            try holdMoney(Self.now)
        } catch {
            return refuse(error)
        }
        if case .leasing = state { return }
        goOn()
    }

    /// Ends the wait when it has lasted too long.
    func lookAtLease(_ lack: CallHold.Lack, _ since: Int64, _ now: Int64) {
        let most = order.isEmpty ? .max : candidate.target.limits.whole.nanoseconds
        guard now - since > Self.leaseNanoseconds || now - self.since > most else { return }
        state = .deciding
        guard let lease = lack.meter.lease, lease.isShort.load(ordering: .relaxed),
            lease.term.answered.load(ordering: .relaxed) >= since
        else { return decline(Self.unasked) }
        // There is none for now: what there may be, a replica has that does not answer.
        decline(hold.refusal(lack.meter, left: Money(microdollars: lease.left.load(ordering: .relaxed))))
    }

    private func decline(_ error: CupelError) {
        giveBackRates()
        refuse(error)
    }

    /// A budget that cannot be checked is not spent.
    private static let unasked = CupelError(
        .storageUnavailable,
        "What is left of a budget that replicas share cannot be asked at the moment: the store does not answer.",
        retryAfterSeconds: 2
    )
}
