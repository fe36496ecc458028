import CupelCore
import CupelTesting
import Jobs
import Storage

struct Greet: Job {
    static let kind = "test.greet"
    static let options = JobOptions(maximumFailures: 2, timeout: .seconds(30))
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

/// A queue over a store of its own, on a clock that the test moves.
func withQueue(
    _ engine: DatabaseEngine = .sqlite,
    time: any TimeSource = SystemTime(),
    lease: Duration = JobQueue.defaultLease,
    _ body: (JobQueue) async throws -> Void
) async throws {
    let directory = try TemporaryDirectory()
    let database: any Database =
        switch engine {
        case .sqlite: try SQLiteDatabase(path: directory.path + "/t.db")
        case .postgres: try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        }
    _ = try await Migrator(JobMigrations.all).up(database)
    try await database.execute("CREATE TABLE effects (name TEXT)")
    try await body(JobQueue(database: database, time: time, lease: lease))
    await database.close()
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
