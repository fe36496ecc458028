import CupelCore
import Dispatch
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct MetersTests {
    private func meter(_ limit: Int64, spent: Int64 = 0) -> BudgetMeter {
        BudgetMeter(
            name: "of the tests",
            limit: Money(microdollars: limit),
            spent: Money(microdollars: spent),
            resets: nil
        )
    }

    /// Does the same on eight threads at once and adds up how often it went well.
    private func onEightThreads(_ times: Int, _ body: @Sendable () -> Bool) -> Int {
        let taken = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<times where body() { taken.wrappingAdd(1, ordering: .relaxed) }
        }
        return taken.load(ordering: .relaxed)
    }

    @Test(arguments: [1, 7, 100, 999]) func `a rate lets exactly its limit through, on eight threads too`(limit: Int) {
        let rate = RateMeter(perMinute: limit)
        #expect(onEightThreads(limit) { rate.take(1, now: 5_000_000_000_000) == nil } == limit)
        #expect(rate.left(now: 5_000_000_000_000) == 0)
        let wait = rate.take(1, now: 5_000_000_000_000)
        #expect(wait.map { $0 > 0 && $0 <= 60_000_000_000 / Int64(limit) } == true)
        // After that wait there is room for one, and for no second.
        let later = 5_000_000_000_000 + (wait ?? 0)
        #expect(rate.take(1, now: later) == nil)
        #expect(rate.take(1, now: later) != nil)
    }

    @Test func `a rate takes a call of a whole minute, and nothing beside it`() {
        let rate = RateMeter(perMinute: 1000)
        #expect(rate.take(1000, now: 1) == nil)
        #expect(rate.take(1, now: 1) != nil)
        rate.settle(taken: 1000, used: 100)
        #expect(rate.left(now: 1) == 900)
        #expect(rate.take(901, now: 1) != nil)
        #expect(rate.take(900, now: 1) == nil)
    }

    @Test func `a call that is larger than the rate is let through alone`() {
        let rate = RateMeter(perMinute: 10)
        #expect(rate.take(50, now: 1) == nil)
        #expect(rate.take(1, now: 1) != nil)
        #expect(rate.secondsToFull(now: 1) == 60)
        // What was not drawn is not given back either: half a minute's worth was used.
        rate.settle(taken: 50, used: 5)
        #expect(rate.left(now: 1) == 5)
    }

    @Test(arguments: [1, 8, 64]) func `as many calls are under way as may be, on eight threads too`(limit: Int) {
        let parallel = ParallelMeter(limit: limit)
        #expect(onEightThreads(limit) { parallel.enter() } == limit)
        #expect(parallel.underway == limit && !parallel.enter())
        parallel.leave()
        #expect(parallel.enter() && !parallel.enter())
    }

    @Test func `a call is never refused while another that was refused looks`() {
        // Eight threads enter and leave; no more than eight are ever inside, so none may be refused.
        let parallel = ParallelMeter(limit: 8)
        let entered = onEightThreads(20_000) {
            guard parallel.enter() else { return false }
            parallel.leave()
            return true
        }
        #expect(entered == 160_000 && parallel.underway == 0)
    }

    @Test func `a budget holds as many amounts as fit, on eight threads too`() {
        let budget = meter(10_050, spent: 20)
        #expect(onEightThreads(500) { budget.reserve(Money(microdollars: 10)) } == 1003)
        #expect(budget.total == Money(microdollars: 10_050))
        #expect(!budget.reserve(Money(microdollars: 1)))
    }

    @Test func `an amount near the end of the range is refused and does not overflow`() {
        let budget = meter(.max, spent: .max - 5)
        #expect(!budget.reserve(Money(microdollars: 6)))
        #expect(budget.reserve(Money(microdollars: 5)))
    }

    @Test func `a smaller limit holds from the next call on`() {
        let budget = meter(100)
        #expect(budget.reserve(Money(microdollars: 60)))
        budget.move(limit: Money(microdollars: 50))
        #expect(!budget.reserve(Money(microdollars: 1)))
        budget.settle(reserved: Money(microdollars: 60), cost: Money(microdollars: 10))
        #expect(budget.reserve(Money(microdollars: 40)) && !budget.reserve(Money(microdollars: 1)))
    }

    @Test(arguments: 1...40) func `no order of calls passes a limit, and the sum of costs is what remains`(seed: UInt64)
        throws
    {
        var chance = SplitMix(seed: seed)
        let budgets = (0..<3).map { _ in meter(Int64.random(in: 500...5000, using: &chance)) }
        let ofModel = meter(Int64.random(in: 500...5000, using: &chance))
        let candidates = [
            CallCandidate.at(1, budgets: [ofModel]), CallCandidate.at(2, budgets: [ofModel, budgets[0]]),
        ]
        var holds: [CallHold] = []
        var spent: [ObjectIdentifier: Int64] = [:]
        for _ in 0..<400 {
            if Bool.random(using: &chance) || holds.isEmpty {
                var hold = CallHold()
                let before = (budgets + [ofModel]).map(\.total)
                do {
                    let lack = try hold.reserve(
                        Money(microdollars: Int64.random(in: 0...900, using: &chance)),
                        [budgets[1], budgets[2]],
                        candidates,
                        now: 0
                    )
                    #expect(lack == nil, "one process has nobody to ask")
                    holds.append(hold)
                } catch {
                    #expect(error.code == .budgetExceeded)
                    hold.release(cost: .zero, on: nil)
                    #expect((budgets + [ofModel]).map(\.total) == before)
                }
            } else {
                var hold = holds.remove(at: Int.random(in: holds.indices, using: &chance))
                let used = candidates[Int.random(in: 0...1, using: &chance)]
                let cost = Int64.random(in: 0...hold.amount.microdollars, using: &chance)
                hold.release(cost: Money(microdollars: cost), on: used)
                for meter in [budgets[1], budgets[2]] + used.budgets {
                    spent[ObjectIdentifier(meter), default: 0] += cost
                }
            }
            for meter in budgets + [ofModel] { #expect(meter.total <= meter.limit) }
        }
        for index in holds.indices { holds[index].release(cost: .zero, on: nil) }
        for meter in budgets + [ofModel] {
            #expect(meter.total.microdollars == spent[ObjectIdentifier(meter)] ?? 0)
        }
    }
}
