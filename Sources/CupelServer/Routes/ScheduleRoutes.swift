import CupelCore
import HTTPTypes
import Jobs

/// Schedules: jobs that are submitted again and again.
struct ScheduleRoutes: Sendable {
    let store: ScheduleStore
    let queue: JobQueue
    let registry: JobRegistry

    static let schema = Schema.object([
        ("name", Schema.text), ("cron", Schema.text), ("time_zone", Schema.text), ("kind", Schema.text),
        ("payload", Schema.any), ("missed", Schema.choice(MissedPolicy.allCases.map(\.rawValue))),
        ("paused", ["type": "boolean"]), ("declared", ["type": "boolean"]), ("note", Schema.text),
        ("next", Schema.array(Schema.moment)), ("last_at", Schema.optional(Schema.moment)),
        ("last_job", Schema.optional(Schema.identifier)),
    ])

    private static let body = Schema.object(
        [("cron", Schema.text(limit: CronExpression.maximumBytes)), ("kind", Schema.text)],
        optional: [
            ("time_zone", Schema.text), ("payload", Schema.any),
            ("missed", Schema.choice(MissedPolicy.allCases.map(\.rawValue))),
        ]
    )

    func all() -> [Route] {
        [
            list(), show(), put(), remove(), run(),
            pause("pause", isPaused: true, "Stop firing; what comes due meanwhile is left out"),
            pause("resume", isPaused: false, "Fire again, from now on"),
        ]
    }

    private func json(_ schedule: Schedule) -> JSON { schedule.json(at: queue.time.now) }

    private func named(_ route: Route) -> Route { route.taking(.path, "name", "The schedule", Schema.text) }

    private func list() -> Route {
        Route(.get, "/api/v1/schedules", tag: "schedules", "All schedules by name") { _ in
            let items = try await store.all().map(json)
            return .json(["items": .array(items), "next_cursor": .null])
        }
        .answering(200, "The schedules", Schema.page(of: Self.schema))
    }

    private func show() -> Route {
        named(
            Route(.get, "/api/v1/schedules/{name}", tag: "schedules", "One schedule") { request in
                .json(json(try await store.schedule(request.path["name"] ?? "")))
            }
            .answering(200, "The schedule", Self.schema)
        )
    }

    private func put() -> Route {
        named(
            Route(.put, "/api/v1/schedules/{name}", tag: "schedules", "Make or change a schedule") { request in
                let (schedule, isNew) = try await store.put(try draft(request))
                return .json(json(schedule), status: isNew ? 201 : 200)
            }
            .body(Self.body, maximumBytes: JobQueue.maximumPayloadBytes + (64 << 10))
            .answering(200, "The schedule, changed", Self.schema)
            .answering(201, "The schedule, new", Self.schema)
        )
    }

    /// Reads a schedule and tries its job, so that a mistake shows now and not at night.
    private func draft(_ request: RouteRequest) throws -> ScheduleDraft {
        var fields = try request.fields()
        let cron = fields.text("cron", limit: CronExpression.maximumBytes)
        let kind = fields.text("kind", limit: JobQueue.maximumNameBytes)
        let zone = fields.optionalText("time_zone", limit: 64) ?? "UTC"
        let missed = fields.optionalText("missed", limit: 16) ?? MissedPolicy.once.rawValue
        let payload = fields.value("payload") ?? [:]
        let policy = MissedPolicy(rawValue: missed)
        if policy == nil {
            let allowed = MissedPolicy.allCases.map(\.rawValue).joined(separator: ", ")
            fields.problem("missed", "must be one of \(allowed)")
        }
        try fields.finish()
        do {
            _ = try registry.entry(kind: kind, payload: payload, now: queue.time.now)
        } catch let error as CupelError where error.code == .validationError {
            let named = error.fields.map { $0.field == "kind" ? $0 : FieldProblem("payload.\($0.field)", $0.message) }
            let problems = named.isEmpty ? [FieldProblem("payload", error.message)] : named
            throw CupelError(.validationError, "The request has wrong fields.", fields: problems)
        }
        return ScheduleDraft(
            name: request.path["name"] ?? "",
            cron: try CronExpression(cron),
            zone: try ScheduleZone(zone),
            kind: kind,
            payload: payload,
            missed: policy ?? .once
        )
    }

    private func remove() -> Route {
        named(
            Route(.delete, "/api/v1/schedules/{name}", tag: "schedules", "Remove a schedule; its jobs stay") {
                request in
                let name = request.path["name"] ?? ""
                try await store.remove(name)
                return .json(["name": .string(name), "removed": true])
            }
            .answering(200, "It is gone")
        )
    }

    private func run() -> Route {
        named(
            Route(.post, "/api/v1/schedules/{name}/run", tag: "schedules", "Submit its job now") { request in
                let id = try await store.run(request.path["name"] ?? "", queue, registry)
                let job = try await queue.job(id).json
                return .json(job, status: 202, headers: [.location: "/api/v1/jobs/\(id)"])
            }
            .answering(202, "The job", JobRoutes.schema)
        )
    }

    private func pause(_ verb: String, isPaused: Bool, _ summary: String) -> Route {
        named(
            Route(.post, "/api/v1/schedules/{name}/\(verb)", tag: "schedules", summary) { request in
                .json(json(try await store.setPaused(isPaused, request.path["name"] ?? "")))
            }
            .answering(200, "The schedule", Self.schema)
        )
    }
}
