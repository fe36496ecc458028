import CupelCore
import HTTPTypes
import Jobs

/// Jobs: submit them, see where they stand and what happens in them, cancel, retry and discard.
struct JobRoutes: Sendable {
    let queue: JobQueue
    let registry: JobRegistry
    let keys: IdempotencyKeys

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

    func all() -> [Route] {
        [
            submit(), list(), bulk("retry", "Run dead letters again") { try await queue.retry($0) },
            bulk("discard", "Forget dead letters") { try await queue.discard($0) }, show(), events(), cancel(), retry(),
            discard(),
        ]
    }

    private func submit() -> Route {
        Route(.post, "/api/v1/jobs", tag: "jobs", "Submit a job by its kind") { request in
            let submission = try JobSubmission(request, registry, now: queue.time.now)
            let id = try await keys.once(request, submission.entry, after: submission.after, queue)
            let record = try await queue.job(id)
            return .json(record.json, status: 202, headers: [.location: "/api/v1/jobs/\(id)"])
        }
        .taking(.header, "Idempotency-Key", "The same key gives the same job for a day", Schema.text)
        .body(JobSubmission.schema, maximumBytes: JobSubmission.maximumBytes)
        .answering(202, "The job; the one that is there already when id or unique_key is", Self.schema)
    }

    private func list() -> Route {
        Route(.get, "/api/v1/jobs", tag: "jobs", "Jobs, newest first") { request in
            let page = try request.page(of: JobKind.self)
            let jobs = try await queue.jobs(
                JobFilter(
                    state: try request.choice("state", of: JobState.self),
                    kind: try request.name("kind", limit: JobQueue.maximumNameBytes),
                    queue: try request.name("queue", limit: JobQueue.maximumNameBytes),
                    code: try request.name("code", limit: JobQueue.maximumNameBytes),
                    before: page.before,
                    limit: page.limit
                )
            )
            return .list(jobs, limit: page.limit, cursor: { $0.id.description }, json: \.json)
        }
        .taking(.query, "state", "Only jobs in this state", Schema.choice(JobState.allCases.map(\.rawValue)))
        .taking(.query, "kind", "Only jobs of this kind", Schema.text)
        .taking(.query, "queue", "Only jobs of this queue", Schema.text)
        .taking(.query, "code", "Only jobs whose last error has this code", Schema.text)
        .takingPage()
        .answering(200, "A page of jobs", Schema.page(of: Self.schema))
    }

    private func bulk(
        _ verb: String,
        _ summary: String,
        _ act: @escaping @Sendable ([JobID]) async throws -> BulkOutcome
    ) -> Route {
        Route(.post, "/api/v1/jobs/\(verb)", tag: "jobs", summary) { request in
            try await JobSelection(request).apply(queue, act)
        }
        .body(JobSelection.schema)
        .answering(200, "How many, and which were refused and why; more when the limit was met", JobSelection.answer)
    }

    private func discard() -> Route {
        Route(.delete, "/api/v1/jobs/{id}", tag: "jobs", "Forget a job that is over, with its events") { request in
            let id: JobID = try request.identifier("id")
            try await queue.discard(id)
            return .json(["id": .string(id.description), "discarded": true])
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .answering(
            200,
            "It is forgotten",
            Schema.object([("id", Schema.identifier), ("discarded", ["type": "boolean"])])
        )
    }

    private func show() -> Route {
        Route(.get, "/api/v1/jobs/{id}", tag: "jobs", "One job") { request in
            .json(try await queue.job(try request.identifier("id")).json)
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .answering(200, "The job", Self.schema)
    }

    private func events() -> Route {
        Route(.get, "/api/v1/jobs/{id}/events", tag: "jobs", "What happens in a job, as it happens") { request in
            let id: JobID = try request.identifier("id")
            _ = try await queue.job(id)
            let feed = JobEventFeed(queue: queue, id: id)
            if request.headers[.accept]?.contains("text/event-stream") == true {
                let start = try EventFilter.resume(request) ?? 0
                return RouteResponse(mediaType: "text/event-stream", body: .stream(feed.serverSentEvents(after: start)))
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

    private func cancel() -> Route {
        Route(.post, "/api/v1/jobs/{id}/cancel", tag: "jobs", "End a job") { request in
            let id: JobID = try request.identifier("id")
            try await queue.cancel(id)
            return .json(try await queue.job(id).json, status: 202)
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .answering(202, "The job, which ends soon", Self.schema)
    }

    private func retry() -> Route {
        Route(.post, "/api/v1/jobs/{id}/retry", tag: "jobs", "Run a failed or cancelled job again") { request in
            let id: JobID = try request.identifier("id")
            try await queue.retry(id)
            return .json(try await queue.job(id).json, status: 202)
        }
        .taking(.path, "id", "The job", Schema.identifier)
        .answering(202, "The job, which waits for a worker", Self.schema)
    }
}
