import CupelCore
import CupelTesting
import Jobs
import Storage
import Testing

struct Greet: Job {
    static let kind = "test.greet"
    static let options = JobOptions(maximumFailures: 2, timeout: .seconds(30), isOpenToCallers: true)
    var name: String
    var uniqueKey: String?

    init(name: String, uniqueKey: String? = nil) {
        self.name = name
        self.uniqueKey = uniqueKey
    }

    init(json: JSON) throws { name = json["name"]?.stringValue ?? "" }
    var json: JSON { ["name": .string(name)] }
}

struct Urgent: Job {
    static let kind = "test.urgent"
    static let options = JobOptions(priority: .high)
    init() {}
    init(json: JSON) throws {}
    var json: JSON { [:] }
}

struct Humble: Job {
    static let kind = "test.humble"
    static let options = JobOptions(queue: "other", priority: .low)
    init() {}
    init(json: JSON) throws {}
    var json: JSON { [:] }
}

/// The engines that one suite holds to one contract.
enum Engine: String, CaseIterable, CustomTestStringConvertible {
    case memory, sqlite, postgres

    static let sql: [Engine] = [.sqlite, .postgres]
    var testDescription: String { rawValue }
}

/// A queue over a store of its own, on a clock that the test moves.
func withQueue(
    _ engine: Engine = .sqlite,
    time: any TimeSource = SystemTime(),
    lease: Duration = JobQueue.defaultLease,
    _ body: (JobQueue) async throws -> Void
) async throws {
    if engine == .memory { return try await body(JobQueue(store: MemoryJobStore(), time: time, lease: lease)) }
    try await withDatabase(engine) { try await body(JobQueue(database: $0, time: time, lease: lease)) }
}

/// A migrated database of one test, with a table for effects.
func withDatabase(_ engine: Engine, _ body: (any Database) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let database: any Database =
        engine == .postgres
        ? try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        : try SQLiteDatabase(path: directory.path + "/t.db")
    _ = try await Migrator(JobMigrations.all).up(database)
    try await database.execute("CREATE TABLE effects (name TEXT)")
    try await body(database)
    await database.close()
}

extension JobQueue {
    /// A worker that is known, without a process behind it.
    func makeWorker(_ name: String = "w") async throws -> WorkerID {
        let card = WorkerCard(id: WorkerID(), name: name, queues: ["default"], concurrency: 9, startedAt: time.now)
        try await enlist(card)
        return card.id
    }

    /// Up to `limit` jobs of the queues `default` and `other`.
    func take(_ limit: Int, _ worker: WorkerID, room: [String: Int]? = nil) async throws -> [ClaimedJob] {
        let room = room ?? ["default": limit, "other": limit]
        return try await claim(ClaimRequest(worker: worker, room: room, limit: limit)).jobs
    }

    /// The one job that is to be had.
    func takeOne(_ worker: WorkerID) async throws -> ClaimedJob {
        guard let job = try await take(1, worker).first else { throw CupelError(.notFound, "No job is to be had.") }
        return job
    }

    /// A heartbeat of a worker that holds these runs.
    func beat(_ worker: WorkerID, _ held: [ClaimedJob]) async throws -> BeatReply {
        try await beat(WorkerBeat(worker: worker, held: Set(held.map(\.fence))))
    }

    /// Presumes a worker dead, as another one would after a lease.
    func presumeDead(_ worker: WorkerID) async throws {
        let beat = try await store.workers().first { $0.id == worker }?.beat ?? -1
        _ = try await bury(worker, beat: beat)
    }
}

let timeoutOfUpstream = CupelError(.providerConnectionFailed, "no upstream")

extension JobEnding {
    /// Ends as the usual policy would after this error.
    static func after(_ error: CupelError, _ job: ClaimedJob) -> JobEnding {
        var generator = SystemRandomNumberGenerator()
        let policy = RetryPolicy()
        let delay = policy.delay(failures: job.failures + 1, after: error, using: &generator)
        return .failed(JobFailure(error), retryAfter: policy.isTransient(error) ? delay : nil)
    }
}

/// Waits until a job is over.
func finished(_ id: JobID, _ queue: JobQueue) async throws -> JobRecord {
    while true {
        let generation = queue.signal.generation
        let job = try await queue.job(id)
        if job.state.isFinal { return job }
        await queue.signal.wait(after: generation, atMost: .milliseconds(50), time: SystemTime())
    }
}
