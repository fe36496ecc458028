import CupelCore
import CupelTesting
import Jobs
import Logging
import Storage
import Testing

/// A job whose payload can be wrong.
private struct Strict: Job {
    static let kind = "test.strict"
    init(json: JSON) throws {
        var fields = try JSONFields(json)
        _ = fields.text("name", limit: 9)
        try fields.finish()
    }
    var json: JSON { [:] }
}

@Suite(.timeLimit(.minutes(2)))
struct ScheduleTests {
    /// Everything a schedule needs, on a clock that the test moves from 2026-01-01T00:00:00Z on.
    private struct Bench {
        let time = TestClock()
        let database: any Database
        let queue: JobQueue
        let store: ScheduleStore
        var registry = JobRegistry()

        init(_ database: any Database) {
            self.database = database
            queue = JobQueue(database: database, time: time)
            store = ScheduleStore(database: database, time: time)
            registry.register(Greet.self) { _, _ in JobOutcome(.null) }
            registry.register(Strict.self) { _, _ in JobOutcome(.null) }
        }

        func scheduler(_ declared: [ScheduleDraft] = []) -> Scheduler {
            Scheduler(store: store, queue: queue, registry: registry, declared: declared, logger: Logger(label: "t"))
        }

        func count() async throws -> Int { try await queue.jobs(JobFilter(limit: 1000)).count }
    }

    private func draft(
        _ name: String = "greeting",
        _ cron: String = "*/5 * * * *",
        kind: String = "test.greet",
        payload: JSON = ["name": "Ada"],
        _ missed: MissedPolicy = .once
    ) throws -> ScheduleDraft {
        ScheduleDraft(name: name, cron: try CronExpression(cron), kind: kind, payload: payload, missed: missed)
    }

    @Test(arguments: Engine.sql) func `of several schedulers exactly one fires`(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            for number in 0..<30 { _ = try await bench.store.put(draft("s\(number)")) }
            for round in 1...3 {
                bench.time.advance(by: .seconds(300))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<6 { group.addTask { _ = try await bench.scheduler().look() } }
                    try await group.waitForAll()
                }
                let count = try await bench.count()
                #expect(count == 30 * round)
            }
        }
    }

    @Test(arguments: Engine.sql) func `a crash between the job and the schedule leaves neither`(_ engine: Engine)
        async throws
    {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            _ = try await bench.store.put(draft())
            bench.time.advance(by: .seconds(300))
            let crashing = CrashingDatabase(base: database)
            let store = ScheduleStore(database: crashing, time: bench.time)
            let scheduler = Scheduler(
                store: store,
                queue: bench.queue,
                registry: bench.registry,
                logger: Logger(label: "t")
            )
            await #expect(throws: CrashingDatabase.Crash.self) { _ = try await scheduler.look() }
            let before = try await bench.count()
            #expect(before == 0)
            _ = try await bench.scheduler().look()
            _ = try await bench.scheduler().look()
            let after = try await bench.count()
            #expect(after == 1)
        }
    }

    @Test(arguments: Engine.sql, [(MissedPolicy.skip, 0), (.once, 1), (.all, 4)])
    func `what was missed is done as the schedule says`(_ engine: Engine, _ line: (MissedPolicy, Int)) async throws {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            _ = try await bench.store.put(draft(line.0))
            bench.time.advance(by: .seconds(20 * 60 + 90))
            _ = try await bench.scheduler().look()
            let count = try await bench.count()
            #expect(count == line.1)
            // Afterwards it goes on as usual, and on time means on time under every policy.
            bench.time.advance(by: .seconds(5 * 60 - 80))
            _ = try await bench.scheduler().look()
            let next = try await bench.count()
            #expect(next == line.1 + 1)
        }
    }

    private func draft(_ missed: MissedPolicy) throws -> ScheduleDraft {
        try draft("greeting", "*/5 * * * *", kind: "test.greet", missed)
    }

    @Test func `of a year of missed minutes the newest hundred are caught up`() async throws {
        try await withDatabase(.sqlite) { database in
            let bench = Bench(database)
            _ = try await bench.store.put(draft("m", "* * * * *", .all))
            _ = try await bench.store.put(draft("d", "0 3 * * *", .all))
            bench.time.advance(by: .seconds(365 * 86_400))
            _ = try await bench.scheduler().look()
            let jobs = try await bench.queue.jobs(JobFilter(limit: 1000))
            #expect(jobs.count == 200)
            let times = Set(jobs.map(\.entry.runAt))
            #expect(times.contains(bench.time.now))
            #expect(times.contains(bench.time.now + .seconds(-99 * 60)))
            let schedule = try await bench.store.schedule("m")
            #expect(schedule.nextAt == bench.time.now + .seconds(60))
        }
    }

    @Test(arguments: Engine.sql) func `a clock that steps back fires nothing twice`(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            _ = try await bench.store.put(draft())
            bench.time.advance(by: .seconds(301))
            _ = try await bench.scheduler().look()
            bench.time.advance(by: .seconds(-200))
            _ = try await bench.scheduler().look()
            bench.time.advance(by: .seconds(210))
            _ = try await bench.scheduler().look()
            let count = try await bench.count()
            #expect(count == 1)
            bench.time.advance(by: .seconds(300))
            _ = try await bench.scheduler().look()
            let next = try await bench.count()
            #expect(next == 2)
        }
    }

    @Test(arguments: Engine.sql) func `a schedule of an unknown kind waits, says so, and hinders nobody`(
        _ engine: Engine
    ) async throws {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            _ = try await bench.store.put(draft("newer", kind: "test.newer"))
            _ = try await bench.store.put(draft("wrong", kind: "test.strict", payload: ["nane": 1]))
            _ = try await bench.store.put(draft("right"))
            bench.time.advance(by: .seconds(301))
            let wait = try await bench.scheduler().look()
            #expect(wait > .zero)
            let count = try await bench.count()
            #expect(count == 1)
            let newer = try await bench.store.schedule("newer")
            #expect(newer.note.contains("test.newer"))
            #expect(newer.nextAt <= bench.time.now)
            let wrong = try await bench.store.schedule("wrong")
            #expect(wrong.note.contains("name"))
            #expect(wrong.nextAt > bench.time.now)
        }
    }

    @Test(arguments: Engine.sql) func `a person's schedules are put, paused, run and removed`(_ engine: Engine)
        async throws
    {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            let first = try await bench.store.put(draft())
            #expect(first.isNew)
            bench.time.advance(by: .seconds(301))
            // Said again unchanged, what is due stays due.
            let second = try await bench.store.put(draft())
            #expect(!second.isNew && second.schedule.nextAt == first.schedule.nextAt)
            let paused = try await bench.store.setPaused(true, "greeting")
            #expect(paused.isPaused)
            _ = try await bench.scheduler().look()
            let none = try await bench.count()
            #expect(none == 0)
            let resumed = try await bench.store.setPaused(false, "greeting")
            #expect(resumed.nextAt > bench.time.now)
            let id = try await bench.store.run("greeting", bench.queue, bench.registry)
            let after = try await bench.store.schedule("greeting")
            #expect(after.lastJob == id && after.nextAt == resumed.nextAt)
            #expect(after.upcoming(2, after: bench.time.now).count == 2)
            try await bench.store.remove("greeting")
            await #expect(throws: CupelError.self) { try await bench.store.remove("greeting") }
        }
    }

    @Test(arguments: Engine.sql) func `declared schedules are the program's to change`(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            try await bench.store.declare([draft("cupel.a"), draft("configured")])
            _ = try await bench.store.setPaused(true, "cupel.a")
            await #expect(throws: CupelError.self) { _ = try await bench.store.put(draft("configured", "1 * * * *")) }
            await #expect(throws: CupelError.self) { _ = try await bench.store.put(draft("cupel.b")) }
            await #expect(throws: CupelError.self) { try await bench.store.remove("configured") }
            try await bench.store.declare([draft("cupel.a", "1 * * * *")])
            let names = try await bench.store.all().map(\.name)
            #expect(names == ["cupel.a"])
            let kept = try await bench.store.schedule("cupel.a")
            #expect(kept.isPaused && kept.isDeclared && kept.draft.cron.text == "1 * * * *")
        }
    }

    @Test(arguments: Engine.sql) func `the service declares, fires and ends`(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let bench = Bench(database)
            let declared = try [draft("cupel.a", "* * * * *")]
            let service = Task { await bench.scheduler(declared).run() }
            var isThere = false
            while !isThere {
                isThere = try await bench.store.all().count == 1
                try await Task.sleep(for: .milliseconds(5))
            }
            while try await bench.count() < 2 {
                bench.time.advance(by: .seconds(20))
                try await Task.sleep(for: .milliseconds(5))
            }
            service.cancel()
            await service.value
        }
    }

    @Test func `there are at most so many schedules`() async throws {
        try await withDatabase(.sqlite) { database in
            let bench = Bench(database)
            for number in 0..<Schedule.maximumCount { _ = try await bench.store.put(draft("s\(number)")) }
            await #expect(throws: CupelError.self) { _ = try await bench.store.put(draft("one-more")) }
            let again = try await bench.store.put(draft("s7", "1 * * * *"))
            #expect(!again.isNew)
        }
    }
}

/// A database whose writes come to nothing at the very end, as when the process dies before the commit.
private struct CrashingDatabase: Database {
    struct Crash: Error {}
    let base: any Database

    var engine: DatabaseEngine { base.engine }

    func read<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value {
        try await base.read(body)
    }

    func write<Value: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Value) async throws -> Value {
        try await base.write { transaction in
            _ = try body(transaction)
            throw Crash()
        }
    }

    func check() async throws { try await base.check() }
    func close() async { await base.close() }
}
