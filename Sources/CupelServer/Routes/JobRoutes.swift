import CupelCore
import HTTPTypes
import Jobs

/// Jobs: where they stand, what happens in them, cancel and retry.
enum JobRoutes {
    static let schema = Schema.object(
        [
            ("id", Schema.identifier), ("kind", Schema.text), ("queue", Schema.text),
            ("state", Schema.choice(JobState.allCases.map(\.rawValue))), ("attempt", ["type": "integer"]),
            ("progress", ["type": "number"]), ("note", Schema.text), ("created_at", Schema.moment),
        ],
        optional: [
            ("payload", Schema.any), ("result", Schema.any), ("error", Schema.any), ("failures", ["type": "integer"]),
            ("run_at", Schema.moment), ("started_at", Schema.optional(Schema.moment)),
            ("finished_at", Schema.optional(Schema.moment)),
        ]
    )

    static func all(_ queue: JobQueue) -> [Route] {
        [list(queue), show(queue), events(queue), cancel(queue), retry(queue)]
    }

    private static func list(_ queue: JobQueue) -> Route {
        Route(.get, "/api/v1/jobs", tag: "jobs", "Jobs, newest first") { request in
            let limit = try request.limit()
            let jobs = try await queue.jobs(
                JobFilter(
                    state: try state(request),
                    kind: request.query["kind"],
                    queue: request.query["queue"],
                    before: try request.cursor(of: JobKind.self),
                    limit: limit
                )
            )
            return .list(jobs, limit: limit, cursor: { $0.id.description }, json: \.json)
        }
        .taking(.query, "state", "Only jobs in this state", Schema.choice(JobState.allCases.map(\.rawValue)))
        .taking(.query, "limit", "Items on a page", Schema.integer(1...200, default: 50))
        .taking(.query, "cursor", "The next_cursor of the page before", Schema.text)
        .answering(200, "A page of jobs", Schema.page(of: schema))
    }

    private static func state(_ request: RouteRequest) throws -> JobState? {
        guard let text = request.query["state"] else { return nil }
        guard let state = JobState(rawValue: text) else {
            let allowed = JobState.allCases.map(\.rawValue).joined(separator: ", ")
            throw CupelError(
                .validationError,
                "A parameter is wrong.",
                fields: [FieldProblem("state", "must be one of \(allowed)")]
            )
        }
        return state
    }

    private static func show(_ queue: JobQueue) -> Route {
        Route(.get, "/api/v1/jobs/{id}", tag: "jobs", "One job") { request in
            .json(try await queue.job(try request.identifier("id")).json)
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .answering(200, "The job", schema)
    }

    private static func events(_ queue: JobQueue) -> Route {
        Route(.get, "/api/v1/jobs/{id}/events", tag: "jobs", "What happens in a job, as it happens") { request in
            let id: JobID = try request.identifier("id")
            _ = try await queue.job(id)
            let feed = JobEventFeed(queue: queue, id: id)
            if request.headers[.accept]?.contains("text/event-stream") == true {
                let resume = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }.flatMap { Int($0) }
                return RouteResponse(
                    mediaType: "text/event-stream",
                    body: .stream(feed.serverSentEvents(after: resume ?? 0))
                )
            }
            let after = try request.integer("after", default: 0, in: 0...Int.max)
            let wait = try request.integer("wait", default: 0, in: 0...30)
            let (events, isFinal) = try await feed.next(after: after, wait: .seconds(wait))
            return .json(["items": .array(events.map(\.json)), "final": .bool(isFinal)])
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .taking(.query, "after", "Only events after this sequence", Schema.integer(0...Int.max, default: 0))
        .taking(.query, "wait", "Seconds to wait for the first one", Schema.integer(0...30, default: 0))
        .answering(200, "Events in their order; as server-sent events when asked for", Schema.any)
    }

    private static func cancel(_ queue: JobQueue) -> Route {
        Route(.post, "/api/v1/jobs/{id}/cancel", tag: "jobs", "End a job") { request in
            let id: JobID = try request.identifier("id")
            try await queue.cancel(id)
            return .json(try await queue.job(id).json, status: 202)
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .answering(202, "The job, which ends soon", schema)
    }

    private static func retry(_ queue: JobQueue) -> Route {
        Route(.post, "/api/v1/jobs/{id}/retry", tag: "jobs", "Run a failed or cancelled job again") { request in
            let id: JobID = try request.identifier("id")
            try await queue.retry(id)
            return .json(try await queue.job(id).json, status: 202)
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .answering(202, "The job, which waits for a worker", schema)
    }
}
