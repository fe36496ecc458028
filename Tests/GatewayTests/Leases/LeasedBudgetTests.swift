import CupelCore
import NIOHTTP1
import Storage
import Synchronization
import Testing

@testable import Gateway

/// One budget, several replicas: what they spend together stays within it, and none is refused what another hoards.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LeasedBudgetTests {
    /// What one call of ``Talk/question`` holds.
    private func reservation() throws -> Int64 {
        let skim = try #require(Array(Talk.question.utf8).withUnsafeBytes { RequestSkim($0) })
        return try #require(ModelPrices.distinct.worstCase(inputTokens: skim.mostInputTokens, outputTokens: 10))
            .microdollars
    }

    private func isRefused(_ answer: WireClient.Answer) -> Bool {
        answer.status == 402 && answer.code == "budget_exceeded"
    }

    @Test(arguments: [1, 2, 4]) func `calls at once on all replicas hold what the budget allows`(count: Int)
        async throws
    {
        let worst = try reservation()
        let limit = Money(microdollars: worst * 100 + worst / 2)
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await LeaseHouse.with(count) { house in
            await house.publish(limit, upstream)
            let answers = try await withThrowingTaskGroup(of: [WireClient.Answer].self) { group in
                for replica in house.replicas { group.addTask { try await replica.ask(400 / count) } }
                group.addTask {
                    try await eventually("the others were refused") {
                        let ended = try await house.spent()
                        let promised = try await house.promised()
                        #expect(promised <= limit.microdollars)
                        return ended.calls + upstream.count == 400
                    }
                    gate.open()
                    return []
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let good = answers.count { $0.status == 200 }
            #expect(answers.count == 400 && good + answers.count(where: isRefused) == 400)
            #expect(Int64(good) * worst <= limit.microdollars)
            #expect(Int64(good) * worst >= limit.microdollars - Int64(count) * worst, "\(good) of 100 were let through")
            let spent = try await house.spent()
            #expect(upstream.count == good && spent.cost == Int64(good) * Talk.cost.microdollars)
            // What was held and not spent is free again, on every replica.
            try await eventually("calls are taken again") {
                for replica in house.replicas {
                    guard try await replica.house.ask(Talk.question).status == 200 else { return false }
                }
                return true
            }
        }
        await upstream.stop()
    }

    @Test(arguments: [2, 4]) func `a budget is spent by all replicas together to its end and never beyond`(count: Int)
        async throws
    {
        let worst = try reservation()
        let limit = Money(microdollars: Talk.cost.microdollars * 300 + worst)
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        try await LeaseHouse.with(count) { house in
            await house.publish(limit, upstream)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<12 {
                    let replica = house.replicas[lane % count]
                    group.addTask {
                        let client = try await replica.house.connect()
                        var refusals = 0
                        while refusals < 3 {
                            let answer = try await client.ask(Talk.question)
                            #expect(answer.status == 200 || isRefused(answer))
                            if answer.status != 200 { refusals += 1 }
                        }
                        await client.leave()
                    }
                }
                try await group.waitForAll()
            }
            // Nobody hoards what others could use: the last calls find what is left, wherever it lies.
            try await eventually("the budget is used up to a reservation of each replica") {
                for replica in house.replicas { _ = try await replica.house.ask(Talk.question) }
                let spent = try await house.spent()
                #expect(spent.cost <= limit.microdollars)
                return spent.cost >= limit.microdollars - Int64(count) * worst
            }
            let spent = try await house.spent()
            #expect(spent.cost == Int64(upstream.count) * Talk.cost.microdollars)
        }
        await upstream.stop()
    }

    @Test func `an idle replica gives back within a second or two what another needs`() async throws {
        let worst = try reservation()
        let limit = Money(microdollars: worst * 20)
        let gate = Gate()
        let upstream = try await WireUpstream.start { request in
            request.number == 1 ? [Talk.answer] : [.pass(gate), Talk.answer]
        }
        try await LeaseHouse.with(2) { house in
            let meters = await house.publish(limit, upstream)
            let first = try await house.replicas[0].house.ask(Talk.question)
            #expect(first.status == 200 && meters[0].free > worst, "it has more than it needs")
            let since = ContinuousClock.now
            async let answers = house.replicas[1].ask(19)
            try await eventually("all nineteen are under way") { upstream.count == 20 }
            #expect(ContinuousClock.now - since < .seconds(2))
            gate.open()
            let statuses = try await answers.map(\.status)
            #expect(statuses == Array(repeating: 200, count: 19))
        }
        await upstream.stop()
    }

    @Test func `what a dead replica held is free again after its silence and its calls are counted`() async throws {
        let worst = try reservation()
        let limit = Money(microdollars: worst * 20)
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await LeaseHouse.with(2) { house in
            let meters = await house.publish(limit, upstream)
            let (dead, living) = (house.replicas[0], house.replicas[1])
            let clients = try await [dead.house.connect(), dead.house.connect()]
            for client in clients { try await client.send(Talk.question) }
            try await eventually("its calls are in the store") {
                try await house.database.query("SELECT id FROM calls WHERE outcome = 'open'").count == 2
            }
            let slice = meters[0].free
            #expect(slice > worst)
            await dead.die()
            // Whatever the dead one had is not lent to another while it may still be alive.
            async let early = living.ask(20)
            try await eventually("some are held, the others refused") {
                let ended = try await house.spent()
                return ended.calls + upstream.count - 2 == 20
            }
            let held = upstream.count - 2
            #expect(Int64(held + 2) * worst + slice <= limit.microdollars && held > 0)
            try await living.house.ledger.recover()
            let before = try await house.promised()
            #expect(before <= limit.microdollars)
            try await house.age(dead, by: .seconds(61))
            let interrupted = try await living.house.ledger.recover()
            #expect(interrupted == 2)
            try await eventually("what it was refused before is asked for again") {
                meters[1].lease?.denied.load(ordering: .relaxed) == .max
            }
            async let late = living.ask(20)
            try await eventually("what the dead one did not use is used") { upstream.count == 20 }
            try await eventually("the others were refused") {
                try await house.spent().calls == 40 - 18 + 2
            }
            let promised = try await house.promised()
            #expect(promised <= limit.microdollars)
            gate.open()
            let good = try await (early + late).count { $0.status == 200 }
            #expect(good == 18)
            for client in clients { await client.leave() }
        }
        await upstream.stop()
    }

    @Test func `a replica that was taken for dead spends nothing of what others took over`() async throws {
        let worst = try reservation()
        let limit = Money(microdollars: worst * 20)
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await LeaseHouse.with(2) { house in
            let meters = await house.publish(limit, upstream)
            let (sleeper, other) = (house.replicas[0], house.replicas[1])
            async let first = sleeper.ask(1)
            try await eventually("it is in the store") {
                try await house.database.query("SELECT id FROM calls WHERE outcome = 'open'").count == 1
            }
            // It hears and says nothing for a minute.
            sleeper.leaseStore.become(.refusing)
            try await eventually("it is heard no more") { sleeper.leases.state.withLock { $0.isFailing } }
            try await house.age(sleeper, by: .seconds(61))
            sleeper.leases.term.until.store(.min, ordering: .relaxed)
            try await other.house.ledger.recover()
            async let all = other.ask(25)
            try await eventually("the other has everything") { upstream.count == 20 }
            sleeper.leaseStore.become(.willing)
            let late = try await sleeper.house.ask(Talk.question)
            #expect(late.status == 402 || late.status == 503)
            try await eventually("it has found out") { meters[0].free == 0 }
            gate.open()
            _ = try await (first, all)
            #expect(upstream.count == 20)
            try await eventually("both go on") {
                for replica in house.replicas {
                    guard try await replica.house.ask(Talk.question).status == 200 else { return false }
                }
                return true
            }
        }
        await upstream.stop()
    }

    @Test func `a limit that is lowered or raised holds on all replicas while calls are under way`() async throws {
        let worst = try reservation()
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await LeaseHouse.with(2) { house in
            let meters = await house.publish(Money(microdollars: worst * 40), upstream)
            async let first = house.replicas[0].ask(5)
            async let second = house.replicas[1].ask(5)
            try await eventually("ten are under way") { upstream.count == 10 }
            for meter in meters { meter.move(limit: Money(microdollars: worst * 10)) }
            try await eventually("what is free was given back") {
                let promised = try await house.promised()
                return promised <= worst * 10 && meters.allSatisfy { $0.free == 0 }
            }
            for replica in house.replicas {
                let answer = try await replica.house.ask(Talk.question)
                #expect(isRefused(answer))
            }
            for meter in meters { meter.move(limit: Money(microdollars: worst * 14)) }
            async let more = house.replicas[0].ask(4)
            try await eventually("four more are") { upstream.count == 14 }
            let answer = try await house.replicas[1].house.ask(Talk.question)
            #expect(isRefused(answer))
            gate.open()
            let statuses = try await (first + second + more).map(\.status)
            #expect(statuses == Array(repeating: 200, count: 14))
        }
        await upstream.stop()
    }

    @Test func `a new day begins with a whole budget and calls of the old one end in theirs`() async throws {
        let worst = try reservation()
        let limit = Money(microdollars: worst * 4)
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await LeaseHouse.with(2) { house in
            let old = await house.publish(limit, upstream)
            async let first = house.replicas[0].ask(4)
            try await eventually("the day's budget is held") { upstream.count == 4 }
            let refused = try await house.replicas[1].house.ask(Talk.question)
            #expect(isRefused(refused))
            let tomorrow = LeaseHouse.window(days: 1)
            await house.publish(limit, upstream, window: tomorrow)
            async let second = house.replicas[1].ask(4)
            try await eventually("the next day's is held too") { upstream.count == 8 }
            let again = try await house.replicas[0].house.ask(Talk.question)
            #expect(isRefused(again))
            let promised = try await [house.promised(), house.promised(tomorrow)]
            #expect(promised.allSatisfy { $0 <= limit.microdollars })
            gate.open()
            _ = try await (first, second)
            try await eventually("the old day's calls are paid from it") {
                let lease = old[0].lease
                return lease?.kept.load(ordering: .relaxed) == Talk.cost.microdollars * 4
            }
            house.replicas[0].leases.keep {
                $0.resets ?? .init(microseconds: 0) > Timestamp(microseconds: tomorrow.key.start)
            }
            #expect(house.replicas[0].leases.state.withLock { $0.posts.count } == 1)
        }
        await upstream.stop()
    }

    @Test func `while the store stalls calls within the slice go on and others are told that it does`() async throws {
        let worst = try reservation()
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        try await LeaseHouse.with(2) { house in
            let meters = await house.publish(Money(microdollars: worst * 80), upstream)
            let replica = house.replicas[0]
            let first = try await replica.house.ask(Talk.question)
            #expect(first.status == 200)
            let gate = Gate()
            replica.leaseStore.become(.slow(gate))
            try await eventually("it stalls") { gate.waiting > 0 }
            let within = Int(meters[0].free / Talk.cost.microdollars)
            #expect(within > 2)
            while meters[0].free >= worst {
                let answer = try await replica.house.ask(Talk.question)
                #expect(answer.status == 200)
            }
            let beyond = try await replica.house.ask(Talk.question)
            #expect(beyond.status == 503 && beyond.code == "storage_unavailable")
            #expect(beyond.headers.first(name: "retry-after") == "2")
            replica.leaseStore.become(.willing)
            gate.open()
            let after = try await replica.house.ask(Talk.question)
            #expect(after.status == 200)
        }
        await upstream.stop()
    }

    @Test func `a client that leaves while its call waits for a slice leaves nothing held`() async throws {
        let worst = try reservation()
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        try await LeaseHouse.with(1) { house in
            let meters = await house.publish(Money(microdollars: worst * 10), upstream)
            let replica = house.replicas[0]
            let gate = Gate()
            replica.leaseStore.become(.slow(gate))
            let client = try await replica.house.connect()
            try await client.send(Talk.question)
            try await eventually("the store is asked") { gate.waiting > 0 }
            await client.leave()
            try await replica.house.quiet()
            replica.leaseStore.become(.willing)
            gate.open()
            try await eventually("a slice came, and is free") { meters[0].free > 0 && meters[0].total == .zero }
            #expect(upstream.count == 0)
        }
        await upstream.stop()
    }
}
