import Testing

@testable import Gateway

@Suite struct LeaseDecisionTests {
    private func ask(
        _ limit: Int64,
        granted: Int64 = 0,
        free: Int64 = 0,
        needs: [Int64] = [],
        isLow: Bool = false,
        wantedAt: Int64? = nil
    ) -> LeaseAsk {
        var ask = LeaseAsk(window: LeaseHouse.window(), limit: limit, granted: granted, kept: 0, free: free)
        ask.needs = needs
        ask.isLow = isLow
        ask.wantedAt = wantedAt
        ask.wanted = wantedAt == nil ? 0 : 10
        return ask
    }

    private func view(
        _ others: [LeaseRow] = [],
        base: Int64 = 0,
        replicas: Int64 = 2,
        now: Int64 = 1000,
        isFresh: Bool = true
    ) -> LeaseDecision.View {
        LeaseDecision.View(base: base, others: others, replicas: replicas, replica: "m", now: now, isFresh: isFresh)
    }

    private func row(
        _ granted: Int64,
        wants: Int64 = 0,
        wantedAt: Int64 = 0,
        answeredAt: Int64 = 0,
        _ name: String = "z"
    )
        -> LeaseRow
    {
        LeaseRow(replica: name, granted: granted, kept: 0, wants: wants, wantedAt: wantedAt, answeredAt: answeredAt)
    }

    @Test func `the first call gets its need and a slice of an eighth for two replicas`() {
        let decision = LeaseDecision(ask(8000, needs: [10]), in: view())
        #expect(decision.extra == 1010 && decision.fates == [.granted] && decision.low == 500)
    }

    @Test func `a need that is larger than a slice is granted whole`() {
        let decision = LeaseDecision(ask(8000, needs: [7000]), in: view())
        #expect(decision.extra >= 7000 && decision.extra <= 8000 && decision.fates == [.granted])
    }

    @Test(arguments: [Int64(0), 1, 500, 7990, 8000, 9000]) func `nothing is granted beyond the limit`(others: Int64) {
        for free in [Int64(0), 3, 100] {
            for needs in [[], [Int64(5)], [50, 5], [100, 100, 100]] {
                let room = max(8000 - others - free, 0)
                let decision = LeaseDecision(
                    ask(8000, granted: free, free: free, needs: needs, isLow: true),
                    in: view([row(others)])
                )
                #expect(decision.extra <= room && decision.extra >= 0)
                let served = zip(needs, decision.fates).reduce(Int64(0)) { $0 + ($1.1 == .granted ? $1.0 : 0) }
                #expect(served <= free + decision.extra)
                #expect(decision.excess <= free + decision.extra)
            }
        }
    }

    @Test func `a large need does not hold up the small ones behind it`() {
        let decision = LeaseDecision(ask(100, needs: [90, 200, 10]), in: view())
        #expect(decision.fates.map { $0 == .granted } == [true, false, true])
    }

    @Test func `what does not fit waits until all others have answered and is refused then`() {
        let first = LeaseDecision(ask(100, needs: [60]), in: view([row(50, answeredAt: 0)]))
        #expect(first.fates == [.waits] && first.wants == 10 && first.extra == 0)
        let unanswered = LeaseDecision(ask(100, needs: [60], wantedAt: 1000), in: view([row(50, answeredAt: 999)]))
        #expect(unanswered.fates == [.waits])
        let answered = LeaseDecision(ask(100, needs: [60], wantedAt: 1000), in: view([row(50, answeredAt: 1000)]))
        #expect(answered.fates == [.denied] && answered.wants == 0 && answered.left == 50)
        let stale = LeaseDecision(
            ask(100, needs: [60], wantedAt: 1000),
            in: view([row(50, answeredAt: 1000)], isFresh: false)
        )
        #expect(stale.fates == [.waits] && stale.isUndecided && !unanswered.isUndecided)
    }

    @Test func `alone a replica is told at once`() {
        #expect(LeaseDecision(ask(100, needs: [60]), in: view(base: 50)).fates == [.denied])
    }

    @Test func `while another lacks something nobody takes more than its calls need`() {
        let lacking = row(50, wants: 20, wantedAt: 900)
        let low = LeaseDecision(ask(8000, isLow: true), in: view([lacking]))
        #expect(low.extra == 0)
        let needing = LeaseDecision(ask(8000, needs: [10], isLow: true), in: view([lacking]))
        #expect(needing.extra == 10 && needing.fates == [.granted])
        // The calls behind an old wish have given up.
        let late = view([lacking], now: 900 + LeaseDecision.wishMicroseconds)
        #expect(LeaseDecision(ask(8000, isLow: true), in: late).extra > 0)
    }

    @Test func `a lowered limit takes back what is free, and calls that cost more are counted`() {
        let lowered = LeaseDecision(ask(100, granted: 90, free: 40), in: view([row(50)]))
        #expect(lowered.excess == 40 && lowered.extra == 0)
        let dearer = LeaseDecision(ask(100, granted: 90, free: -15), in: view([row(10)]))
        #expect(dearer.extra == 15 && dearer.excess == 0)
    }

    @Test func `slices become smaller as the budget does`() {
        var spent: Int64 = 0
        var slices: [Int64] = []
        for _ in 0..<12 {
            let decision = LeaseDecision(ask(8000, isLow: true), in: view([row(spent)]))
            slices.append(decision.extra)
            spent += decision.extra
        }
        #expect(slices == slices.sorted(by: >) && slices[0] == 1000 && slices[11] < 500 && spent <= 8000)
    }
}
