import CupelCore
import Gateway
import HTTPTypes

/// Calls to models: who asked, who was asked, what it cost in tokens, money and time; never what was said.
enum CallRoutes {
    /// Bytes of a filter's value.
    static let maximumNameBytes = 256

    static func all(_ store: CallStore) -> [Route] {
        let list = Route(.get, "/api/v1/calls", tag: "calls", "Calls to models, newest first") { request in
            let page = try request.page(of: CallRecord.self)
            let calls = try await store.calls(before: page.before, limit: page.limit, filter: try filter(request))
            return .list(calls, limit: page.limit, cursor: { $0.id.description }, json: \.json)
        }
        return [
            list
                .taking(.query, "key", "Only calls with the key of this name", Schema.text)
                .taking(.query, "person", "Only calls of this person", Schema.text)
                .taking(.query, "team", "Only calls of this team", Schema.text)
                .taking(.query, "project", "Only calls of this project", Schema.text)
                .taking(.query, "model", "Only calls that asked for, went to or were answered by it", Schema.text)
                .taking(.query, "upstream", "Only calls to this upstream", Schema.text)
                .taking(.query, "outcome", "answered, cancelled, interrupted, open, or an error's code", Schema.text)
                .taking(.query, "since", "Only calls that began then or later", Schema.moment)
                .taking(.query, "until", "Only calls that began earlier", Schema.moment)
                .takingPage()
                .answering(200, "A page of calls", Schema.page(of: Schema.any)),
            Route(.get, "/api/v1/calls/{id}", tag: "calls", "One call") { request in
                .json(try await store.call(try request.identifier("id")).json)
            }
            .taking(.path, "id", "The call, as `x-request-id` of its answer names it", Schema.identifier)
            .answering(200, "The call"),
        ]
    }

    private static func filter(_ request: RouteRequest) throws -> CallFilter {
        var filter = CallFilter()
        filter.key = try request.name("key", limit: maximumNameBytes)
        filter.person = try request.name("person", limit: maximumNameBytes)
        filter.team = try request.name("team", limit: maximumNameBytes)
        filter.project = try request.name("project", limit: maximumNameBytes)
        filter.model = try request.name("model", limit: maximumNameBytes)
        filter.upstream = try request.name("upstream", limit: maximumNameBytes)
        filter.outcome = try request.name("outcome", limit: maximumNameBytes)
        filter.since = try moment("since", request)
        filter.until = try moment("until", request)
        return filter
    }

    private static func moment(_ name: String, _ request: RouteRequest) throws -> Timestamp? {
        guard let text = request.query[name] else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            let problem = FieldProblem(name, "must be an RFC 3339 moment, as 2026-03-01T09:30:00Z")
            throw CupelError(.validationError, "A parameter is wrong.", fields: [problem])
        }
        return moment
    }
}
