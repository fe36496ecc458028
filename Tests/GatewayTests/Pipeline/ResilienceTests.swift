import CupelCore
import NIOHTTP1
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(3))) struct ResilienceTests {
    private static func fault(_ status: Int, _ fields: String = "") -> WireUpstream.Step {
        .answer(#"{"error":{"message":"not now","type":"x"}}"#, status: status, fields: fields)
    }

    /// One call of a route, and what was kept of it.
    private func call(
        _ route: [CallCandidate],
        _ body: String = Talk.question
    ) async throws -> (WireClient.Answer, GatewayHouse.Kept) {
        try await GatewayHouse.with { house in
            await house.publish(Caller(), ["m": CallRoute(route)])
            let answer = try await house.ask(body)
            try await house.quiet()
            let kept = try await house.kept()
            return (answer, try #require(kept.first))
        }
    }

    @Test(arguments: [429, 500, 502, 503, 529]) func `a transient error is tried again`(status: Int) async throws {
        let upstream = try await WireUpstream.start { $0.number < 3 ? [Self.fault(status)] : [Talk.answer] }
        let (answer, kept) = try await call([.at(upstream.port)])
        #expect(answer.status == 200 && upstream.count == 3 && kept.attempts == 3)
        #expect(answer.headers.first(name: "x-cupel-attempts") == "3")
        #expect(kept.cost == Int(Talk.cost.microdollars))
        // All over one connection.
        #expect(upstream.accepted == 1)
        await upstream.stop()
    }

    @Test(arguments: [400, 401, 403, 404, 413, 422]) func `a lasting error is not tried again`(status: Int) async throws
    {
        let upstream = try await WireUpstream.start { _ in [Self.fault(status)] }
        let (answer, kept) = try await call([.at(upstream.port)])
        #expect(upstream.count == 1 && answer.status ?? 0 >= 400 && kept.cost == 0 && kept.outcome != "answered")
        await upstream.stop()
    }

    @Test func `tries are bounded`() async throws {
        let upstream = try await WireUpstream.start { _ in [Self.fault(500)] }
        let (answer, kept) = try await call([.at(upstream.port)])
        #expect(answer.status == 502 && answer.code == "provider_connection_failed")
        #expect(upstream.count == 3 && kept.attempts == 3)
        await upstream.stop()
    }

    @Test func `Retry-After is waited for`() async throws {
        let upstream = try await WireUpstream.start {
            $0.number == 1 ? [Self.fault(429, "retry-after: 1\r\n")] : [Talk.answer]
        }
        let since = ContinuousClock.now
        let (answer, _) = try await call([.at(upstream.port)])
        #expect(answer.status == 200 && ContinuousClock.now - since >= .seconds(1))
        await upstream.stop()
    }

    @Test func `a Retry-After beyond the deadline is handed on at once`() async throws {
        let upstream = try await WireUpstream.start { _ in [Self.fault(429, "retry-after: 70\r\n")] }
        let (answer, kept) = try await call([.at(upstream.port, limits: UpstreamLimits(whole: .seconds(60)))])
        #expect(answer.code == "provider_rate_limited" && answer.headers.first(name: "retry-after") == "70")
        #expect(kept.attempts == 1)
        await upstream.stop()
    }

    @Test func `another model answers where the first cannot, each over its own connection`() async throws {
        let bad = try await WireUpstream.start { _ in [Self.fault(500)] }
        let cut = try await WireUpstream.start { _ in [.text("HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"), .close]
        }
        let garbled = try await WireUpstream.start { _ in [.text("hello there, this is no HTTP\r\n\r\n")] }
        let good = try await WireUpstream.start { _ in [Talk.answer] }
        let (answer, kept) = try await call([
            .at(1, name: "nobody"), .at(bad.port, name: "bad"), .at(cut.port, name: "cut"),
            .at(garbled.port, name: "garbled"), .at(good.port, name: "good"),
        ])
        #expect(answer.status == 200 && kept.upstream == "good" && kept.attempts == 5)
        #expect(answer.headers.first(name: "x-cupel-route") == "good/upstream-model")
        #expect([bad, cut, garbled, good].map(\.count) == [1, 1, 1, 1])
        for upstream in [bad, cut, garbled, good] { await upstream.stop() }
    }

    @Test func `a stream falls back before its first byte`() async throws {
        let bad = try await WireUpstream.start { _ in [.streamHead, .close] }
        let good = try await WireUpstream.start { _ in Talk.stream }
        let (answer, kept) = try await call([.at(bad.port, name: "bad"), .at(good.port, name: "good")], Talk.streamed)
        #expect(answer.text.contains("So") && answer.text.hasSuffix(Talk.done) && kept.upstream == "good")
        #expect(kept.cost == Int(Talk.cost.microdollars))
        for upstream in [bad, good] { await upstream.stop() }
    }

    @Test func `a stream never falls back after its first byte and what came is paid for`() async throws {
        let bad = try await WireUpstream.start { _ in [.streamHead, .chunk(Talk.piece("So")), .close] }
        let good = try await WireUpstream.start { _ in Talk.stream }
        let (answer, kept) = try await call([.at(bad.port, name: "bad"), .at(good.port, name: "good")], Talk.streamed)
        #expect(answer.status == 200 && answer.isComplete && answer.text.contains("So"))
        #expect(answer.text.contains("provider_connection_failed") && !answer.text.contains("[DONE]"))
        #expect(good.count == 0 && kept.upstream == "bad" && kept.outcome == "provider_connection_failed")
        #expect(kept.isEstimated && kept.cost ?? 0 > 0)
        for upstream in [bad, good] { await upstream.stop() }
    }

    @Test func `a stream whose last event came is whole even if its transport is cut`() async throws {
        let upstream = try await WireUpstream.start { _ in Array(Talk.stream.dropLast()) + [.close] }
        let (answer, kept) = try await call([.at(upstream.port)], Talk.streamed)
        #expect(answer.text.hasSuffix(Talk.done) && answer.isComplete && kept.outcome == "answered")
        #expect(kept.cost == Int(Talk.cost.microdollars))
        await upstream.stop()
    }

    @Test func `connections are used again`() async throws {
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        try await GatewayHouse.with(loops: 1) { house in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port)])])
            for _ in 0..<20 {
                let answer = try await house.ask(Talk.question)
                #expect(answer.status == 200)
            }
            #expect(upstream.accepted == 1)
            let now = await house.engine.occupation()
            #expect(now.calls == 0 && now.connections == 1 && now.idle == 1)
        }
        try await eventually("the connection is closed with the gateway") { upstream.open == 0 }
        await upstream.stop()
    }

    @Test(arguments: [1, 3]) func `a resting connection that the upstream closes is not the client's trouble`(
        tries: Int
    )
        async throws
    {
        // It takes the request, and then ends the connection as a server does whose time for resting is over.
        let upstream = try await WireUpstream.start { $0.number % 2 == 0 ? [.reset] : [Talk.answer] }
        try await GatewayHouse.with(loops: 1) { house in
            let health = UpstreamHealth()
            let route = CallRoute([.at(upstream.port, limits: UpstreamLimits(tries: tries), health: health)])
            await house.publish(Caller(), ["m": route])
            let first = try await house.ask(Talk.question)
            let second = try await house.ask(Talk.question)
            #expect(first.status == 200 && second.status == 200)
            #expect(upstream.count == 3 && upstream.accepted == 2)
            // One that is closed while it rests is not used at all.
            await upstream.endConnections()
            try await eventually("it is gone") { await house.engine.occupation().connections == 0 }
        }
        await upstream.stop()
    }

    @Test func `the breaker opens after its threshold, lets one probe through and closes`() async throws {
        let isUp = Gate()
        let held = Gate()
        let upstream = try await WireUpstream.start { request in
            request.number <= UpstreamHealth.threshold ? [Self.fault(500)] : [.pass(held), Talk.answer]
        }
        isUp.open()
        let health = UpstreamHealth()
        try await GatewayHouse.with { house in
            let candidate = CallCandidate.at(upstream.port, limits: UpstreamLimits(tries: 1), health: health)
            await house.publish(Caller(), ["m": CallRoute([candidate])])
            for _ in 0..<UpstreamHealth.threshold { _ = try await house.ask(Talk.question) }
            let refused = try await house.ask(Talk.question)
            #expect(refused.status == 502 && refused.headers.first(name: "retry-after") == "1")
            #expect(upstream.count == UpstreamHealth.threshold)
            try await eventually("its pause is over") { health.isAvailable(now: CallExchange.now) }
            let probe = try await house.connect()
            try await probe.send(Talk.question)
            try await eventually("the probe is there") { upstream.count == UpstreamHealth.threshold + 1 }
            // Meanwhile nobody else comes through, again and again.
            for _ in 0..<10 {
                let other = try await house.ask(Talk.question)
                #expect(other.status == 502)
            }
            #expect(upstream.count == UpstreamHealth.threshold + 1)
            held.open()
            let answer = await probe.end()
            #expect(answer.status == 200)
            let after = try await house.ask(Talk.question)
            #expect(after.status == 200)
            await probe.leave()
        }
        await upstream.stop()
    }

    @Test func `a probe whose client leaves lets another through`() async throws {
        let health = UpstreamHealth()
        let upstream = try await WireUpstream.start { $0.number == 1 ? [.pass(Gate())] : [Talk.answer] }
        try await GatewayHouse.with { house in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port, health: health)])])
            // It opened a while ago.
            for _ in 0..<UpstreamHealth.threshold { health.failed(now: CallExchange.now - 2_000_000_000) }
            let probe = try await house.connect()
            try await probe.send(Talk.question)
            try await eventually("the probe is there") { upstream.count == 1 }
            await probe.leave()
            try await house.quiet()
            let answer = try await house.ask(Talk.question)
            #expect(answer.status == 200)
        }
        await upstream.stop()
    }

    // MARK: Deadlines

    private static let short = Duration.milliseconds(150)

    @Test func `a connection that does not come about in time fails, and a fallback answers`() async throws {
        let hole = BlackHole()
        let limits = UpstreamLimits(connect: Self.short, tries: 1)
        let (answer, kept) = try await call([.at(hole.port, limits: limits)])
        #expect(answer.status ?? 0 >= 500 && kept.cost == 0)
        let good = try await WireUpstream.start { _ in [Talk.answer] }
        let (second, _) = try await call([.at(hole.port, limits: limits), .at(good.port)])
        #expect(second.status == 200)
        await good.stop()
    }

    @Test func `an answer that does not begin in time fails`() async throws {
        let upstream = try await WireUpstream.start { _ in [.pass(Gate())] }
        let (answer, kept) = try await call([.at(upstream.port, limits: UpstreamLimits(firstByte: Self.short))])
        #expect(answer.code == "timeout" && answer.text.contains("no answer began") && kept.attempts == 1)
        try await eventually("its connection is closed") { upstream.open == 0 }
        await upstream.stop()
    }

    @Test func `a stream that stops in the middle ends with an error`() async throws {
        let upstream = try await WireUpstream.start { _ in [.streamHead, .chunk(Talk.piece("So")), .pass(Gate())] }
        let (answer, kept) = try await call(
            [.at(upstream.port, limits: UpstreamLimits(betweenBytes: Self.short))],
            Talk.streamed
        )
        #expect(answer.text.contains("So") && answer.text.contains("timeout") && kept.outcome == "timeout")
        try await eventually("its connection is closed") { upstream.open == 0 }
        await upstream.stop()
    }

    @Test func `the whole call has a deadline, over all its tries and fallbacks`() async throws {
        let first = try await WireUpstream.start { _ in [.pass(Gate())] }
        let second = try await WireUpstream.start { _ in [.pass(Gate())] }
        let limits = UpstreamLimits(whole: Self.short)
        let (answer, kept) = try await call([
            .at(first.port, name: "first", limits: limits), .at(second.port, name: "second", limits: limits),
        ])
        #expect(answer.code == "timeout" && answer.text.contains("whole") && kept.attempts == 1)
        #expect(first.count == 1 && second.count == 0)
        for upstream in [first, second] { await upstream.stop() }
    }

    @Test func `calls beyond an upstream's connections wait for one that comes back`() async throws {
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await GatewayHouse.with(loops: 1) { house in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port, maximumConnections: 3)])])
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for _ in 0..<20 { group.addTask { try await house.ask(Talk.question).status } }
                try await eventually("all are under way") { await house.engine.occupation().calls == 20 }
                try await eventually("three are there") { upstream.count == 3 }
                gate.open()
                for try await status in group { #expect(status == 200) }
            }
            #expect(upstream.accepted == 3 && upstream.count == 20)
        }
        await upstream.stop()
    }
}
