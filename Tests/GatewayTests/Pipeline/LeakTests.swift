import CupelCore
import Synchronization
import Testing

@testable import Gateway

/// Wherever a call is broken off, nothing of it stays: no call, no connection but those that rest, nothing held.
@Suite(.timeLimit(.minutes(4))) struct LeakTests {
    /// How far a call has come.
    enum Stage: CaseIterable, Sendable {
        case connecting, waiting, sent, head, body, stream, pausing, keeping
    }

    /// What breaks it off.
    enum Blow: CaseIterable, Sendable {
        case leave, cut, reset, deadline, close
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var stage: Stage
        var blow: Blow
        /// Whether the call takes the short cut.
        var hasLane: Bool
        var testDescription: String { "\(stage), \(blow), \(hasLane ? "lane" : "door")" }

        /// An upstream that is not connected cannot cut, nor one that has answered; what the ledger keeps has no
        /// deadline.
        var isPossible: Bool {
            switch stage {
            case .connecting, .waiting, .pausing: blow != .cut && blow != .reset
            case .keeping: blow == .leave || blow == .close
            default: true
            }
        }

        /// Whether the client is still there to hear how it ended.
        var isAnswered: Bool {
            switch blow {
            case .deadline, .cut, .reset: true
            case .leave, .close: false
            }
        }

        static let all = Stage.allCases.flatMap { stage in
            Blow.allCases.flatMap { blow in [true, false].map { Case(stage: stage, blow: blow, hasLane: $0) } }
        }
        .filter(\.isPossible)
    }

    private func steps(_ it: Case, _ hold: Gate) -> [WireUpstream.Step] {
        let end: [WireUpstream.Step] =
            switch it.blow {
            case .cut: [.pass(hold), .close]
            case .reset: [.pass(hold), .reset]
            default: [.pass(hold)]
            }
        switch it.stage {
        case .connecting, .keeping: return [Talk.answer]
        case .waiting, .sent: return end
        case .head:
            return [.text("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n")] + end
        case .body:
            return [.text("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{\"id\"")]
                + end
        case .stream: return [.streamHead, .chunk(Talk.piece("So"))] + end
        case .pausing: return [.answer("{}", status: 503, fields: "retry-after: 1\r\n")]
        }
    }

    @Test(arguments: Case.all) func `a call that is broken off leaves nothing`(it: Case) async throws {
        let hold = Gate()
        let upstream = try await WireUpstream.start { _ in steps(it, hold) }
        let hole = BlackHole()
        let store = Gate()
        let budget = BudgetMeter(name: "of the tests", limit: Money(microdollars: 1_000_000), spent: .zero, resets: nil)
        let parallel = ParallelMeter(limit: 3)
        try await GatewayHouse.with(hasLane: it.hasLane) { inner in
            let moody = MoodyDatabase(inner)
            if it.stage == .keeping { moody.become(.slow(store)) }
            return moody
        } _: { house in
            let limits = UpstreamLimits(
                whole: it.blow == .deadline ? .milliseconds(300) : .seconds(60),
                connect: .seconds(1),
                tries: 2
            )
            let port = it.stage == .connecting ? hole.port : upstream.port
            let candidate = CallCandidate.at(port, limits: limits, maximumConnections: it.stage == .waiting ? 1 : 8)
            await house.publish(Caller(parallel: [parallel], budgets: [budget]), ["m": CallRoute([candidate])])
            let clients = try await begin(it, house, upstream, store)
            #expect(parallel.underway > 0 || it.stage == .keeping || it.blow == .deadline)
            switch it.blow {
            case .leave: for client in clients { await client.leave() }
            case .cut, .reset: hold.open()
            case .deadline: break
            case .close: await house.engine.close()
            }
            if it.stage == .keeping { store.open() }
            if it.isAnswered {
                for client in clients {
                    try await eventually("it is answered") { client.answer.isComplete || client.answer.isClosed }
                    let answer = client.answer
                    #expect(answer.isComplete && (answer.status != 200 || it.stage == .stream))
                }
            }
            try await house.quiet()
            #expect(parallel.underway == 0)
            let kept = try await house.kept()
            #expect(!kept.contains { $0.outcome == "open" })
            #expect(budget.total.microdollars == Int64(kept.reduce(0) { $0 + ($1.cost ?? 0) }))
            for client in clients { await client.leave() }
            try await eventually("the upstream has only what rests") {
                let now = await house.engine.occupation()
                return upstream.open == (it.stage == .connecting ? 0 : now.idle)
            }
        }
        try await eventually("the upstream has no connection") { upstream.open == 0 }
        await upstream.stop()
    }

    /// Brings calls to a stage.
    private func begin(
        _ it: Case,
        _ house: GatewayHouse,
        _ upstream: WireUpstream,
        _ store: Gate
    ) async throws -> [WireClient] {
        var clients = [try await house.connect()]
        try await clients[0].send(it.stage == .stream ? Talk.streamed : Talk.question)
        if it.blow == .deadline { return clients }
        switch it.stage {
        case .connecting:
            try await eventually("it connects") {
                let now = await house.engine.occupation()
                return now.calls == 1 && now.connections == 1
            }
        case .waiting:
            try await eventually("the first is sent") { upstream.count == 1 }
            for _ in 0..<2 {
                let client = try await house.connect()
                try await client.send(Talk.question)
                clients.append(client)
            }
            try await eventually("the others are there") { await house.engine.occupation().calls == 3 }
        case .sent, .head, .body, .pausing: try await eventually("it is sent") { upstream.count == 1 }
        case .stream: await clients[0].until { $0.text.contains("So") }
        case .keeping: try await eventually("the store is asked") { store.waiting == 1 && upstream.count == 1 }
        }
        return clients
    }

    @Test(arguments: 1...3) func `hundreds of calls broken off at any moment leave nothing`(seed: UInt64) async throws {
        var chance = SplitMix(seed: seed)
        let plans = (0..<150).map { _ in (Int.random(in: 0...6, using: &chance), Int.random(in: 0...5, using: &chance))
        }
        let hold = Gate()
        let next = Mutex(chance)
        let upstream = try await WireUpstream.start { request in
            let dice = next.withLock { Int.random(in: 0...7, using: &$0) }
            switch dice {
            case 0: return [.close]
            case 1: return [.reset]
            case 2: return [.answer("{}", status: 500)]
            case 3: return [.streamHead, .chunk(Talk.piece("So")), .reset]
            case 4: return [.streamHead, .chunk(Talk.piece("So")), .pass(hold)]
            case 5: return [.text("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n{"), .close]
            default: return request.isStream ? Talk.stream : [Talk.answer]
            }
        }
        let budget = BudgetMeter(name: "of the tests", limit: Money(microdollars: 1 << 40), spent: .zero, resets: nil)
        let parallel = ParallelMeter(limit: 1000)
        try await GatewayHouse.with { house in
            let limits = UpstreamLimits(whole: .milliseconds(700), tries: 2)
            await house.publish(
                Caller(parallel: [parallel], budgets: [budget]),
                ["m": CallRoute([.at(upstream.port, limits: limits), .at(upstream.port, name: "two", limits: limits)])]
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (patience, kind) in plans {
                    group.addTask {
                        let client = try await house.connect()
                        try await client.send(kind < 3 ? Talk.streamed : Talk.question)
                        // Some leave at once, some after a while of whatever length, the others stay to the end.
                        if patience > 3 { await client.end() }
                        for _ in 0..<(patience * 50) { await Task.yield() }
                        await client.leave()
                    }
                }
                try await group.waitForAll()
            }
            try await house.quiet()
            #expect(parallel.underway == 0)
            let kept = try await house.kept()
            let sums = try await house.sums()
            #expect(kept.count == sums.calls && !kept.contains { $0.outcome == "open" })
            #expect(
                budget.total.microdollars == Int64(sums.cost) && sums.cost == kept.reduce(0) { $0 + ($1.cost ?? 0) }
            )
            try await eventually("the upstream has only what rests") {
                await house.engine.occupation().idle == upstream.open
            }
        }
        try await eventually("the upstream has no connection") { upstream.open == 0 }
        await upstream.stop()
    }
}
