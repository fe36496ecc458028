import CupelCore
import HTTPTypes
import Jobs
import Playbooks
import Storage

/// Playbooks: ask for one, list them, read one.
enum PlaybookRoutes {
    static let summary = Schema.object([
        ("id", Schema.identifier), ("ask", Schema.text), ("digest", Schema.text),
        ("verdict", Schema.choice(["pass", "review", "block"])), ("reason", Schema.text), ("model", Schema.text),
        ("job", Schema.identifier), ("created_at", Schema.moment),
    ])

    static func all(_ queue: JobQueue, _ store: PlaybookStore, _ keys: IdempotencyKeys) -> [Route] {
        [create(queue, keys), list(store), show(store), text(store), evaluate(queue, keys)]
    }

    private static func create(_ queue: JobQueue, _ keys: IdempotencyKeys) -> Route {
        Route(.post, "/api/v1/playbooks", tag: "playbooks", "Ask for a playbook in plain words") { request in
            var fields = try request.fields()
            let ask = fields.text("ask", limit: Ask.maximumBytes)
            try fields.finish()
            return try await accepted(try CreatePlaybook(ask: ask), request, queue, keys)
        }
        .taking(.header, "Idempotency-Key", "The same key gives the same job for a day", Schema.text)
        .body(Schema.object([("ask", Schema.text(limit: Ask.maximumBytes))]))
        .answering(202, "The job that writes it", JobRoutes.schema)
    }

    private static func evaluate(_ queue: JobQueue, _ keys: IdempotencyKeys) -> Route {
        Route(.post, "/api/v1/playbooks/evaluations", tag: "playbooks", "Run a file of asks and score them") {
            request in
            var fields = try request.fields()
            let cases = fields.text("cases", limit: JobQueue.maximumPayloadBytes / 2)
            try fields.finish()
            return try await accepted(try EvaluatePlaybooks(cases: cases), request, queue, keys)
        }
        .taking(.header, "Idempotency-Key", "The same key gives the same job for a day", Schema.text)
        .body(Schema.object([("cases", Schema.text)]))
        .answering(202, "The job that runs them", JobRoutes.schema)
    }

    /// Enqueues a job and says where it can be followed.
    private static func accepted(
        _ job: some Job,
        _ request: RouteRequest,
        _ queue: JobQueue,
        _ keys: IdempotencyKeys
    ) async throws -> RouteResponse {
        let id = try await keys.once(request, try queue.entry(job), queue)
        let record = try await queue.job(id)
        return .json(record.json, status: 202, headers: [.location: "/api/v1/jobs/\(id)"])
    }

    private static func list(_ store: PlaybookStore) -> Route {
        Route(.get, "/api/v1/playbooks", tag: "playbooks", "Playbooks, newest first") { request in
            let page = try request.page(of: PlaybookKind.self)
            let playbooks = try await store.playbooks(before: page.before, limit: page.limit)
            return .list(playbooks, limit: page.limit, cursor: { $0.id.description }, json: \.summary)
        }
        .takingPage()
        .answering(200, "A page of playbooks", Schema.page(of: summary))
    }

    private static func show(_ store: PlaybookStore) -> Route {
        Route(.get, "/api/v1/playbooks/{id}", tag: "playbooks", "One playbook, and how it came about") { request in
            .json(try await store.playbook(try request.identifier("id")).json)
        }
        .taking(.path, "id", "The playbook", Schema.identifier)
        .answering(200, "The playbook", summary)
    }

    private static func text(_ store: PlaybookStore) -> Route {
        Route(.get, "/api/v1/playbooks/{id}/playbook.yml", tag: "playbooks", "One playbook's YAML") { request in
            let playbook = try await store.playbook(try request.identifier("id"))
            return .text(playbook.authored["yaml"]?.stringValue ?? "", mediaType: "application/yaml")
        }
        .taking(.path, "id", "The playbook", Schema.identifier)
        .answering(200, "The YAML", Schema.text, as: "application/yaml")
    }
}
