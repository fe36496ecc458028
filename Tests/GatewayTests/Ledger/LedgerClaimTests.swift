import CupelCore
import NIOHTTP1
import Storage
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(4))) struct LedgerClaimTests {
    /// What one call of ``Talk/question`` holds.
    private func reservation() throws -> Money {
        let skim = try #require(Array(Talk.question.utf8).withUnsafeBytes { RequestSkim($0) })
        return try #require(ModelPrices.distinct.worstCase(inputTokens: skim.mostInputTokens, outputTokens: 10))
    }

    private func budget(_ limit: Money) -> BudgetMeter {
        BudgetMeter(name: "of the tests", limit: limit, spent: .zero, resets: nil)
    }

    @Test func `a thousand calls at once spend what the budget allows and every cent is some call's`() async throws {
        let worst = try reservation()
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        // Room for three hundred at once, and a half.
        let budget = budget(Money(microdollars: worst.microdollars * 300 + worst.microdollars / 2))
        let parallel = ParallelMeter(limit: 5000)
        try await GatewayHouse.with { house in
            await house.publish(
                Caller(parallel: [parallel], budgets: [budget]),
                ["m": CallRoute([.at(upstream.port, maximumConnections: 1000)])]
            )
            let answers = try await withThrowingTaskGroup(of: WireClient.Answer.self) { group in
                for _ in 0..<1000 { group.addTask { try await house.ask(Talk.question) } }
                group.addTask {
                    // All that the budget has room for are under way, and the others were refused.
                    try await eventually("three hundred are held") { upstream.count == 300 }
                    try await eventually("the others are kept as refused") { try await house.sums().calls == 700 }
                    #expect(budget.total.microdollars == worst.microdollars * 300)
                    gate.open()
                    return WireClient.Answer()
                }
                return try await group.reduce(into: []) { $0.append($1) }.filter { $0.status != nil }
            }
            let good = answers.filter { $0.status == 200 }
            #expect(good.count == 300 && answers.count { $0.status == 402 && $0.code == "budget_exceeded" } == 700)
            let spent = Talk.cost.microdollars * 300
            #expect(budget.total.microdollars == spent && upstream.count == 300 && parallel.underway == 0)
            let kept = try await house.kept()
            #expect(kept.count == 1000 && kept.reduce(0) { $0 + ($1.cost ?? -1) } == Int(spent))
            #expect(kept.allSatisfy { ($0.cost ?? 0 > 0) == ($0.outcome == "answered") })
            let sums = try await house.sums()
            #expect(sums.calls == 1000 && sums.cost == Int(spent) && sums.unpriced == 0)
            #expect(
                Set(good.compactMap { $0.headers.first(name: "x-request-id") })
                    == Set(kept.filter { $0.outcome == "answered" }.map(\.id))
            )
            // What was held and not spent is free again.
            let more = try await house.ask(Talk.question)
            #expect(more.status == 200)
            try await house.quiet()
        }
        await upstream.stop()
    }

    @Test func `a budget is spent down to less than one reservation and never beyond`() async throws {
        let worst = try reservation()
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        let budget = budget(Money(microdollars: worst.microdollars * 6))
        try await GatewayHouse.with { house in
            await house.publish(Caller(budgets: [budget]), ["m": CallRoute([.at(upstream.port)])])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        let client = try await house.connect()
                        var refusals = 0
                        while refusals < 3 {
                            let answer = try await client.ask(Talk.question)
                            if answer.status == 402 { refusals += 1 }
                            #expect(budget.total <= budget.limit)
                        }
                        await client.leave()
                    }
                }
                try await group.waitForAll()
            }
            #expect(budget.total > budget.limit - worst && budget.total <= budget.limit)
            let sums = try await house.sums()
            #expect(sums.cost == Int(budget.total.microdollars))
            #expect(sums.cost == upstream.count * Int(Talk.cost.microdollars))
        }
        await upstream.stop()
    }

    @Test func `an upstream that counts more than the worst case overspends by no more than its calls under way`()
        async throws
    {
        let worst = try reservation()
        let dear = WireUpstream.Step.answer(
            #"{"id":"a","model":"m7","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":400}}"#
        )
        let upstream = try await WireUpstream.start { _ in [dear] }
        let cost = ModelPrices.distinct.cost(of: TokenUsage(input: 11, output: 400)) ?? .zero
        let budget = budget(Money(microdollars: worst.microdollars * 3 / 2))
        try await GatewayHouse.with { house in
            await house.publish(Caller(budgets: [budget]), ["m": CallRoute([.at(upstream.port)])])
            let first = try await house.ask(Talk.question)
            let second = try await house.ask(Talk.question)
            #expect(first.status == 200 && second.status == 402)
            #expect(budget.total == cost && cost > budget.limit)
        }
        await upstream.stop()
    }

    /// A client's endpoint, a provider's dialect, and whether the answer passes through.
    struct Twin: Sendable, CustomTestStringConvertible {
        var path: String
        var dialect: ProviderDialect
        var testDescription: String { "\(path) to \(dialect)" }

        static let all = ["/v1/chat/completions", "/v1/messages"].flatMap { path in
            ([.openAI, .anthropic, .gemini, .bedrock] as [ProviderDialect]).map { Twin(path: path, dialect: $0) }
        }
    }

    @Test(arguments: Twin.all) func `a streamed call costs exactly what its unstreamed twin costs`(twin: Twin)
        async throws
    {
        let whole = try #require(DialectSamples.answers[twin.dialect])
        let stream = try #require(DialectSamples.streams[twin.dialect])
        let type = twin.dialect == .bedrock ? "application/vnd.amazon.eventstream" : "text/event-stream"
        let upstream = try await WireUpstream.start { request in
            guard request.isStream else { return [.answer(whole)] }
            return [
                .text("HTTP/1.1 200 OK\r\ncontent-type: \(type)\r\ntransfer-encoding: chunked\r\n\r\n"),
                .chunk(Array(stream.prefix(100))), .chunk(Array(stream.dropFirst(100))), .lastChunk,
            ]
        }
        let usage = try #require(DialectSamples.expected(twin.dialect).usage)
        let budget = budget(Money(microdollars: 1_000_000_000))
        try await GatewayHouse.with { house in
            await house.publish(Caller(budgets: [budget]), ["m": CallRoute([.at(upstream.port, twin.dialect)])])
            let plain = try await house.ask(Talk.question, at: twin.path)
            let streamed = try await house.ask(Talk.streamed, at: twin.path)
            #expect(plain.status == 200 && streamed.status == 200 && streamed.isComplete)
            let kept = try await house.kept()
            try #require(kept.count == 2)
            let cost = try #require(ModelPrices.distinct.cost(of: usage))
            for call in kept {
                #expect(call.cost == Int(cost.microdollars) && !call.isEstimated && call.outcome == "answered")
                #expect(call.input == usage.input && call.output == usage.output && call.reasoning == usage.reasoning)
                #expect(call.cacheRead == usage.cacheRead)
                #expect(call.cacheWrite == usage.cacheWrite + usage.cacheWriteLong)
            }
            #expect(budget.total.microdollars == cost.microdollars * 2)
        }
        await upstream.stop()
    }

    @Test func `an answer without usage costs an estimate, streamed or not`() async throws {
        let upstream = try await WireUpstream.start { request in
            request.isStream
                ? [.streamHead, .chunk(Talk.piece("So.")), .chunk(Talk.last), .chunk(Talk.done), .lastChunk]
                : [.answer(#"{"id":"a","model":"m7","choices":[{"index":0,"finish_reason":"stop"}]}"#)]
        }
        try await GatewayHouse.with { house in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port)])])
            _ = try await house.ask(Talk.question)
            _ = try await house.ask(Talk.streamed)
            let kept = try await house.kept()
            #expect(kept.count == 2 && kept.allSatisfy { $0.isEstimated && $0.cost ?? 0 > 0 && $0.output ?? 0 > 0 })
        }
        await upstream.stop()
    }

    @Test func `calls that are refused cost nothing, reach nobody and give back what they held`() async throws {
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        let worst = try reservation()
        let wide = budget(Money(microdollars: worst.microdollars * 100))
        let spent = budget(Money(microdollars: worst.microdollars - 1))
        let requests = RateMeter(perMinute: 100)
        let tokens = RateMeter(perMinute: 100_000)
        let parallel = ParallelMeter(limit: 4)
        let busy = ParallelMeter(limit: 0)
        let used = RateMeter(perMinute: 1)
        #expect(used.take(1, now: CallExchange.now) == nil)
        let callers: [(Caller, Int, String)] = [
            (
                Caller(requests: [requests], tokens: [tokens], parallel: [parallel], budgets: [wide, spent]), 402,
                "budget_exceeded"
            ),
            (Caller(requests: [requests], parallel: [parallel, busy], budgets: [wide]), 429, "rate_limit_exceeded"),
            (Caller(requests: [requests, used], parallel: [parallel], budgets: [wide]), 429, "rate_limit_exceeded"),
            (Caller(requests: [requests], tokens: [tokens, used], parallel: [parallel]), 429, "rate_limit_exceeded"),
            (Caller(budgets: [wide], perCall: (worst - Money(microdollars: 1), "of a call")), 402, "budget_exceeded"),
        ]
        try await GatewayHouse.with { house in
            for (caller, status, code) in callers {
                await house.publish(caller, ["m": CallRoute([.at(upstream.port)])])
                let answer = try await house.ask(Talk.question)
                #expect(answer.status == status && answer.code == code)
            }
            let unknown = try await house.ask(#"{"model":"other","messages":[]}"#)
            #expect(unknown.status == 404)
            try await eventually("all are kept") { try await house.sums().calls == callers.count + 1 }
            let kept = try await house.kept()
            #expect(kept.allSatisfy { $0.cost == 0 && $0.attempts == 0 })
            let sums = try await house.sums()
            #expect(sums.cost == 0 && sums.unpriced == 0)
            let reserved = try await house.database.query("SELECT sum(reserved_microdollars) AS held FROM calls")
            let held = try reserved[0].integer("held")
            #expect(held == 0)
        }
        #expect(upstream.count == 0 && parallel.underway == 0 && busy.underway == 0)
        #expect(wide.total == .zero && spent.total == .zero)
        #expect(requests.left(now: CallExchange.now) == 100 && tokens.left(now: CallExchange.now) == 100_000)
        await upstream.stop()
    }

    @Test func `a client that leaves pays for what came and the upstream stops`() async throws {
        let upstream = try await WireUpstream.start { _ in
            [.streamHead, .chunk(Talk.piece("a")), .chunk(Talk.piece("b")), .pass(Gate())]
        }
        let budget = budget(Money(microdollars: 1_000_000))
        try await GatewayHouse.with { house in
            await house.publish(Caller(budgets: [budget]), ["m": CallRoute([.at(upstream.port)])])
            let client = try await house.connect()
            try await client.send(Talk.streamed)
            await client.until { $0.text.contains("\"b\"") }
            #expect(upstream.open == 1)
            await client.leave()
            try await house.quiet()
            try await eventually("the upstream's connection ends") { upstream.open == 0 }
            let kept = try await house.kept()
            #expect(kept.map(\.outcome) == ["cancelled"] && kept[0].output == 2 && kept[0].isEstimated)
            #expect(kept[0].cost.map(Int64.init) == budget.total.microdollars && budget.total > .zero)
        }
        await upstream.stop()
    }

    @Test func `a call that fails costs nothing and gives back what it held`() async throws {
        let upstream = try await WireUpstream.start { _ in
            [.answer(#"{"error":{"message":"no","type":"invalid_request_error"}}"#, status: 400)]
        }
        let budget = budget(Money(microdollars: 1_000_000))
        try await GatewayHouse.with { house in
            await house.publish(Caller(budgets: [budget]), ["m": CallRoute([.at(upstream.port)])])
            let answer = try await house.ask(Talk.question)
            #expect(answer.status == 400)
            let kept = try await house.kept()
            #expect(kept.map(\.cost) == [0] && kept[0].outcome == "provider_rejected" && budget.total == .zero)
        }
        await upstream.stop()
    }
}
