import CupelCore
import Testing

@testable import Gateway

@Suite struct SharedBudgetTests {
    @Test func `what others spent counts once, and what is not written yet is not taken for theirs`() {
        let meter = BudgetMeter(
            name: "of the tests",
            limit: Money(microdollars: 100),
            spent: Money(microdollars: 10),
            resets: nil
        )
        #expect(meter.reserve(Money(microdollars: 30)))
        // 10 of before, and 20 of another process.
        meter.learn(total: Money(microdollars: 30))
        #expect(meter.total == Money(microdollars: 60))
        meter.settle(reserved: Money(microdollars: 30), cost: Money(microdollars: 5))
        #expect(meter.total == Money(microdollars: 35))
        // Our 5 are not in the store yet, then they are; nothing is counted twice.
        meter.learn(total: Money(microdollars: 30))
        #expect(meter.total == Money(microdollars: 35))
        meter.learn(total: Money(microdollars: 35))
        #expect(meter.total == Money(microdollars: 35))
        meter.learn(total: Money(microdollars: 100))
        #expect(meter.total == Money(microdollars: 100))
        #expect(!meter.reserve(Money(microdollars: 1)))
    }
}
