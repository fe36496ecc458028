import CupelCore
import CupelTesting
import Jobs
import Storage
import Testing

/// The queue's contract, on every engine.
@Suite(.timeLimit(.minutes(2)))
struct JobQueueTests {
    @Test(arguments: Engine.allCases) func `a job is claimed once and ends once`(_ engine: Engine) async throws {
        try await withQueue(engine) { queue in
            let worker = try await queue.makeWorker()
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let job = try await queue.takeOne(worker)
            #expect(job.id == id)
            let second = try await queue.take(5, worker)
            #expect(second.isEmpty)
            let isAccepted = try await queue.settle(job.fence, .succeeded(result: #"{"hello":"Ada"}"#))
            #expect(isAccepted)
            let again = try await queue.settle(job.fence, .succeeded(result: "1"))
            #expect(!again)
            let record = try await queue.job(id)
            #expect(record.state == .succeeded)
            #expect(record.result?["hello"]?.stringValue == "Ada")
            let events = try await queue.events(of: id, after: 0)
            let states = events.compactMap { $0.data["state"]?.stringValue }
            #expect(states == ["queued", "running", "succeeded"])
            #expect(events.last?.kind == "refused")
        }
    }

    @Test(arguments: Engine.sql) func `a job's effects are kept with its end, or not at all`(_ engine: Engine)
        async throws
    {
        struct Refused: Error {}
        try await withDatabase(engine) { database in
            let queue = JobQueue(database: database)
            let worker = try await queue.makeWorker()
            try await queue.enqueue(Greet(name: "Ada"))
            let job = try await queue.takeOne(worker)
            await #expect(throws: Refused.self) {
                _ = try await queue.complete(job.fence, result: "1") { transaction in
                    try transaction.execute("INSERT INTO effects (name) VALUES (\("half"))")
                    throw Refused()
                }
            }
            let state = try await queue.job(job.id).state
            #expect(state == .running)
            for _ in 0..<2 {
                _ = try await queue.complete(job.fence, result: "1") {
                    try $0.execute("INSERT INTO effects (name) VALUES (\("whole"))")
                }
            }
            let effects = try await database.query("SELECT name FROM effects").map { try $0.text("name") }
            #expect(effects == ["whole"])
        }
    }

    @Test(arguments: Engine.allCases) func `a worker that was presumed dead can change nothing`(_ engine: Engine)
        async throws
    {
        try await withQueue(engine) { queue in
            let (dead, alive) = (try await queue.makeWorker("dead"), try await queue.makeWorker("alive"))
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let stale = try await queue.takeOne(dead)
            try await queue.presumeDead(dead)
            let fresh = try await queue.takeOne(alive)
            #expect(fresh.id == id)
            #expect(fresh.attempt == stale.attempt + 1)
            let isAccepted = try await queue.settle(stale.fence, .succeeded(result: #""stale""#))
            #expect(!isAccepted)
            let hasFailed = try await queue.settle(stale.fence, .after(timeoutOfUpstream, stale))
            #expect(!hasFailed)
            let hasReported = try await queue.report(stale.fence, fraction: 1, note: "late", data: .null)
            #expect(!hasReported)
            let reply = try await queue.beat(dead, [stale])
            #expect(!reply.isKnown && reply.lost == [stale.fence])
            let nothing = try await queue.take(1, dead)
            #expect(nothing.isEmpty)
            let completed = try await queue.settle(fresh.fence, .succeeded(result: #""fresh""#))
            #expect(completed)
            let refusals = try await queue.events(of: id, after: 0).filter { $0.kind == "refused" }
            #expect(refusals.count == 2)
        }
    }

    @Test(arguments: Engine.allCases) func `a worker whose heart beats is not buried`(_ engine: Engine) async throws {
        try await withQueue(engine) { queue in
            let worker = try await queue.makeWorker()
            try await queue.enqueue(Greet(name: "Ada"))
            let job = try await queue.takeOne(worker)
            for _ in 0..<10 {
                let seen = try #require(try await queue.store.workers().first)
                let reply = try await queue.beat(worker, [job])
                #expect(reply == BeatReply(isKnown: true))
                let isBuried = try await queue.bury(worker, beat: seen.beat)
                #expect(!isBuried)
            }
            let isAccepted = try await queue.settle(job.fence, .succeeded(result: "1"))
            #expect(isAccepted)
        }
    }

    @Test(arguments: Engine.allCases) func `a claim whose answer was lost shows at the heartbeat and goes back`(
        _ engine: Engine
    ) async throws {
        try await withQueue(engine) { queue in
            let worker = try await queue.makeWorker()
            try await queue.enqueue(Greet(name: "Ada"))
            let job = try await queue.takeOne(worker)
            let reply = try await queue.beat(worker, [])
            #expect(reply.strays == [job.fence])
            _ = try await queue.settle(job.fence, .released(note: "lost", delay: .zero))
            let again = try await queue.takeOne(worker)
            #expect(again.attempt == 2)
        }
    }

    @Test(arguments: Engine.allCases) func `a job that kills three workers is quarantined`(_ engine: Engine)
        async throws
    {
        try await withQueue(engine) { queue in
            let id = try await queue.enqueue(Greet(name: "Ada"))
            for _ in 0..<3 {
                let worker = try await queue.makeWorker()
                _ = try await queue.takeOne(worker)
                try await queue.presumeDead(worker)
            }
            let worker = try await queue.makeWorker()
            let none = try await queue.take(1, worker)
            #expect(none.isEmpty)
            let job = try await queue.job(id)
            #expect(job.state == .failed)
            #expect(job.error?.code == "quarantined")
            #expect(job.history.arrayValue?.count == 3)
        }
    }

    @Test(arguments: Engine.allCases) func `of jobs whose workers died twice a worker runs one at a time`(
        _ engine: Engine
    ) async throws {
        try await withQueue(engine) { queue in
            for _ in 0..<3 { try await queue.enqueue(Greet(name: "Ada")) }
            for _ in 0..<2 {
                let worker = try await queue.makeWorker()
                let taken = try await queue.take(3, worker)
                #expect(taken.count == 3)
                try await queue.presumeDead(worker)
            }
            let worker = try await queue.makeWorker()
            let first = try await queue.take(3, worker)
            #expect(first.count == 1 && first[0].isSuspect)
            let request = ClaimRequest(worker: worker, room: ["default": 3], limit: 3, takesSuspect: false)
            let none = try await queue.claim(request).jobs
            #expect(none.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases) func `a transient failure waits and is tried again until its tries are used`(
        _ engine: Engine
    ) async throws {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let worker = try await queue.makeWorker()
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let first = try await queue.takeOne(worker)
            _ = try await queue.settle(first.fence, .after(timeoutOfUpstream, first))
            let early = try await queue.claim(ClaimRequest(worker: worker, room: ["default": 1], limit: 1))
            #expect(early.jobs.isEmpty)
            let wait = try #require(early.next) - clock.now
            #expect(wait > .seconds(1) && wait <= .seconds(2))
            clock.advance(by: .seconds(3))
            let second = try await queue.takeOne(worker)
            _ = try await queue.settle(second.fence, .after(timeoutOfUpstream, second))
            let dead = try await queue.job(id)
            #expect(dead.state == .failed)
            #expect(dead.error?.message == "no upstream")
            #expect(dead.history.arrayValue?.count == 2)
            try await queue.retry(id)
            let again = try await queue.take(1, worker)
            #expect(again.count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func `a permanent failure is not tried again and can be discarded`(
        _ engine: Engine
    ) async throws {
        try await withQueue(engine) { queue in
            let worker = try await queue.makeWorker()
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let early = await #expect(throws: CupelError.self) { try await queue.discard(id) }
            #expect(early?.code == .conflict)
            let job = try await queue.takeOne(worker)
            _ = try await queue.settle(job.fence, .after(CupelError(.nothingFits, "no module"), job))
            let state = try await queue.job(id).state
            #expect(state == .failed)
            try await queue.discard(id)
            let gone = await #expect(throws: CupelError.self) { try await queue.job(id) }
            #expect(gone?.code == .notFound)
        }
    }

    @Test(arguments: Engine.allCases) func `high goes before normal, but a normal one that waited a minute goes first`(
        _ engine: Engine
    ) async throws {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let worker = try await queue.makeWorker()
            let old = try await queue.enqueue(Greet(name: "old"))
            clock.advance(by: .seconds(61))
            let normal = try await queue.enqueue(Greet(name: "new"))
            let urgent = try await queue.enqueue(Urgent())
            let low = try await queue.enqueue(Humble())
            let order = try await queue.take(4, worker).map(\.id)
            #expect(order == [old, urgent, normal, low])
        }
    }

    @Test(arguments: Engine.allCases) func `in strict order a high one goes first, however long others waited`(
        _ engine: Engine
    ) async throws {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let worker = try await queue.makeWorker()
            let old = try await queue.enqueue(Greet(name: "old"))
            clock.advance(by: .seconds(3600))
            let urgent = try await queue.enqueue(Urgent())
            let request = ClaimRequest(worker: worker, room: ["default": 2], limit: 2, isStrict: true)
            let order = try await queue.claim(request).jobs.map(\.id)
            #expect(order == [urgent, old])
        }
    }

    @Test(arguments: Engine.allCases) func `a unique key gives the job that is already there`(_ engine: Engine)
        async throws
    {
        try await withQueue(engine) { queue in
            let worker = try await queue.makeWorker()
            let first = try await queue.enqueue(Greet(name: "a", uniqueKey: "k"))
            let second = try await queue.enqueue(Greet(name: "b", uniqueKey: "k"))
            #expect(first == second)
            let job = try await queue.takeOne(worker)
            let whileItRuns = try await queue.enqueue(Greet(name: "c", uniqueKey: "k"))
            #expect(whileItRuns == first)
            _ = try await queue.settle(job.fence, .succeeded(result: "1"))
            let third = try await queue.enqueue(Greet(name: "c", uniqueKey: "k"))
            #expect(third != first)
            let many = try await withThrowingTaskGroup(of: JobID.self) { group in
                for number in 0..<32 {
                    group.addTask { try await queue.enqueue(Greet(name: "\(number)", uniqueKey: "at once")) }
                }
                return try await group.reduce(into: Set<JobID>()) { $0.insert($1) }
            }
            #expect(many.count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func `asking twice with one identifier is asking once`(_ engine: Engine)
        async throws
    {
        try await withQueue(engine) { queue in
            let entry = try queue.entry(Greet(name: "Ada"))
            let first = try await queue.submit(entry)
            let second = try await queue.submit(entry)
            #expect(first.id == second.id && first.isNew && !second.isNew)
            let jobs = try await queue.jobs(JobFilter())
            #expect(jobs.count == 1)
        }
    }

    @Test(arguments: Engine.sql) func `an enqueue in a transaction that fails never happened`(_ engine: Engine)
        async throws
    {
        struct Refused: Error {}
        try await withDatabase(engine) { database in
            let queue = JobQueue(database: database)
            await #expect(throws: Refused.self) {
                try await database.write { transaction in
                    _ = try queue.enqueue(Greet(name: "a"), in: transaction)
                    throw Refused()
                }
            }
            let jobs = try await queue.jobs(JobFilter())
            #expect(jobs.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases) func `a waiting job is cancelled at once, a running one is asked to end`(
        _ engine: Engine
    ) async throws {
        try await withQueue(engine) { queue in
            let worker = try await queue.makeWorker()
            let id = try await queue.enqueue(Greet(name: "a"))
            try await queue.cancel(id)
            let state = try await queue.job(id).state
            #expect(state == .cancelled)
            let again = await #expect(throws: CupelError.self) { try await queue.cancel(id) }
            #expect(again?.code == .conflict)
            let unknown = await #expect(throws: CupelError.self) { try await queue.cancel(JobID()) }
            #expect(unknown?.code == .notFound)

            let running = try await queue.enqueue(Greet(name: "b"))
            let job = try await queue.takeOne(worker)
            try await queue.cancel(running)
            let reply = try await queue.beat(worker, [job])
            #expect(reply.cancelled == [job.fence])
            _ = try await queue.settle(job.fence, .cancelled)
            let late = try await queue.settle(job.fence, .succeeded(result: "1"))
            #expect(!late)
            let ended = try await queue.job(running).state
            #expect(ended == .cancelled)
        }
    }

    @Test(arguments: Engine.allCases) func `a chain runs in order and a join waits for all`(_ engine: Engine)
        async throws
    {
        try await withQueue(engine) { queue in
            let worker = try await queue.makeWorker()
            let parts = [try await queue.enqueue(Greet(name: "1")), try await queue.enqueue(Greet(name: "2"))]
            let join = try await queue.enqueue(Greet(name: "join"), after: parts)
            let last = try await queue.enqueue(Greet(name: "last"), after: [join])
            let first = try await queue.take(9, worker)
            #expect(Set(first.map(\.id)) == Set(parts))
            _ = try await queue.settle(first[0].fence, .succeeded(result: "1"))
            let tooEarly = try await queue.take(9, worker)
            #expect(tooEarly.isEmpty)
            _ = try await queue.settle(first[1].fence, .succeeded(result: "1"))
            let joined = try await queue.takeOne(worker)
            #expect(joined.id == join)
            _ = try await queue.settle(joined.fence, .after(CupelError(.nothingFits, "no"), joined))
            let record = try await queue.job(last)
            #expect(record.state == .cancelled)
            let refused = await #expect(throws: CupelError.self) {
                try await queue.enqueue(Greet(name: "late"), after: [join])
            }
            #expect(refused?.code == .conflict)
            let unknown = await #expect(throws: CupelError.self) {
                try await queue.enqueue(Greet(name: "late"), after: [JobID()])
            }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test(arguments: Engine.allCases) func `a paused queue starts nothing, a limited one no more than its limit`(
        _ engine: Engine
    ) async throws {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let worker = try await queue.makeWorker()
            for _ in 0..<5 { try await queue.enqueue(Greet(name: "a")) }
            _ = try await queue.control("default") { $0.isPaused = true }
            let paused = try await queue.take(5, worker)
            #expect(paused.isEmpty)
            _ = try await queue.control("default") {
                $0.isPaused = false
                $0.concurrency = 2
            }
            let limited = try await queue.take(5, worker)
            #expect(limited.count == 2)
            let full = try await queue.take(5, worker)
            #expect(full.isEmpty)
            _ = try await queue.control("default") {
                $0.concurrency = nil
                $0.ratePerMinute = 60
            }
            let first = try await queue.take(5, worker)
            #expect(first.count == 2)
            let next = try await queue.claim(ClaimRequest(worker: worker, room: ["default": 5], limit: 5))
            #expect(next.jobs.isEmpty && next.next != nil)
            clock.advance(by: .seconds(1))
            let second = try await queue.take(5, worker)
            #expect(second.count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func `many claimers never get the same job`(_ engine: Engine) async throws {
        try await withQueue(engine) { queue in
            for number in 0..<200 { try await queue.enqueue(Greet(name: "\(number)")) }
            let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let worker = try await queue.makeWorker("\(number)")
                        var mine: [JobID] = []
                        while let job = try await queue.take(3, worker).first { mine.append(job.id) }
                        return mine
                    }
                }
                return try await group.reduce(into: [], +=)
            }
            #expect(Set(claimed).count == claimed.count)
        }
    }

    @Test(arguments: Engine.allCases) func `depths count what waits, runs and is dead`(_ engine: Engine) async throws {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let worker = try await queue.makeWorker()
            let oldest = clock.now
            try await queue.enqueue(Greet(name: "a"))
            clock.advance(by: .seconds(5))
            for _ in 0..<3 { try await queue.enqueue(Humble()) }
            let job = try await queue.takeOne(worker)
            _ = try await queue.settle(job.fence, .after(CupelError(.nothingFits, "no"), job))
            _ = try await queue.takeOne(worker)
            let depths = try await queue.store.depths()
            #expect(
                depths == [
                    QueueDepth(queue: "default", state: .failed, count: 1, oldest: oldest),
                    QueueDepth(queue: "other", state: .queued, count: 2, oldest: clock.now),
                    QueueDepth(queue: "other", state: .running, count: 1, oldest: clock.now),
                ]
            )
        }
    }

    @Test func `a payload is refused at one byte over the bound`() async throws {
        try await withQueue { queue in
            let overhead = Greet(name: "").json.text().utf8.count
            let fits = String(repeating: "a", count: JobQueue.maximumPayloadBytes - overhead)
            _ = try await queue.enqueue(Greet(name: fits))
            let error = await #expect(throws: CupelError.self) { try await queue.enqueue(Greet(name: fits + "a")) }
            #expect(error?.code == .payloadTooLarge)
        }
    }

    @Test func `the wait between tries doubles up to a minute, less at most a quarter, or as the error asks`() {
        var generator = SystemRandomNumberGenerator()
        let policy = RetryPolicy()
        for (failures, seconds) in [(1, 2.0), (3, 8), (5, 32), (6, 60), (50, 60)] {
            let delay = policy.delay(failures: failures, after: timeoutOfUpstream, using: &generator)
            #expect(delay.inMilliseconds / 1000 <= seconds && delay.inMilliseconds / 1000 >= seconds * 0.75)
        }
        let busy = CupelError(.providerRateLimited, "busy", retryAfterSeconds: 90)
        #expect(policy.delay(failures: 1, after: busy, using: &generator) == .seconds(90))
    }

    @Test func `a kind that is not known is named with its nearest`() throws {
        var registry = JobRegistry()
        registry.register(Greet.self) { _, _ in JobOutcome(.null) }
        registry.register(Urgent.self) { _, _ in JobOutcome(.null) }
        let now = SystemTime().now
        let error = #expect(throws: CupelError.self) {
            try registry.entry(kind: "test.greed", payload: [:], now: now)
        }
        #expect(error?.fields.first?.message.contains("did you mean 'test.greet'") == true)
        // A kind that only the program itself uses is none to a caller.
        #expect(throws: CupelError.self) { try registry.entry(kind: "test.urgent", payload: [:], now: now) }
    }
}
