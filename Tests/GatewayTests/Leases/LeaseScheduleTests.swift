import CupelCore
import CupelTesting
import Logging
import Storage
import Synchronization
import Testing

@testable import Gateway

/// Schedules of replicas that are drawn by lot: whatever comes after what, the store has promised no more than the limit,
/// and no more is spent and held than it has promised.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LeaseScheduleTests {
    /// A replica whose calls, writes and rounds happen when the schedule says so.
    final class Player {
        /// A call that is under way, or that ended and is not written yet.
        struct Call {
            var record: CallRecord
            var reserved: Int64
            var isOpened = false
        }

        let leases: BudgetLeases
        let meter: BudgetMeter
        var underway: [Call] = []
        var ended: [Call] = []
        let answers = Answers()

        /// What calls that waited were told.
        final class Answers: Sendable {
            private let list = Mutex<[(Int64, LeaseAnswer)]>([])

            func add(_ amount: Int64, _ answer: LeaseAnswer) { list.withLock { $0.append((amount, answer)) } }

            func take() -> [(Int64, LeaseAnswer)] {
                list.withLock { list in
                    defer { list = [] }
                    return list
                }
            }
        }

        init(_ database: any Database, limit: Int64) {
            leases = BudgetLeases(
                database,
                replica: Identifier<Ledger>().description,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            meter = leases.meter(
                LeaseHouse.window(),
                name: "of the tests",
                limit: Money(microdollars: limit),
                spent: .zero,
                resets: nil
            )
        }

        /// What it holds and what it spent that the sums do not have.
        var used: Int64 {
            underway.reduce(0) { $0 + $1.reserved } + ended.reduce(0) { $0 + ($1.record.cost?.microdollars ?? 0) }
        }

        private func record(_ amount: Int64) -> CallRecord {
            var record = CallRecord(
                id: Identifier(),
                upstream: "one",
                modelAsked: "m",
                purpose: "",
                started: SystemTime().now,
                duration: .zero,
                attempts: 1,
                outcome: .open
            )
            record.asker.team = "interns"
            record.replica = leases.replica
            record.reserved = Money(microdollars: amount)
            return record
        }

        /// Begins a call, or has it wait.
        func call(_ amount: Int64) {
            collect()
            if meter.reserve(Money(microdollars: amount), now: CallExchange.now) {
                underway.append(Call(record: record(amount), reserved: amount))
                return
            }
            leases.desk.wait(
                LeaseDesk.Waiter(meter: meter, amount: amount, until: CallExchange.now + 50_000_000) { [answers] in
                    answers.add(amount, $0)
                }
            )
        }

        /// Calls that were waited for begin.
        func collect() {
            for case (let amount, .held) in answers.take() {
                underway.append(Call(record: record(amount), reserved: amount))
            }
        }

        /// A call ends, for at most what was held for it.
        func end(_ chance: inout SplitMix) {
            guard !underway.isEmpty else { return }
            var call = underway.remove(at: Int.random(in: underway.indices, using: &chance))
            let cost = Int64.random(in: 0...call.reserved, using: &chance)
            call.record.cost = Money(microdollars: cost)
            call.record.outcome = .answered
            meter.settle(reserved: Money(microdollars: call.reserved), cost: Money(microdollars: cost))
            ended.append(call)
        }

        /// Calls under way are written as such, those that ended with what they cost.
        func write(_ database: any Database) async throws {
            let begun = underway.filter { !$0.isOpened }.map(\.record)
            let whole = ended.filter { !$0.isOpened }.map(\.record)
            let rest = ended.filter(\.isOpened).map(\.record)
            try await database.write { transaction in
                try CallStore.write(opened: begun, ended: whole, reopened: rest, in: transaction)
            }
            for index in underway.indices { underway[index].isOpened = true }
            for call in ended { meter.keep(call.record.cost ?? .zero) }
            ended = []
        }
    }

    /// What the store's sums hold, and what they may come to with all that replicas were granted.
    /// - Parameter kept: what each replica knows to be in the sums.
    private func look(_ database: any Database, kept: [String: Int64]) async throws -> (promised: Int64, sums: Int64) {
        let rows = try await database.query(
            "SELECT CAST(coalesce(sum(cost_microdollars), 0) AS BIGINT) AS sums FROM usage_days"
        )
        let sums = Int64(try rows[0].integer("sums"))
        let leases = try await database.query("SELECT replica, granted FROM budget_leases")
        let promised = try leases.reduce(sums) { sum, row in
            sum + Int64(try row.integer("granted")) - (kept[try row.text("replica")] ?? 0)
        }
        return (promised, sums)
    }

    @Test(arguments: 1...10) func `no schedule of calls, rounds, writes and deaths passes the limit`(seed: UInt64)
        async throws
    {
        var chance = SplitMix(seed: seed)
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        _ = try await Migrator(CallStore.migrations).up(database)
        let ledger = Ledger(database: database, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let limit = Int64.random(in: 2_000...20_000, using: &chance)
        var players = (0..<Int.random(in: 2...4, using: &chance)).map { _ in Player(database, limit: limit) }
        /// What the dead had under way that the store knows of.
        var lost: Int64 = 0
        var kept: [String: Int64] = [:]
        var calls = 0
        for step in 0..<250 {
            let player = players[Int.random(in: players.indices, using: &chance)]
            player.collect()
            switch Int.random(in: 0..<100, using: &chance) {
            case 0..<40: player.call(Int64.random(in: 1...400, using: &chance))
            case 40..<60: player.end(&chance)
            case 60..<85:
                if Bool.random(using: &chance) { player.leases.desk.wakeForAll() }
                _ = await player.leases.round()
            case 85..<97: try await player.write(database)
            case 97..<98 where players.count > 1:
                players.removeAll { $0 === player }
                lost += player.underway.filter(\.isOpened).reduce(0) { $0 + $1.reserved }
                lost += player.ended.filter(\.isOpened).reduce(0) { $0 + $1.reserved }
                let replica = player.leases.replica
                try await database.execute(
                    "UPDATE gateway_replicas SET seen_at = seen_at - 61000000 WHERE id = \(replica)"
                )
                players.append(Player(database, limit: limit))
            default:
                for player in players { _ = await player.leases.round() }
                try await ledger.recover()
                lost = 0
            }
            calls += player.underway.count
            for player in players {
                kept[player.leases.replica] = player.meter.lease?.kept.load(ordering: .relaxed)
            }
            let (promised, sums) = try await look(database, kept: kept)
            let used = players.reduce(Int64(0)) { $0 + $1.used }
            #expect(promised <= limit, "step \(step): \(promised) of \(limit) are promised")
            #expect(
                sums + used + lost <= limit,
                "step \(step): \(sums) + \(used) + \(lost) of \(limit) are spent or held"
            )
            guard promised <= limit, sums + used + lost <= limit else { break }
        }
        #expect(calls > 0)
        await database.close()
    }

    @Test func `two that recover at once count an interrupted call once`() async throws {
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        _ = try await Migrator(CallStore.migrations).up(database)
        let dead = Player(database, limit: 10_000)
        dead.call(100)
        _ = await dead.leases.round()
        dead.collect()
        #expect(dead.underway.count == 1)
        try await dead.write(database)
        try await database.execute("UPDATE gateway_replicas SET seen_at = seen_at - 61000000")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let ledgers = (0..<6).map { _ in Ledger(database: database, logger: logger) }
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for ledger in ledgers { group.addTask { try await ledger.recover() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.reduce(0, +) == 1)
        let (promised, sums) = try await look(database, kept: [:])
        #expect(sums == 100 && promised == 100)
        await database.close()
    }

    @Test func `a replica whose ledger ends in order is not waited for`() async throws {
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        _ = try await Migrator(CallStore.migrations).up(database)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let first = Ledger(database: database, logger: logger)
        try await first.recover()
        first.close()
        try await first.run()
        let second = Ledger(database: database, logger: logger)
        try await second.recover()
        let rows = try await database.query("SELECT id FROM gateway_replicas")
        #expect(try rows.map { try $0.text("id") } == [second.replica])
        await database.close()
    }
}
