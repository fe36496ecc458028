import CupelCore
import Jobs
import OrderedCollections

/// What is known of the queues as a whole, for the API, the pages and the gauges alike.
struct QueueOverview: Sendable {
    let queue: JobQueue
    let registry: JobRegistry
    /// Jobs that a worker runs at once, where none is there to ask.
    let lanes: Int
    private let depths: DepthCache

    /// Seconds in which a backlog is to be gone, when nobody says otherwise.
    static let defaultTarget = 60

    init(queue: JobQueue, registry: JobRegistry, lanes: Int) {
        self.queue = queue
        self.registry = registry
        self.lanes = lanes
        depths = DepthCache(queue: queue)
    }

    /// A report of every queue. Depths are at most a second old, or twenty times as old as counting them takes.
    func reports() async throws -> [QueueReport] {
        let now = queue.time.now
        return QueueReport.reports(
            names: registry.queues,
            depths: try await depths.depths(),
            controls: try await queue.store.controls(),
            minutes: try await queue.store.minutes(since: now + .seconds(-3600)),
            now: now
        )
    }

    /// The report of one queue.
    /// - Throws: `not_found` naming the nearest.
    func report(_ name: String) async throws -> QueueReport {
        let all = try await reports()
        if let found = all.first(where: { $0.name == name }) { return found }
        let nearest = name.nearest(among: all.map(\.name)).map { "; did you mean '\($0)'?" } ?? "."
        throw CupelError(.notFound, "No kind of job and no job knows a queue of that name\(nearest)")
    }

    /// What each queue needs, and how many workers that makes.
    func demand(target: Int) async throws -> (queues: [(name: String, demand: WorkerDemand)], workers: Int, each: Int) {
        let now = queue.time.now
        let since = now + .seconds(-60 * WorkerDemand.window)
        let rates = WorkerDemand.arrivals(try await queue.store.minutes(since: since), now: now.microseconds)
        let queues = try await reports().map {
            ($0.name, WorkerDemand($0, arrivals: rates[$0.name] ?? 0, target: Double(target)))
        }
        let workers = try await queue.store.workers()
        let each = workers.isEmpty ? lanes : max(1, workers.map(\.concurrency).reduce(0, +) / workers.count)
        let lanes = queues.map(\.1.lanes).reduce(0, +)
        return (queues, WorkerDemand.workers(lanes: lanes, each: each), each)
    }
}

extension QueueReport {
    /// As the API shows it.
    func json(at now: Timestamp) -> JSON {
        .object([
            "name": .string(name), "waiting": .integer(Int64(waiting)), "running": .integer(Int64(running)),
            "blocked": .integer(Int64(blocked)), "dead": .integer(Int64(dead)),
            "oldest_waiting_at": oldest.map { .string($0.description) } ?? .null,
            "oldest_waiting_seconds": .number(oldestAge(at: now) / .seconds(1)), "paused": .bool(control.isPaused),
            "concurrency": control.concurrency.map { .integer(Int64($0)) } ?? .null,
            "rate_per_minute": control.ratePerMinute.map { .integer(Int64($0)) } ?? .null,
            "last_minute": lastMinute.summary, "last_hour": lastHour.summary,
        ])
    }
}

extension QueueMinute {
    /// What happened, and how long it took on average, as the API shows it.
    var summary: JSON {
        var summary: JSON = [:]
        for event in JobTally.Event.allCases { summary[event.rawValue] = .integer(Int64(counts[event] ?? 0)) }
        summary["mean_wait_seconds"] = meanWait.map { .number($0 / .seconds(1)) } ?? .null
        summary["mean_run_seconds"] = meanRun.map { .number($0 / .seconds(1)) } ?? .null
        return summary
    }
}
