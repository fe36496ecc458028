import CupelCore
import CupelTesting
import Jobs
import Logging
import ServiceLifecycle
import Storage
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct JobWorkerTests {
    private func withWorker(
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
            concurrency: concurrency,
            drain: drain,
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

    @Test func `a worker runs what is enqueued and records effects once`() async throws {
        try await withQueue { queue in
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
                let effects = try await queue.database.query("SELECT DISTINCT name FROM effects")
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
            #expect(job.failures == 0)
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
                while try await queue.job(odd).failures == 0 {}
                let failure = try await queue.job(odd).error
                #expect(failure?.code == "internal_error")
                #expect(failure?.message.contains("hunter2") == false)
            }
        }
    }
}
