import CupelCore
import Gateway
import HTTPTypes

/// Calls to models: who was asked, what it cost in tokens and time.
enum CallRoutes {
    static func all(_ store: CallStore) -> [Route] {
        [
            Route(.get, "/api/v1/calls", tag: "calls", "Calls to models, newest first") { request in
                let page = try request.page(of: CallRecord.self)
                let calls = try await store.calls(before: page.before, limit: page.limit)
                return .list(calls, limit: page.limit, cursor: { $0.id.description }, json: \.json)
            }
            .takingPage()
            .answering(200, "A page of calls", Schema.page(of: Schema.any))
        ]
    }
}
