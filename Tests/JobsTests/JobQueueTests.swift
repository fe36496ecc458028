import CupelCore
import CupelTesting
import Jobs
import Storage
import Testing

/// The queue's contract, on both engines.
@Suite(.timeLimit(.minutes(2)))
struct JobQueueTests {
    static let engines: [DatabaseEngine] = [.sqlite, .postgres]

    @Test(arguments: engines) func `a job is claimed once and completed with its effects`(_ engine: DatabaseEngine)
        async throws
    {
        try await withQueue(engine) { queue in
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let claimed = try await queue.claim(limit: 5, worker: "w")
            #expect(claimed.map(\.id) == [id])
            let second = try await queue.claim(limit: 5, worker: "w2")
            #expect(second.isEmpty)
            let isAccepted = try await queue.complete(claimed[0], result: ["hello": "Ada"]) {
                try $0.execute("INSERT INTO effects (name) VALUES (\("Ada"))")
            }
            #expect(isAccepted)
            let job = try await queue.job(id)
            #expect(job.state == .succeeded)
            #expect(job.result?["hello"]?.stringValue == "Ada")
            let events = try await queue.events(of: id, after: 0).compactMap { $0.data["state"]?.stringValue }
            #expect(events == ["queued", "running", "succeeded"])
        }
    }

    @Test(arguments: engines) func `a worker that lost its lease can change nothing`(_ engine: DatabaseEngine)
        async throws
    {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let stale = try #require(try await queue.claim(limit: 1, worker: "dead").first)
            clock.advance(by: .seconds(11))
            let fresh = try #require(try await queue.claim(limit: 1, worker: "alive").first)
            #expect(fresh.id == id)
            #expect(fresh.attempt == stale.attempt + 1)
            let isAccepted = try await queue.complete(stale, result: "stale") {
                try $0.execute("INSERT INTO effects (name) VALUES (\("stale"))")
            }
            #expect(!isAccepted)
            try await queue.fail(stale, CupelError(.toolFailed, "late"))
            let state = try await queue.heartbeat(stale)
            #expect(state == .lost)
            let completed = try await queue.complete(fresh, result: "fresh")
            #expect(completed)
            let effects = try await queue.database.query("SELECT name FROM effects")
            #expect(effects.isEmpty)
        }
    }

    @Test(arguments: engines) func `a job that heartbeats outlives any number of leases`(_ engine: DatabaseEngine)
        async throws
    {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            try await queue.enqueue(Greet(name: "Ada"))
            let job = try #require(try await queue.claim(limit: 1, worker: "w").first)
            for _ in 0..<10 {
                clock.advance(by: .seconds(8))
                let state = try await queue.heartbeat(job)
                #expect(state == .held)
                let others = try await queue.claim(limit: 1, worker: "other")
                #expect(others.isEmpty)
            }
        }
    }

    @Test(arguments: engines) func `a job that kills three workers is quarantined`(_ engine: DatabaseEngine)
        async throws
    {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let id = try await queue.enqueue(Greet(name: "Ada"))
            for _ in 0..<JobQueue.maximumCrashes {
                let claimed = try await queue.claim(limit: 1, worker: "w")
                #expect(claimed.count == 1)
                clock.advance(by: .seconds(11))
            }
            let none = try await queue.claim(limit: 1, worker: "w")
            #expect(none.isEmpty)
            let job = try await queue.job(id)
            #expect(job.state == .failed)
            #expect(job.error?.code == "quarantined")
        }
    }

    @Test(arguments: engines) func `a transient failure waits and is tried again until its tries are used`(
        _ engine: DatabaseEngine
    ) async throws {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let first = try #require(try await queue.claim(limit: 1, worker: "w").first)
            try await queue.fail(first, CupelError(.providerConnectionFailed, "no upstream"))
            let tooEarly = try await queue.claim(limit: 1, worker: "w")
            #expect(tooEarly.isEmpty)
            clock.advance(by: .seconds(3))
            let second = try #require(try await queue.claim(limit: 1, worker: "w").first)
            try await queue.fail(second, CupelError(.providerConnectionFailed, "no upstream"))
            let dead = try await queue.job(id)
            #expect(dead.state == .failed)
            #expect(dead.error?.message == "no upstream")
            try await queue.retry(id)
            let again = try await queue.claim(limit: 1, worker: "w")
            #expect(again.count == 1)
        }
    }

    @Test(arguments: engines) func `a permanent failure is not tried again`(_ engine: DatabaseEngine) async throws {
        try await withQueue(engine) { queue in
            let id = try await queue.enqueue(Greet(name: "Ada"))
            let job = try #require(try await queue.claim(limit: 1, worker: "w").first)
            try await queue.fail(job, CupelError(.nothingFits, "no module"))
            let state = try await queue.job(id).state
            #expect(state == .failed)
        }
    }

    @Test(arguments: engines) func `high goes before normal, but a normal one that waited a minute goes first`(
        _ engine: DatabaseEngine
    ) async throws {
        let clock = TestClock()
        try await withQueue(engine, time: clock) { queue in
            let old = try await queue.enqueue(Greet(name: "old"))
            clock.advance(by: .seconds(61))
            let normal = try await queue.enqueue(Greet(name: "new"))
            let urgent = try await queue.enqueue(Urgent())
            let order = try await queue.claim(limit: 3, worker: "w").map(\.id)
            #expect(order == [old, urgent, normal])
        }
    }

    @Test(arguments: engines) func `a unique key gives the job that is already there`(_ engine: DatabaseEngine)
        async throws
    {
        try await withQueue(engine) { queue in
            let first = try await queue.enqueue(Greet(name: "a", uniqueKey: "k"))
            let second = try await queue.enqueue(Greet(name: "b", uniqueKey: "k"))
            #expect(first == second)
            let job = try #require(try await queue.claim(limit: 1, worker: "w").first)
            _ = try await queue.complete(job, result: .null)
            let third = try await queue.enqueue(Greet(name: "c", uniqueKey: "k"))
            #expect(third != first)
        }
    }

    @Test(arguments: engines) func `an enqueue in a transaction that fails never happened`(_ engine: DatabaseEngine)
        async throws
    {
        struct Refused: Error {}
        try await withQueue(engine) { queue in
            await #expect(throws: Refused.self) {
                try await queue.database.write { transaction in
                    _ = try queue.enqueue(Greet(name: "a"), in: transaction)
                    throw Refused()
                }
            }
            let jobs = try await queue.jobs(state: nil, before: nil, limit: 10)
            #expect(jobs.isEmpty)
        }
    }

    @Test(arguments: engines) func `a waiting job is cancelled at once, a finished one is not`(_ engine: DatabaseEngine)
        async throws
    {
        try await withQueue(engine) { queue in
            let id = try await queue.enqueue(Greet(name: "a"))
            try await queue.cancel(id)
            let state = try await queue.job(id).state
            #expect(state == .cancelled)
            let again = await #expect(throws: CupelError.self) { try await queue.cancel(id) }
            #expect(again?.code == .conflict)
            let unknown = await #expect(throws: CupelError.self) { try await queue.cancel(JobID()) }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test func `many claimers never get the same job`() async throws {
        try await withQueue { queue in
            for number in 0..<200 { try await queue.enqueue(Greet(name: "\(number)")) }
            let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for number in 0..<16 {
                    group.addTask {
                        var mine: [JobID] = []
                        while let job = try await queue.claim(limit: 3, worker: "w\(number)").first {
                            mine.append(job.id)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: [], +=)
            }
            #expect(Set(claimed).count == claimed.count)
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

    @Test func `the wait between tries doubles up to a minute, less at most a quarter`() {
        var generator = SystemRandomNumberGenerator()
        for (failures, seconds) in [(1, 2.0), (3, 8), (5, 32), (6, 60), (50, 60)] {
            let delay = RetryPolicy.delay(failures: failures, using: &generator).inMilliseconds / 1000
            #expect(delay <= seconds && delay >= seconds * 0.75)
        }
    }
}
