import CupelCore
import Foundation
import HTTPTypes
import Jobs
import OrderedCollections

/// Queues, workers, what an autoscaler wants to know.
struct QueueRoutes: Sendable {
    let overview: QueueOverview

    /// The highest limit that can be set for a queue.
    static let maximumLimit = 1_000_000
    /// How far back the minutes are kept to be asked for.
    static let maximumMinutes = 24 * 60

    private static let count: JSON = ["type": "integer"]
    private static let number: JSON = ["type": "number"]

    static let schema = Schema.object([
        ("name", Schema.text), ("waiting", count), ("running", count), ("blocked", count), ("dead", count),
        ("oldest_waiting_at", Schema.optional(Schema.moment)), ("oldest_waiting_seconds", number),
        ("paused", ["type": "boolean"]), ("concurrency", Schema.optional(count)),
        ("rate_per_minute", Schema.optional(count)), ("last_minute", summary), ("last_hour", summary),
    ])

    static let summary = Schema.object(
        JobTally.Event.allCases.map { ($0.rawValue, count) } + [
            ("mean_wait_seconds", Schema.optional(number)), ("mean_run_seconds", Schema.optional(number)),
        ]
    )

    func all() -> [Route] { [list(), minutes(), show(), change(), workers(), autoscaler()] }

    private func list() -> Route {
        Route(.get, "/api/v1/queues", tag: "queues", "Every queue: what stands in it, how fast it moves") { _ in
            let now = overview.queue.time.now
            return .json(["items": .array(try await overview.reports().map { $0.json(at: now) })])
        }
        .answering(200, "The queues by name", Schema.object([("items", Schema.array(Self.schema))]))
    }

    private func show() -> Route {
        Route(.get, "/api/v1/queues/{name}", tag: "queues", "One queue") { request in
            .json(try await overview.report(try Self.name(request)).json(at: overview.queue.time.now))
        }
        .taking(.path, "name", "The queue", Schema.text)
        .answering(200, "The queue", Self.schema)
    }

    private func change() -> Route {
        Route(.patch, "/api/v1/queues/{name}", tag: "queues", "Pause, resume or limit a queue, over all workers") {
            request in
            let change = try QueueChange(request)
            let name = try Self.name(request)
            var report = try await overview.report(name)
            report.control = try await overview.queue.control(name) { change.apply(to: &$0) }
            return .json(report.json(at: overview.queue.time.now))
        }
        .taking(.path, "name", "The queue", Schema.text)
        .body(QueueChange.schema)
        .answering(200, "The queue as it is now; what runs goes on", Self.schema)
    }

    private static func name(_ request: RouteRequest) throws -> String {
        let raw = request.path["name"] ?? ""
        let name = raw.removingPercentEncoding ?? raw
        guard (1...JobQueue.maximumNameBytes).contains(name.utf8.count) else {
            throw CupelError(.notFound, "A queue's name has 1 to \(JobQueue.maximumNameBytes) bytes.")
        }
        return name
    }

    private func minutes() -> Route {
        Route(.get, "/api/v1/queues/minutes", tag: "queues", "What happened by minute and queue, for charts") {
            request in
            let now = overview.queue.time.now
            let since = try request.integer("since", default: 60, in: 1...Self.maximumMinutes)
            let minutes = try await overview.queue.store.minutes(since: now + .seconds(-60 * since))
            let items = minutes.map { minute -> JSON in
                var item = minute.summary
                item["queue"] = .string(minute.queue)
                item["minute"] = .string(minute.minute.description)
                return item
            }
            return .json(["items": .array(items)])
        }
        .taking(.query, "since", "Minutes to look back", Schema.integer(1...Self.maximumMinutes, default: 60))
        .answering(
            200,
            "A line a minute and queue in which something happened",
            Schema.object([("items", Schema.array(Schema.any))])
        )
    }

    private func workers() -> Route {
        Route(.get, "/api/v1/workers", tag: "queues", "The workers that are known") { _ in
            let running = try await overview.queue.store.jobs(JobFilter(state: .running, limit: Self.maximumRunning))
            let held = running.reduce(into: [WorkerID: Int]()) { counts, job in
                if let worker = job.worker { counts[worker, default: 0] += 1 }
            }
            let now = overview.queue.time.now
            let workers = try await overview.queue.store.workers()
            return .json(["items": .array(workers.map { Self.json($0, running: held[$0.id] ?? 0, now) })])
        }
        .answering(200, "The workers", Schema.object([("items", Schema.array(Self.worker))]))
    }

    /// Running jobs that are looked at to count those of each worker.
    static let maximumRunning = 10_000

    private static let worker = Schema.object([
        ("id", Schema.identifier), ("name", Schema.text), ("queues", Schema.array(Schema.text)),
        ("concurrency", count), ("running", count), ("started_at", Schema.moment), ("seen_at", Schema.moment),
        ("beat", count), ("beat_age_seconds", number),
    ])

    static func json(_ worker: WorkerCard, running: Int, _ now: Timestamp) -> JSON {
        .object([
            "id": .string(worker.id.description), "name": .string(worker.name),
            "queues": .array(worker.queues.map { .string($0) }), "concurrency": .integer(Int64(worker.concurrency)),
            "running": .integer(Int64(running)), "started_at": .string(worker.startedAt.description),
            "seen_at": .string(worker.seenAt.description), "beat": .integer(Int64(worker.beat)),
            "beat_age_seconds": .number(max(.zero, now - worker.seenAt) / .seconds(1)),
        ])
    }

    private func autoscaler() -> Route {
        Route(.get, "/api/v1/autoscaler", tag: "queues", "How many workers are wanted, by Little's law") { request in
            let target = try request.integer("target_seconds", default: QueueOverview.defaultTarget, in: 1...86_400)
            let demand = try await overview.demand(target: target)
            let queues = demand.queues.map { name, demand -> JSON in
                [
                    "name": .string(name), "waiting": .integer(Int64(demand.waiting)),
                    "running": .integer(Int64(demand.running)), "arrivals_per_second": .number(demand.arrivals),
                    "mean_run_seconds": .number(demand.meanRun), "lanes_wanted": .integer(Int64(demand.lanes)),
                ]
            }
            return .json([
                "target_seconds": .integer(Int64(target)), "workers_wanted": .integer(Int64(demand.workers)),
                "lanes_wanted": .integer(Int64(demand.queues.map(\.demand.lanes).reduce(0, +))),
                "lanes_per_worker": .integer(Int64(demand.each)), "queues": .array(queues),
                "formula": "lanes = ceil((arrivals_per_second + waiting / target_seconds) * mean_run_seconds)",
            ])
        }
        .taking(
            .query,
            "target_seconds",
            "Seconds in which the backlog is to be gone",
            Schema.integer(1...86_400, default: 60)
        )
        .answering(
            200,
            "Lanes wanted by queue and workers in all; lanes are runs side by side",
            Schema.object([
                ("target_seconds", Self.count), ("workers_wanted", Self.count), ("lanes_wanted", Self.count),
                ("lanes_per_worker", Self.count), ("queues", Schema.array(Schema.any)), ("formula", Schema.text),
            ])
        )
    }
}
