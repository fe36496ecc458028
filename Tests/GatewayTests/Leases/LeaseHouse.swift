import CupelCore
import CupelTesting
import Logging
import NIOCore
import NIOPosix
import Storage

@testable import Gateway

/// Replicas of the gateway in one process, each with a ledger, event loops and connections of its own, on one PostgreSQL.
struct LeaseHouse: Sendable {
    /// One of them.
    struct Replica: Sendable {
        let house: GatewayHouse
        let leases: BudgetLeases
        /// What its ledger writes through.
        let ledgerStore: MoodyDatabase
        /// What it asks for slices through.
        let leaseStore: MoodyDatabase
        let task: Task<Void, Never>

        var id: String { house.ledger.replica }

        /// Ends without a word: nothing is given back and nothing is written any more.
        func die() async {
            leaseStore.become(.refusing)
            ledgerStore.become(.refusing)
            task.cancel()
            await task.value
        }

        /// Asks as many at once.
        func ask(_ count: Int) async throws -> [WireClient.Answer] {
            try await withThrowingTaskGroup(of: WireClient.Answer.self) { group in
                for _ in 0..<count { group.addTask { try await house.ask(Talk.question) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
    }

    let database: PostgresDatabase
    let replicas: [Replica]

    /// Runs a body with replicas, and ends them after it.
    static func with(
        _ count: Int,
        limits: BudgetLeases.Limits = BudgetLeases.Limits(),
        _ body: @Sendable (LeaseHouse) async throws -> Void
    ) async throws {
        let url = try PostgresServer.shared().makeDatabase()
        let database = try await PostgresDatabase(url: url)
        _ = try await Migrator(CallStore.migrations).up(database)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: count)
        var replicas: [Replica] = []
        var listeners: [any Channel] = []
        for _ in 0..<count {
            let (replica, listener) = try await make(on: url, group, limits, counting: database)
            replicas.append(replica)
            listeners.append(listener)
        }
        let result: Result<Void, any Error>
        do {
            try await body(LeaseHouse(database: database, replicas: replicas))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for listener in listeners { try? await listener.close() }
        for replica in replicas {
            await replica.house.engine.close()
            replica.task.cancel()
            await replica.task.value
        }
        try await group.shutdownGracefully()
        for replica in replicas { await replica.leaseStore.close() }
        await database.close()
        try result.get()
    }

    private static func make(
        on url: Secret,
        _ group: any EventLoopGroup,
        _ limits: BudgetLeases.Limits,
        counting database: PostgresDatabase
    ) async throws -> (Replica, any Channel) {
        let store = try await PostgresDatabase(url: url)
        let ledgerStore = MoodyDatabase(store)
        let leaseStore = MoodyDatabase(store)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let ledger = Ledger(database: ledgerStore, logger: logger)
        let engine = GatewayEngine(ledger: ledger, on: group)
        let leases = BudgetLeases(leaseStore, replica: ledger.replica, logger: logger, limits: limits)
        let listener = try await GatewayHouse.listen(engine, group, hasLane: true)
        let port = listener.localAddress?.port ?? 0
        let house = GatewayHouse(database: database, ledger: ledger, engine: engine, port: port)
        // Ends with the replica, which waits for it.
        let task = Task {
            await withTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try? await ledger.run() }
                tasks.addTask { await leases.run() }
            }
        }
        let replica = Replica(
            house: house,
            leases: leases,
            ledgerStore: ledgerStore,
            leaseStore: leaseStore,
            task: task
        )
        return (replica, listener)
    }

    /// The window of a budget, of all calls of the tests, that lasts today.
    static func window(_ budget: String = "b", days: Int64 = 0) -> LeaseWindow {
        let day = UsageRollup.microsecondsADay
        let start = (SystemTime().now.microseconds / day + days) * day
        return LeaseWindow(
            key: LeaseWindow.Key(budget: budget, start: start),
            end: start + day,
            word: "team",
            name: "interns"
        )
    }

    /// Publishes one caller whose calls a budget bounds, on every replica, and gives its meters.
    @discardableResult
    func publish(_ limit: Money, _ upstream: WireUpstream, window: LeaseWindow = LeaseHouse.window()) async
        -> [BudgetMeter]
    {
        var meters: [BudgetMeter] = []
        for replica in replicas {
            let meter = replica.leases.meter(
                window,
                name: "of the tests",
                limit: limit,
                spent: .zero,
                resets: Timestamp(microseconds: window.end)
            )
            meters.append(meter)
            var asker = CallRecord.Asker()
            asker.team = window.name
            await replica.house.publish(
                Caller(asker: asker, budgets: [meter]),
                ["m": CallRoute([.at(upstream.port, maximumConnections: 1000)])]
            )
        }
        return meters
    }

    // MARK: What the store has

    /// What all replicas together may have spent at the end of what was granted.
    func promised(_ window: LeaseWindow = LeaseHouse.window()) async throws -> Int64 {
        let rows = try await database.query(
            """
            SELECT CAST(coalesce(base, 0) + coalesce((SELECT sum(granted) FROM budget_leases l
                WHERE l.budget = w.budget AND l.starts_at = w.starts_at), 0) AS BIGINT) AS promised
            FROM budget_windows w WHERE budget = \(window.key.budget) AND starts_at = \(window.key.start)
            """
        )
        return Int64(try rows.first?.integer("promised") ?? 0)
    }

    /// What calls of the tests cost, and how many ended.
    func spent() async throws -> (calls: Int, cost: Int64) {
        let rows = try await database.query(
            """
            SELECT CAST(coalesce(sum(calls), 0) AS BIGINT) AS calls,
                CAST(coalesce(sum(cost_microdollars), 0) AS BIGINT) AS cost FROM usage_days
            """
        )
        return (try rows[0].integer("calls"), Int64(try rows[0].integer("cost")))
    }

    /// Makes the store believe that a replica has been silent for so long.
    func age(_ replica: Replica, by duration: Duration) async throws {
        try await database.execute(
            "UPDATE gateway_replicas SET seen_at = seen_at - \(duration.wholeMicroseconds) WHERE id = \(replica.id)"
        )
    }
}
