import CupelCore
import HTTPTypes
import Identity

/// Accounts for administrators: teams, people, projects, keys, budgets, limits of models, and what was done to them.
struct AccountRoutes: Sendable {
    let store: AccountStore
    let keys: IdempotencyKeys

    static let root = "/api/v1/admin"
    static let tag = "accounts"

    static let limits = Schema.object(
        [],
        optional: ["requests_per_minute", "tokens_per_minute", "parallel_calls"].map {
            ($0, Schema.optional(["type": "integer", "minimum": 1, "maximum": .integer(Int64(CallLimits.maximum))]))
        }
    )
    static let name = Schema.text(limit: AccountTransaction.maximumNameBytes)

    func all() -> [Route] { teams() + people() + projects() + apiKeys() + budgets() + around() }

    /// Who does it, for the audit: the token of the data directory, or a browser session opened with it.
    static func actor(_ request: RouteRequest) -> String { request.session == nil ? "token" : "session" }

    /// A list by pages, which a name narrows to one.
    func listing(_ route: Route, _ schema: JSON) -> Route {
        route.taking(.query, "name", "Only what has this name", Schema.text).takingPage()
            .answering(200, "A page, newest first", Schema.page(of: schema))
    }

    /// The name that a list is narrowed to.
    func wantedName(_ request: RouteRequest) throws -> String? {
        try request.name("name", limit: AccountTransaction.maximumNameBytes)
    }

    /// Something that is made once.
    func making(_ route: Route, _ body: JSON, _ schema: JSON) -> Route {
        route.taking(.header, "Idempotency-Key", "The same key makes it once in a day", Schema.text)
            .body(body).answering(201, "It is made", schema).answering(200, "It was made by this key before", schema)
    }

    /// One of many, by its identifier.
    func one(_ route: Route, _ schema: JSON) -> Route {
        route.taking(.path, "id", "Its identifier", Schema.identifier).answering(200, "As it is now", schema)
    }

    /// Makes something, or shows what the request's key made before.
    func create<Kind, Made: Sendable>(
        _ request: RouteRequest,
        _ action: String,
        _ make: @escaping @Sendable (AccountTransaction) throws -> Identifier<Kind>,
        _ find: @escaping @Sendable (AccountTransaction, Identifier<Kind>) throws -> Made,
        json: (Made) -> JSON
    ) async throws -> RouteResponse {
        let (made, isNew) = try await store.write(by: Self.actor(request)) { accounts in
            let (id, isNew) = try keys.once(request, action, in: accounts.transaction) { try make(accounts) }
            return (try find(accounts, id), isNew)
        }
        return .json(json(made), status: isNew ? 201 : 200)
    }

    /// Removes something and says so.
    func remove<Kind>(
        _ request: RouteRequest,
        _ kind: Kind.Type,
        _ body: @escaping @Sendable (AccountTransaction, Identifier<Kind>) throws -> Void
    ) async throws -> RouteResponse {
        let id: Identifier<Kind> = try request.identifier("id")
        try await store.write(by: Self.actor(request)) { try body($0, id) }
        return .json(["id": .string(id.description), "removed": true])
    }
}
