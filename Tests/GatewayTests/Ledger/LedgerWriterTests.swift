import CupelCore
import Logging
import NIOHTTP1
import Storage
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(3))) struct LedgerWriterTests {
    /// A house whose store has moods.
    private func house(
        time: any TimeSource = SystemTime(),
        _ body: @Sendable (GatewayHouse, MoodyDatabase) async throws -> Void
    ) async throws {
        let kept = Mutex<MoodyDatabase?>(nil)
        try await GatewayHouse.with(time: time) { inner in
            let moody = MoodyDatabase(inner)
            kept.withLock { $0 = moody }
            return moody
        } _: { house in
            let moody = try #require(kept.withLock { $0 })
            try await body(house, moody)
        }
    }

    private func budget() -> BudgetMeter {
        BudgetMeter(name: "of the tests", limit: Money(microdollars: 1_000_000), spent: .zero, resets: nil)
    }

    @Test func `an answer waits until the store has it`() async throws {
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        try await house { house, store in
            let budget = budget()
            await house.publish(Caller(budgets: [budget]), ["m": CallRoute([.at(upstream.port)])])
            let gate = Gate()
            store.become(.slow(gate))
            let client = try await house.connect()
            try await client.send(Talk.question)
            // The upstream has answered and the cost is known; nothing is durable yet.
            try await eventually("it is settled") { upstream.count == 1 && budget.total == Talk.cost }
            try await eventually("the store is asked") { gate.waiting == 1 }
            #expect(client.answer.status == nil)
            let before = try await house.kept()
            #expect(before.isEmpty)
            gate.open()
            let answer = await client.end()
            #expect(answer.status == 200)
            let kept = try await house.kept()
            #expect(kept.map(\.outcome) == ["answered"])
            await client.leave()
        }
        await upstream.stop()
    }

    @Test func `the last event of a stream waits until the store has it and those before do not`() async throws {
        let rest = Gate()
        let upstream = try await WireUpstream.start { _ in
            Array(Talk.stream.prefix(2)) + [.pass(rest)] + Array(Talk.stream.dropFirst(2))
        }
        try await house { house, store in
            let budget = budget()
            await house.publish(Caller(budgets: [budget]), ["m": CallRoute([.at(upstream.port)])])
            let gate = Gate()
            store.become(.slow(gate))
            let client = try await house.connect()
            try await client.send(Talk.streamed)
            await client.until { $0.text.contains("So") }
            rest.open()
            try await eventually("it is settled") { budget.total == Talk.cost }
            _ = await house.engine.occupation()
            #expect(!client.answer.isComplete && !client.answer.text.contains("[DONE]"))
            gate.open()
            let answer = await client.end()
            #expect(answer.text.hasSuffix(Talk.done) && answer.isComplete)
            await client.leave()
        }
        await upstream.stop()
    }

    @Test(arguments: ["/v1/chat/completions", "/v1/messages"])
    func `a store that fails gives the dialect's error and the next call is refused until it writes again`(
        path: String
    ) async throws {
        let upstream = try await WireUpstream.start { request in request.isStream ? Talk.stream : [Talk.answer] }
        try await house(time: JumpingTime()) { house, store in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port)])])
            store.become(.refusing)
            let answer = try await house.ask(Talk.question, at: path)
            #expect(answer.status == 503)
            if path == "/v1/messages" {
                #expect(answer.json["type"] == "error")
            } else {
                #expect(answer.code == "storage_unavailable")
            }
            let refused = try await house.ask(Talk.question, at: path)
            #expect(refused.status == 503 && refused.headers.first(name: "retry-after") == "2")
            #expect(upstream.count == 1)
            store.become(.willing)
            try await eventually("calls are taken again") { try await house.ask(Talk.question, at: path).status == 200 }
            let streamed = try await house.ask(Talk.streamed, at: path)
            #expect(streamed.status == 200)
            try await house.quiet()
            let sums = try await house.sums()
            let kept = try await house.kept()
            #expect(sums.calls == kept.count && sums.cost == kept.reduce(0) { $0 + ($1.cost ?? 0) })
        }
        await upstream.stop()
    }

    @Test func `a stream whose end cannot be recorded ends with an error`() async throws {
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in
            [
                .streamHead, .chunk(Talk.piece("So")), .pass(gate), .chunk(Talk.last), .chunk(Talk.usage),
                .chunk(Talk.done), .lastChunk,
            ]
        }
        try await house(time: JumpingTime()) { house, store in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port)])])
            let client = try await house.connect()
            try await client.send(Talk.streamed)
            await client.until { $0.text.contains("So") }
            store.become(.refusing)
            gate.open()
            let answer = await client.end()
            #expect(
                answer.status == 200 && answer.text.contains("storage_unavailable") && !answer.text.contains("stop")
            )
            store.become(.willing)
            await client.leave()
        }
        await upstream.stop()
    }

    @Test func `nothing is counted twice when nobody knows whether it was written`() async throws {
        let upstream = try await WireUpstream.start { _ in [Talk.answer] }
        try await house { house, store in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port)])])
            store.become(.losing)
            let lost = try await house.ask(Talk.question)
            #expect(lost.status == 503)
            store.become(.willing)
            try await eventually("calls are taken again") { try await house.ask(Talk.question).status == 200 }
            let kept = try await house.kept()
            let sums = try await house.sums()
            #expect(sums.calls == kept.count && sums.cost == kept.reduce(0) { $0 + ($1.cost ?? 0) })
            #expect(sums.cost == upstream.count * Int(Talk.cost.microdollars))
        }
        await upstream.stop()
    }

    @Test func `a call whose beginning may or may not be in the store ends as one row`() async throws {
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await house { house, store in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port)])])
            store.become(.losing)
            let client = try await house.connect()
            try await client.send(Talk.question)
            try await eventually("its beginning was tried") { store.writes == 1 && upstream.count == 1 }
            store.become(.willing)
            gate.open()
            let answer = await client.end()
            #expect(answer.status == 200)
            let kept = try await house.kept()
            let sums = try await house.sums()
            #expect(kept.map(\.outcome) == ["answered"] && sums.calls == 1)
            await client.leave()
        }
        await upstream.stop()
    }

    @Test func `a call under way is open in the store until it ends`() async throws {
        let gate = Gate()
        let upstream = try await WireUpstream.start { _ in [.pass(gate), Talk.answer] }
        try await GatewayHouse.with { house in
            await house.publish(Caller(), ["m": CallRoute([.at(upstream.port)])])
            let client = try await house.connect()
            try await client.send(Talk.question)
            try await eventually("it is open") { try await house.kept().map(\.outcome) == ["open"] }
            let before = try await house.sums()
            #expect(before.calls == 0)
            gate.open()
            await client.end()
            let kept = try await house.kept()
            #expect(kept.map(\.outcome) == ["answered"])
            await client.leave()
        }
        await upstream.stop()
    }

    private func entry(
        _ phase: Ledger.Entry.Phase,
        _ id: Identifier<CallRecord> = Identifier(),
        _ change: (inout CallRecord) -> Void = { _ in }
    ) -> Ledger.Entry {
        var record = CallRecord(
            id: id,
            upstream: "one",
            modelAsked: "m",
            purpose: "",
            started: SystemTime().now,
            duration: .zero,
            attempts: 0,
            outcome: .open
        )
        change(&record)
        return Ledger.Entry(record: record, phase: phase)
    }

    @Test func `a call that begins and ends in one batch is one row`() {
        let both = Identifier<CallRecord>()
        let known = Identifier<CallRecord>()
        let batch = LedgerBatch(
            [entry(.opened, both), entry(.opened), entry(.ended, both), entry(.ended, known), entry(.refused)],
            opened: [known]
        )
        #expect(batch.opened.count == 1 && batch.ended.count == 2 && batch.reopened.map(\.record.id) == [known])
    }

    @Test func `entries beyond the bound stop calls and refused ones are dropped first`() {
        let ledger = Ledger(
            database: NoDatabase(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        for _ in 0..<(Ledger.maximumWaiting - 1) { ledger.add(entry(.opened)) }
        #expect(!ledger.isFull)
        ledger.add(entry(.refused))
        #expect(!ledger.isFull)
        ledger.add(entry(.opened))
        #expect(ledger.isFull)
    }

    @Test func `calls that a process left open are interrupted, cost what was held, and are counted once`() async throws
    {
        try await GatewayHouse.with { house in
            let theirs = entry(.opened) {
                $0.replica = "another"
                $0.reserved = Money(microdollars: 40)
            }
            let second = entry(.opened) {
                $0.replica = "another"
                $0.reserved = Money(microdollars: 2)
            }
            let ours = entry(.opened) { $0.replica = house.ledger.replica }
            for entry in [theirs, second, ours] { house.ledger.add(entry) }
            try await eventually("they are kept") {
                try await house.kept().count == 3
            }
            let first = try await house.ledger.recover()
            let again = try await house.ledger.recover()
            #expect(first == 2 && again == 0)
            let kept = try await house.kept()
            #expect(kept.filter { $0.outcome == "interrupted" }.map(\.cost).reduce(0) { $0 + ($1 ?? -99) } == 42)
            #expect(kept.filter { $0.outcome == "open" }.map(\.id) == [ours.record.id.description])
            let sums = try await house.sums()
            #expect(sums.calls == 2 && sums.cost == 42 && sums.unpriced == 0)
            // Their sums go on as those of any call of the day.
            house.ledger.add(
                entry(.ended, ours.record.id) {
                    $0.replica = house.ledger.replica
                    $0.cost = Money(microdollars: 8)
                    $0.outcome = .answered
                }
            )
            try await eventually("it is counted") { try await house.sums().cost == 50 }
        }
    }

    @Test func `everything that waits is written before the writer ends`() async throws {
        let directory = "/tmp/cupel-ledger-\(Identifier<GatewayHouse>())"
        try DirectoryMaker.make(directory)
        defer { DirectoryMaker.remove(directory) }
        let database = try SQLiteDatabase(path: directory + "/calls.db")
        _ = try await Migrator(CallStore.migrations).up(database)
        let ledger = Ledger(database: database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let count = Ledger.maximumBatch * 2 + 1
        for _ in 0..<count { ledger.add(entry(.ended)) }
        ledger.close()
        try await ledger.run()
        let rows = try await database.query("SELECT count(*) AS n FROM calls")
        let kept = try rows[0].integer("n")
        #expect(kept == count)
        await database.close()
    }
}

/// A store that is never asked.
private struct NoDatabase: Database {
    var engine: DatabaseEngine { .sqlite }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value {
        throw CupelError(.storageUnavailable, "There is none.")
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value {
        throw CupelError(.storageUnavailable, "There is none.")
    }

    func check() async throws {}
    func close() async {}
}
