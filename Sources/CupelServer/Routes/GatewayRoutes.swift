import CupelCore
import Gateway
import HTTPTypes
import Identity

/// The gateway as it stands: its upstreams, its registry of models, where a call would go, and reading its files again.
struct GatewayRoutes: Sendable {
    let director: GatewayDirector
    let calls: CallStore
    var time: any TimeSource = SystemTime()

    private static let tag = "gateway"

    private static let upstream = Schema.object([
        ("name", Schema.text), ("preset", Schema.text), ("dialect", Schema.text), ("address", Schema.text),
        ("usable", ["type": "boolean"]), ("why_not", Schema.optional(Schema.text)), ("breaker", Schema.text),
        ("first_byte_ms", Schema.optional(["type": "integer"])), ("calls_today", ["type": "integer"]),
    ])

    private static let question = Schema.object(
        [("model", Schema.text(limit: 128))],
        optional: [
            ("contract", Schema.text(limit: RouteContract.mostBytes)), ("key", Schema.identifier),
            ("endpoint", Schema.choice(GatewayDirector.explainedEndpoints)),
        ]
    )

    func all() -> [Route] {
        [
            Route(.get, "/api/v1/upstreams", tag: Self.tag, "Providers: how they are reached and how they do") { _ in
                .json(["items": .array(try await upstreams()), "next_cursor": .null])
            }
            .answering(200, "Every provider that is configured", Schema.page(of: Self.upstream)),
            Route(.get, "/api/v1/admin/models", tag: Self.tag, "The registry of models, with what they cost") { _ in
                let registry = director.registry
                return .json([
                    "updated": registry.updated.map { .string($0.description) } ?? .null,
                    "items": .array(registry.models.map(\.json)), "next_cursor": .null,
                ])
            }
            .answering(200, "Every model, in the form that `models.json` has", Schema.page(of: Schema.any)),
            Route(.get, "/api/v1/admin/budgets/standing", tag: Self.tag, "How full budgets are") { _ in
                .json(["items": .array(director.standings().map(\.json)), "next_cursor": .null])
            }
            .answering(200, "Every budget of a day or a month in its window, the fullest first"),
            Route(.post, "/api/v1/routes/explain", tag: Self.tag, "Where a call would go, without calling anything") {
                .json(try explain($0))
            }
            .body(Self.question)
            .answering(200, "Every candidate, why each is out, and what would be tried now in which order"),
            Route(.post, "/api/v1/admin/reload", tag: Self.tag, "Read the policy and the registry again") { _ in
                try await director.reload()
                return .json(["reloaded": true, "models": .integer(Int64(director.registry.models.count))])
            }
            .answering(200, "They are in force")
            .answering(422, "What is wrong with a file; what was in force stays", Schema.problem),
        ]
    }

    /// Every provider with the calls of today.
    func upstreams() async throws -> [JSON] {
        let today = UsageDay(time.now)
        let report = try await calls.usage(by: [.upstream], over: today...today)
        let counts = report.lines.map { ($0.names[0], $0.sums.calls) }
        return director.upstreams(calls: Dictionary(counts) { $0 + $1 })
    }

    private func explain(_ request: RouteRequest) throws -> JSON {
        var fields = try request.fields()
        let model = fields.text("model", limit: 128)
        let contract = fields.optionalText("contract", limit: RouteContract.mostBytes)
        let key: KeyID?? = fields.optionalIdentifier("key")
        let endpoint = fields.optionalText("endpoint", limit: 64) ?? GatewayDirector.explainedEndpoints[0]
        if !GatewayDirector.explainedEndpoints.contains(endpoint) {
            let allowed = GatewayDirector.explainedEndpoints.joined(separator: ", ")
            fields.problem("endpoint", "must be one of \(allowed)")
        }
        try fields.finish()
        return try director.explain(model, contract: contract, key: key ?? nil, endpoint: endpoint)
    }
}
