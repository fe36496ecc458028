import CupelCore
import CupelTesting
import Jobs
import Logging
import Storage
import Testing

@Suite(.timeLimit(.minutes(2)))
struct RetentionTests {
    private let days = RetentionSettings.days

    private func count(_ table: String, _ database: any Database) async throws -> Int {
        try await database.query("SELECT count(*) AS n FROM \(raw: table)").first?.integer("n") ?? -1
    }

    @Test(arguments: Engine.sql) func `what is old goes, what is needed stays`(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let time = TestClock()
            let queue = JobQueue(database: database, time: time)
            let worker = try await queue.makeWorker()
            func end(_ name: String, _ ending: JobEnding) async throws -> JobID {
                let id = try await queue.enqueue(Greet(name: name))
                let job = try await queue.takeOne(worker)
                _ = try await queue.settle(job.fence, ending)
                return id
            }
            let failure = JobEnding.failed(JobFailure(code: "x", message: "y"), retryAfter: nil)
            let done = try await end("done", .succeeded(result: "1"))
            let needing = try await queue.enqueue(Greet(name: "needing"), after: [done])
            try await queue.cancel(needing)
            let dead = try await end("dead", failure)
            let waiting = try await queue.enqueue(Greet(name: "waiting"), delay: days(100))
            try await queue.store.add([QueueMinute(queue: "default")], at: time.now)
            let retention = Retention(database: database, settings: RetentionSettings(), time: time)

            time.advance(by: days(6))
            let fresh = try await end("fresh", .succeeded(result: "1"))
            _ = try await retention.sweep()
            let all = try await queue.jobs(JobFilter()).count
            #expect(all == 5)

            time.advance(by: days(2))
            let answer = try await retention.sweep()
            #expect(answer["deleted"]?["jobs that are done"] == 2)
            #expect(answer["is_whole"] == true)
            let left = try await Set(queue.jobs(JobFilter()).map(\.id))
            #expect(left == [dead, waiting, fresh])
            let needs = try await count("job_needs", database)
            #expect(needs == 0)
            for id in [dead, waiting, fresh] {
                let events = try await queue.events(of: id, after: 0)
                #expect(!events.isEmpty)
            }
            let gone = try await queue.events(of: done, after: 0)
            #expect(gone.isEmpty)

            time.advance(by: days(23))
            _ = try await retention.sweep()
            let last = try await queue.jobs(JobFilter()).map(\.id)
            #expect(last == [waiting])
            let minutes = try await count("job_minutes", database)
            #expect(minutes == 0)
            let events = try await queue.events(of: nil, after: 0)
            #expect(events.allSatisfy { $0.job == waiting } && !events.isEmpty)
        }
    }

    @Test(arguments: Engine.sql) func `many batches leave nothing old`(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let time = TestClock()
            let queue = JobQueue(database: database, time: time)
            for start in stride(from: 0, to: 2500, by: 500) {
                try await database.write { transaction in
                    for number in start..<start + 500 {
                        let id = try queue.enqueue(Greet(name: "\(number)"), in: transaction)
                        try transaction.execute(
                            """
                            UPDATE jobs SET state = \(number % 5 == 0 ? "failed" : "succeeded"), finished_at = \(time.now)
                            WHERE id = \(id)
                            """
                        )
                        try transaction.execute(
                            "INSERT INTO job_probes (job_id, mark, attempt, at) VALUES (\(id), '', 1, \(time.now))"
                        )
                    }
                }
            }
            time.advance(by: days(8))
            let rule = RetentionRule(table: "effects_old", column: "expires_at", keep: .zero)
            try await database.execute("CREATE TABLE effects_old (name TEXT, expires_at BIGINT)")
            for age in [-1, 1] {
                try await database.execute(
                    "INSERT INTO effects_old (name, expires_at) VALUES ('x', \(time.now + .seconds(age)))"
                )
            }
            let retention = Retention(database: database, settings: RetentionSettings(), rules: [rule], time: time)
            let answer = try await retention.sweep()
            #expect(answer["deleted"]?["jobs that are done"] == 2000)
            #expect(answer["deleted"]?["job_probes"] == 2500)
            #expect(answer["deleted"]?["effects_old"] == 1)
            let jobs = try await count("jobs", database)
            #expect(jobs == 500)
            let events = try await count("job_events", database)
            #expect(events == 500)
        }
    }

    @Test(arguments: Engine.sql) func `a large table without row ids is deleted from its oldest row on`(
        _ engine: Engine
    ) async throws {
        try await withDatabase(engine) { database in
            let time = TestClock()
            time.advance(by: days(100))
            let order = engine == .sqlite ? " WITHOUT ROWID" : ""
            let table = "CREATE TABLE grown (id TEXT PRIMARY KEY, started_at BIGINT NOT NULL)\(order)"
            try await database.execute(SQL(parts: [.text(table)]))
            try await database.write { transaction in
                for number in 0..<2600 {
                    let at = time.now + .seconds(number < 2500 ? -days(90).components.seconds - 1 : -60)
                    try transaction.execute(
                        "INSERT INTO grown (id, started_at) VALUES (\(String(10_000 + number)), \(at))"
                    )
                }
            }
            let rule = RetentionRule(table: "grown", column: "started_at", keep: days(90), key: "id")
            let retention = Retention(database: database, settings: RetentionSettings(), rules: [rule], time: time)
            let answer = try await retention.sweep()
            #expect(answer["deleted"]?["grown"] == 2500)
            let left = try await count("grown", database)
            #expect(left == 100)
            let again = try await retention.sweep()
            #expect(again["deleted"]?["grown"] == 0)
        }
    }

    @Test func `events go sooner than their jobs when that is set`() async throws {
        try await withDatabase(.sqlite) { database in
            let time = TestClock()
            let queue = JobQueue(database: database, time: time)
            let worker = try await queue.makeWorker()
            let id = try await queue.enqueue(Greet(name: "done"))
            _ = try await queue.settle(try await queue.takeOne(worker).fence, .succeeded(result: "1"))
            let settings = RetentionSettings(events: days(1))
            time.advance(by: days(2))
            let answer = try await Retention(database: database, settings: settings, time: time).sweep()
            #expect(answer["deleted"]?["job_events"] == 3)
            let state = try await queue.job(id).state
            #expect(state == .succeeded)
        }
    }

    @Test(arguments: Engine.sql) func `retention and probes run as jobs`(_ engine: Engine) async throws {
        try await withDatabase(engine) { database in
            let queue = JobQueue(database: database)
            var registry = JobRegistry()
            Retention(database: database, settings: RetentionSettings()).register(in: &registry)
            ProbeJob.register(in: &registry)
            let worker = JobWorker(
                queue: queue,
                registry: registry,
                settings: WorkerSettings(concurrency: 2, drain: .zero),
                logger: Logger(label: "t")
            )
            // Ends with the cancellation below.
            let running = Task { await worker.run() }
            let probe = try await queue.enqueue(
                ProbeJob(length: .milliseconds(20), mark: "m", fails: 1, hasChild: true)
            )
            let sweep = try await queue.enqueue(RetentionJob())
            let swept = try await finished(sweep, queue)
            #expect(swept.result?["is_whole"] == true)
            let probed = try await finished(probe, queue)
            #expect(probed.state == .succeeded && probed.attempt == 2)
            let marks = try await database.query("SELECT mark FROM job_probes").map { try $0.text("mark") }
            #expect(marks == ["m"])
            let long = try await queue.enqueue(ProbeJob(length: .seconds(500), hasChild: true))
            while try await queue.job(long).state != .running { try await Task.sleep(for: .milliseconds(5)) }
            try await queue.cancel(long)
            let ended = try await finished(long, queue)
            #expect(ended.state == .cancelled)
            running.cancel()
            await running.value
        }
    }

    @Test func `a probe names what is wrong with it`() throws {
        #expect(throws: CupelError.self) { _ = try ProbeJob(json: ["milliseconds": 600_001]) }
        #expect(throws: CupelError.self) {
            _ = try ProbeJob(json: ["mark": .string(String(repeating: "m", count: 201))])
        }
        #expect(throws: CupelError.self) { _ = try ProbeJob(json: ["children": 1]) }
        #expect(throws: CupelError.self) { _ = try ProbeJob(json: ["child": true]) }
        let probe = try ProbeJob(json: ["milliseconds": 600_000, "mark": .string(String(repeating: "m", count: 200))])
        #expect(probe.length == .seconds(600))
    }
}
