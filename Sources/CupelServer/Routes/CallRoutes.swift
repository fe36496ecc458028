import CupelCore
import Gateway
import HTTPTypes

/// Calls to models: who was asked, what it cost in tokens and time.
enum CallRoutes {
    static func all(_ store: CallStore) -> [Route] {
        [
            Route(.get, "/api/v1/calls", tag: "calls", "Calls to models, newest first") { request in
                let limit = try request.limit()
                let calls = try await store.calls(before: try request.cursor(of: CallRecord.self), limit: limit)
                return .list(calls, limit: limit, cursor: { $0.id.description }, json: \.json)
            }
            .taking(.query, "limit", "Items on a page", Schema.integer(1...200, default: 50))
            .taking(.query, "cursor", "The next_cursor of the page before", Schema.text)
            .answering(200, "A page of calls", Schema.page(of: Schema.any))
        ]
    }
}
