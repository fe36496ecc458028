import CupelCore
import HTTPTypes
import Identity

extension AccountRoutes {
    private static let owner = Schema.object([("kind", Schema.choice(KeyOwner.words)), ("id", Schema.identifier)])
    private static let scopes = Schema.array(Schema.choice(KeyScope.allCases.map(\.rawValue)))

    private static let key = Schema.object([
        ("id", Schema.identifier), ("name", Schema.text), ("prefix", Schema.text), ("owner", owner),
        ("scopes", scopes), ("models", Schema.array(Schema.text)), ("limits", limits),
        ("expires_at", Schema.optional(Schema.moment)), ("disabled", ["type": "boolean"]),
        ("revoked_at", Schema.optional(Schema.moment)), ("created_at", Schema.moment),
        ("rotated_at", Schema.optional(Schema.moment)), ("old_secret_until", Schema.optional(Schema.moment)),
        ("last_used_at", Schema.optional(Schema.moment)),
    ])

    /// A key as it is answered once, with its secret; null when an Idempotency-Key is shown again.
    private static let keyWithSecret: JSON = [
        "allOf": [key, Schema.object([("secret", Schema.optional(Schema.text))])]
    ]

    private static let changeable: [(String, JSON)] = [
        ("scopes", scopes), ("models", Schema.array(Schema.text)), ("limits", limits),
        ("expires_at", Schema.optional(Schema.moment)),
    ]

    func apiKeys() -> [Route] {
        let path = Self.root + "/keys"
        return [
            listing(
                Route(.get, path, tag: Self.tag, "Keys, without their secrets") { request in
                    let (before, limit) = try request.page(of: APIKey.self)
                    let found = try await store.keys(before: before, limit: limit, name: try wantedName(request))
                    return .list(found, limit: limit, cursor: { $0.id.description }, json: \.json)
                },
                Self.key
            ),
            making(
                Route(.post, path, tag: Self.tag, "Make a key; its secret is shown this once") {
                    try await createKey($0)
                },
                Schema.object([("name", Self.name), ("owner", Self.owner)], optional: Self.changeable),
                Self.keyWithSecret
            ),
            one(
                Route(.get, path + "/{id}", tag: Self.tag, "One key") { request in
                    .json(try await store.key(try request.identifier("id")).json)
                },
                Self.key
            ),
            one(
                Route(.patch, path + "/{id}", tag: Self.tag, "Change what is said of a key") {
                    try await changeKey($0)
                }
                .body(
                    Schema.object(
                        [],
                        optional: [("name", Self.name), ("disabled", ["type": "boolean"])] + Self.changeable
                    )
                ),
                Self.key
            ),
            one(
                Route(.delete, path + "/{id}", tag: Self.tag, "Revoke a key for good") { request in
                    let id: KeyID = try request.identifier("id")
                    let key = try await store.write(by: Self.actor(request)) { try $0.revokeKey(id) }
                    return .json(key.json)
                },
                Self.key
            ),
            one(
                Route(.post, path + "/{id}/rotate", tag: Self.tag, "Give a key a new secret, shown this once") {
                    try await rotateKey($0)
                }
                .taking(.header, "Idempotency-Key", "The same key rotates once in a day", Schema.text)
                .body(Schema.object([], optional: [("grace_seconds", Self.grace)])),
                Self.keyWithSecret
            ),
        ]
    }

    /// How long the old secret is taken after a rotation, unless it is said.
    private static let standardGrace = 3600
    private static let maximumGrace = Int(AccountTransaction.maximumGrace.components.seconds)
    private static let grace = Schema.integer(0...maximumGrace, default: standardGrace)

    private func createKey(_ request: RouteRequest) async throws -> RouteResponse {
        var fields = try request.fields()
        let name = fields.text("name", limit: AccountTransaction.maximumNameBytes)
        let given = fields.value("owner")
        let kind = given?["kind"]?.stringValue ?? ""
        let owner = KeyOwner(word: kind, subject: given?["id"]?.stringValue ?? "")
        if owner == nil {
            fields.problem("owner", "must have a kind (\(KeyOwner.words.joined(separator: ", "))) and an id")
        }
        let scopes = fields.optionalScopes() ?? [.calls]
        let models = fields.optionalModels() ?? []
        let limits = fields.optionalLimits() ?? .none
        let expiresAt = fields.optionalMoment("expires_at") ?? nil
        try fields.finish()
        guard let owner else { throw CupelError(.validationError, "The key has no owner.") }
        let draft = KeyDraft(
            name: name,
            owner: owner,
            scopes: scopes,
            models: models,
            limits: limits,
            expiresAt: expiresAt
        )
        let (key, secret, isNew) = try await store.write(by: Self.actor(request)) { accounts in
            var secret: Secret?
            let (id, isNew) = try keys.once(request, "key.create", in: accounts.transaction) {
                let made = try accounts.createKey(draft)
                secret = made.secret
                return made.key.id
            }
            return (try accounts.key(id), secret, isNew)
        }
        return Self.answer(key, secret, status: isNew ? 201 : 200)
    }

    private func changeKey(_ request: RouteRequest) async throws -> RouteResponse {
        let id: KeyID = try request.identifier("id")
        var fields = try request.fields()
        var change = KeyChange()
        change.name = fields.optionalText("name", limit: AccountTransaction.maximumNameBytes)
        change.scopes = fields.optionalScopes()
        change.models = fields.optionalModels()
        change.limits = fields.optionalLimits()
        change.expiresAt = fields.optionalMoment("expires_at")
        change.isDisabled = fields.optionalFlag("disabled")
        try fields.finish()
        let key = try await store.write(by: Self.actor(request)) { [change] in try $0.changeKey(id, change) }
        return .json(key.json)
    }

    private func rotateKey(_ request: RouteRequest) async throws -> RouteResponse {
        let id: KeyID = try request.identifier("id")
        var fields = try request.fields()
        let seconds = fields.integer("grace_seconds", default: Self.standardGrace, in: 0...Self.maximumGrace)
        try fields.finish()
        let (key, secret) = try await store.write(by: Self.actor(request)) { accounts in
            var secret: Secret?
            _ = try keys.once(request, "key.rotate:\(id)", in: accounts.transaction) {
                secret = try accounts.rotateKey(id, grace: .seconds(seconds)).secret
                return id
            }
            return (try accounts.key(id), secret)
        }
        return Self.answer(key, secret, status: 200)
    }

    /// The one answer that holds a secret; nobody on the way may keep it.
    private static func answer(_ key: APIKey, _ secret: Secret?, status: Int) -> RouteResponse {
        var json = key.json
        json["secret"] = secret.map { .string($0.expose()) } ?? .null
        return .json(json, status: status, headers: [.cacheControl: "no-store"])
    }
}
