import CupelCore
import Foundation
import Glibc
import Jobs
import Logging
import Storage
import Synchronization

/// One engine measured in every way.
struct Bench {
    let engine: DatabaseEngine
    let place: String
    let duration: Duration
    private let time = SystemTime()

    init(engine: DatabaseEngine, place: String, duration: Duration) {
        self.engine = engine
        self.place = place
        self.duration = duration
    }

    func run() async throws -> JSON {
        let database = try await open("queue")
        _ = try await Migrator(JobMigrations.all).up(database)
        let snapshot = try await holdSnapshot()
        let busy = try await throughput(database)
        snapshot?.end()
        let latency = try await latency(database)
        await database.close()
        let raw = try await RawQueue.run(engine, place: place, batch: busy.batch, duration: duration)
        var report: JSON = [
            "engine": .string(engine.rawValue), "old_snapshot": .bool(snapshot != nil),
            "jobs_per_second": .number(busy.rate),
            "cpu_us_per_job": .number(busy.processor), "jobs_per_batch": .number(busy.batch),
            "raw_jobs_per_second": .number(raw.rate), "raw_cpu_us_per_job": .number(raw.processor),
            "ratio": .number(busy.rate / raw.rate),
        ]
        report["latency_at_50_a_second_ms"] = latency
        if ProcessInfo.processInfo.environment["CUPEL_BENCH_MILLION"] != nil { report["million"] = try await million() }
        return report
    }

    /// A database file of its own, or the server's database.
    private func open(_ name: String) async throws -> any Database {
        switch engine {
        case .sqlite: try SQLiteDatabase(path: place + "/\(name).db")
        case .postgres:
            try await PostgresDatabase(url: Secret(place), options: SQLJobStore.postgresOptions)
        }
    }

    /// Holds an old snapshot open on PostgreSQL while the rest is measured, when asked to.
    private func holdSnapshot() async throws -> RawPostgres? {
        guard engine == .postgres, ProcessInfo.processInfo.environment["CUPEL_BENCH_SNAPSHOT"] != nil else {
            return nil
        }
        return try RawPostgres(url: place, holdsSnapshot: true)
    }

    struct Throughput {
        let rate: Double
        let processor: Double
        let batch: Double
    }

    /// 64 that enqueue and 64 that work, as fast as they can.
    private func throughput(_ database: any Database) async throws -> Throughput {
        let store = CountingStore(database: database)
        let queue = JobQueue(store: store)
        let ended = Mutex(0)
        let worker = worker(queue) { _ in ended.withLock { $0 += 1 } }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await worker.run() }
            let end = time.monotonic + .seconds(1) + duration
            for _ in 0..<QueueBenchmark.clients {
                group.addTask {
                    while time.monotonic < end { try await queue.enqueue(Nothing(at: 0)) }
                }
            }
            // A second to get warm.
            try await time.sleep(for: .seconds(1))
            let (begun, used) = (time.monotonic, processorTime())
            let (jobs, batches) = (ended.withLock { $0 }, store.batches.withLock { $0 })
            try await time.sleep(for: duration)
            let took = (time.monotonic - begun).inMilliseconds / 1000
            let done = Double(ended.withLock { $0 } - jobs)
            let cpu = Double((processorTime() - used).wholeMicroseconds)
            let count = Double(store.batches.withLock { $0 } - batches)
            for _ in 0..<QueueBenchmark.clients { try await group.next() }
            group.cancelAll()
            return Throughput(rate: done / took, processor: cpu / done, batch: done / count)
        }
    }

    private func worker(_ queue: JobQueue, _ onRun: @escaping @Sendable (Nothing) -> Void) -> JobWorker {
        var registry = JobRegistry()
        registry.register(Nothing.self) { job, _ in
            onRun(job)
            return JobOutcome(.null)
        }
        return JobWorker(
            queue: queue,
            registry: registry,
            settings: WorkerSettings(concurrency: QueueBenchmark.clients, drain: .seconds(1)),
            logger: Logger(label: "bench")
        )
    }

    /// From the call that enqueues to the start of the job, at 50 jobs a second.
    private func latency(_ database: any Database) async throws -> JSON {
        let queue = JobQueue(database: database)
        let waits = Mutex<[Double]>([])
        let time = time
        let worker = worker(queue) { job in
            guard job.at > 0 else { return }
            let now = time.monotonic.wholeMicroseconds
            waits.withLock { $0.append(Double(now - job.at) / 1000) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await worker.run() }
            // What the measurement before has left over goes first.
            while try await queue.counts()[.queued] ?? 0 > 0 { try await time.sleep(for: .milliseconds(100)) }
            for _ in 0..<500 {
                try await queue.enqueue(Nothing(at: time.monotonic.wholeMicroseconds))
                try await time.sleep(for: .milliseconds(20))
            }
            group.cancelAll()
        }
        let sorted = waits.withLock { $0.sorted() }
        guard !sorted.isEmpty else { return .null }
        let at: (Double) -> JSON = { .number(sorted[min(sorted.count - 1, Int(Double(sorted.count) * $0))]) }
        return ["p50": at(0.5), "p99": at(0.99), "max": .number(sorted[sorted.count - 1])]
    }

    /// The same rate and memory with a million jobs waiting.
    private func million() async throws -> JSON {
        let database = try await open("million")
        _ = try await Migrator(JobMigrations.all).up(database)
        let queue = JobQueue(database: database)
        let before = residentMemory()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<256 {
                group.addTask {
                    for _ in 0..<(1_000_000 / 256) { try await queue.enqueue(Nothing(at: 0)) }
                }
            }
            try await group.waitForAll()
        }
        let waiting = residentMemory()
        let busy = try await throughput(database)
        let after = residentMemory()
        await database.close()
        return [
            "jobs_per_second": .number(busy.rate), "memory_before_mib": .number(before),
            "memory_with_million_mib": .number(waiting), "memory_after_work_mib": .number(after),
        ]
    }
}

/// A SQL store that counts its transactions.
struct CountingStore: JobStore {
    private let inner: SQLJobStore
    let batches = Counter()

    final class Counter: Sendable {
        private let count = Mutex(0)
        func withLock<Value: Sendable>(_ body: (inout Int) -> Value) -> Value { count.withLock { body(&$0) } }
    }

    init(database: any Database) { inner = SQLJobStore(database: database) }

    var width: Int { inner.width }
    var isOwnedByOneProcess: Bool { inner.isOwnedByOneProcess }

    func change<Value: Sendable>(_ body: @escaping @Sendable (any JobShelf) throws -> Value) async throws -> Value {
        batches.withLock { $0 += 1 }
        return try await inner.change(body)
    }

    func job(_ id: JobID) async throws -> JobEntry? { try await inner.job(id) }
    func jobs(_ filter: JobFilter) async throws -> [JobEntry] { try await inner.jobs(filter) }
    func events(of id: JobID?, after sequence: Int, limit: Int) async throws -> [JobEvent] {
        try await inner.events(of: id, after: sequence, limit: limit)
    }
    func lastSequence() async throws -> Int { try await inner.lastSequence() }
    func workers() async throws -> [WorkerCard] { try await inner.workers() }
    func controls() async throws -> [QueueControl] { try await inner.controls() }
    func add(_ minutes: [QueueMinute], at now: Timestamp) async throws { try await inner.add(minutes, at: now) }
    func minutes(since: Timestamp) async throws -> [QueueMinute] { try await inner.minutes(since: since) }
    func depths() async throws -> [QueueDepth] { try await inner.depths() }
}
