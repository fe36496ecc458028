import CupelCore
import CupelTesting
import Glibc
import Jobs
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct JobWorkerTests {
    func withWorker(
        _ queue: JobQueue,
        drain: Duration = .seconds(5),
        concurrency: Int = 2,
        _ greet: @escaping @Sendable (Greet, JobContext) async throws -> JobOutcome,
        _ body: (ServiceGroup) async throws -> Void
    ) async throws {
        var registry = JobRegistry()
        registry.register(Greet.self, greet)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let worker = JobWorker(
            queue: queue,
            registry: registry,
            settings: WorkerSettings(concurrency: concurrency, drain: drain),
            logger: logger
        )
        let group = ServiceGroup(services: [worker], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body(group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test(arguments: Engine.sql) func `a worker runs what is enqueued and records effects once`(_ engine: Engine)
        async throws
    {
        try await withDatabase(engine) { database in
            let queue = JobQueue(database: database)
            try await withWorker(queue) { job, context in
                try await context.progress(0.5, "half way")
                return JobOutcome(["hello": .string(job.name)]) {
                    try $0.execute("INSERT INTO effects (name) VALUES (\(job.name))")
                }
            } _: { _ in
                let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
                    for number in 0..<20 { group.addTask { try await queue.enqueue(Greet(name: "\(number)")) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                for id in ids {
                    let job = try await finished(id, queue)
                    #expect(job.state == .succeeded)
                }
                let effects = try await database.query("SELECT DISTINCT name FROM effects")
                #expect(effects.count == 20)
            }
        }
    }

    @Test func `a running job is cancelled, and its handler sees the cancellation`() async throws {
        let sawCancellation = Mutex(false)
        try await withQueue { queue in
            try await withWorker(queue) { _, context in
                try await context.progress(0.1, "started")
                do {
                    try await SystemTime().sleep(for: .seconds(60))
                } catch {
                    sawCancellation.withLock { $0 = true }
                    throw error
                }
                return JobOutcome(.null)
            } _: { _ in
                let id = try await queue.enqueue(Greet(name: "slow"))
                while try await queue.job(id).note != "started" {}
                try await queue.cancel(id)
                let job = try await finished(id, queue)
                #expect(job.state == .cancelled)
            }
        }
        #expect(sawCancellation.withLock { $0 })
    }

    @Test func `at a stop a job that does not end in the drain goes back to the queue`() async throws {
        try await withQueue { queue in
            let id = try await queue.enqueue(Greet(name: "slow"))
            try await withWorker(queue, drain: .milliseconds(50)) { _, _ in
                try await SystemTime().sleep(for: .seconds(60))
                return JobOutcome(.null)
            } _: { _ in
                while try await queue.job(id).state != .running {}
            }
            let job = try await queue.job(id)
            #expect(job.state == .queued)
            #expect(job.entry.failures == 0)
        }
    }

    @Test func `a handler that throws leaves its code and message, and an unknown error says nothing inside`()
        async throws
    {
        struct Odd: Error { let detail = "password=hunter2" }
        try await withQueue { queue in
            try await withWorker(queue) { job, _ in
                if job.name == "odd" { throw Odd() }
                throw CupelError(.nothingFits, "nothing fits that ask")
            } _: { _ in
                let plain = try await finished(try await queue.enqueue(Greet(name: "a")), queue)
                #expect(plain.error == JobFailure(code: "nothing_fits", message: "nothing fits that ask"))
                let odd = try await queue.enqueue(Greet(name: "odd"))
                while try await queue.job(odd).entry.failures == 0 {}
                let failure = try await queue.job(odd).error
                #expect(failure?.code == "internal_error")
                #expect(failure?.message.contains("hunter2") == false)
            }
        }
    }

    @Test(arguments: Engine.allCases) func `a job that takes too long is ended and tried again`(_ engine: Engine)
        async throws
    {
        try await withQueue(engine) { queue in
            try await withWorker(queue) { _, _ in
                try await SystemTime().sleep(for: .seconds(60))
                return JobOutcome(.null)
            } _: { _ in
                let entry = JobEntry(
                    id: JobID(),
                    kind: Greet.kind,
                    payload: "{}",
                    options: JobOptions(maximumFailures: 1, timeout: .milliseconds(50)),
                    createdAt: queue.time.now,
                    runAt: queue.time.now
                )
                let job = try await finished(try await queue.submit(entry).id, queue)
                #expect(job.state == .failed)
                #expect(job.error?.code == "timeout")
            }
        }
    }

    @Test func `a cancel reaches the processes that a job has started`() async throws {
        let pids = Mutex<[Int32]>([])
        try await withQueue { queue in
            try await withWorker(queue) { _, context in
                let child = try await ProcessLoop.shared.start(ProcessCommand(["/bin/sleep", "600"], environment: [:]))
                pids.withLock { $0.append(child.processID) }
                try await context.progress(0.1, "started")
                defer { child.kill() }
                try await SystemTime().sleep(for: .seconds(600))
                return JobOutcome(.null)
            } _: { _ in
                let id = try await queue.enqueue(Greet(name: "a"))
                while try await queue.job(id).note != "started" {}
                try await queue.cancel(id)
                _ = try await finished(id, queue)
            }
        }
        let pid = try #require(pids.withLock { $0.first })
        while kill(pid, 0) == 0 { await Task.yield() }
    }

    @Test func `a job of a kind that this worker does not know goes back for another`() async throws {
        try await withQueue { queue in
            try await withWorker(queue) { _, _ in
                JobOutcome(.null)
            } _: { _ in
                let id = try await queue.enqueue(Urgent())
                while try await queue.job(id).attempt == 0 {}
                while try await queue.job(id).state == .running {}
                let job = try await queue.job(id)
                #expect(job.state == .queued)
                #expect(job.note.contains("does not know"))
                #expect(job.entry.failures == 0)
            }
        }
    }

    @Test func `a worker serves only its queues, with no more of each than it was told`() async throws {
        let most = Mutex((now: 0, most: 0))
        try await withQueue { queue in
            var registry = JobRegistry()
            registry.register(Greet.self) { _, _ in
                most.withLock {
                    $0.now += 1
                    $0.most = max($0.most, $0.now)
                }
                try await SystemTime().sleep(for: .milliseconds(5))
                most.withLock { $0.now -= 1 }
                return JobOutcome(.null)
            }
            registry.register(Humble.self) { _, _ in JobOutcome(.null) }
            let worker = JobWorker(
                queue: queue,
                registry: registry,
                settings: WorkerSettings(concurrency: 8, queues: ["default": 2]),
                logger: Logger(label: "test")
            )
            let other = try await queue.enqueue(Humble())
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await worker.run() }
                var ids: [JobID] = []
                for number in 0..<20 { ids.append(try await queue.enqueue(Greet(name: "\(number)"))) }
                for id in ids { _ = try await finished(id, queue) }
                group.cancelAll()
            }
            let state = try await queue.job(other).state
            #expect(state == .queued)
        }
        #expect(most.withLock { $0.most } == 2)
    }

    @Test(arguments: Engine.sql) func `what a dead worker held runs again within one lease`(_ engine: Engine)
        async throws
    {
        try await withDatabase(engine) { database in
            let queue = JobQueue(database: database, lease: .seconds(1))
            // On SQLite one process owns the store, and its workers vouch for each other.
            let dead = try await queue.makeWorker("dead")
            let id = try await queue.enqueue(Greet(name: "Ada"))
            _ = try await queue.takeOne(dead)
            let died = SystemTime().monotonic
            try await withWorker(queue) { _, _ in
                JobOutcome(.null)
            } _: { _ in
                let job = try await finished(id, queue)
                #expect(job.attempt == 2)
                // One lease and, on a busy machine, as much again.
                #expect(SystemTime().monotonic - died < .seconds(2))
            }
        }
    }

    @Test func `a worker that was buried alive learns of it, drops its run and starts anew`() async throws {
        let runs = Mutex(0)
        try await withQueue(lease: .seconds(1)) { queue in
            try await withWorker(queue) { _, _ in
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run == 1 { try await SystemTime().sleep(for: .seconds(60)) }
                return JobOutcome(.integer(Int64(run)))
            } _: { _ in
                let id = try await queue.enqueue(Greet(name: "Ada"))
                while runs.withLock({ $0 }) == 0 { await Task.yield() }
                for worker in try await queue.store.workers() { _ = try await queue.bury(worker.id, beat: worker.beat) }
                let job = try await finished(id, queue)
                #expect(job.state == .succeeded)
                #expect(job.attempt == 2)
                #expect(job.result == .integer(2))
            }
        }
    }
}

extension JobWorkerTests {
    @Test func `an idle worker looks about once a second and does not wake itself`() async throws {
        try await withQueue { queue in
            try await withWorker(queue) { _, _ in
                JobOutcome(.null)
            } _: { _ in
                while try await queue.store.workers().isEmpty { await Task.yield() }
                let before = queue.signal.generation
                try await SystemTime().sleep(for: .milliseconds(500))
                // An idle second has a heartbeat or none; a worker that wakes itself has thousands of wakes.
                #expect(queue.signal.generation - before < 5)
            }
        }
    }
}
