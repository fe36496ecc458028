package import CupelCore
import Storage

extension AccountTransaction {
    /// The longest grace that a rotation can give the old secret.
    package static let maximumGrace = Duration.seconds(90 * 24 * 3600)

    /// Makes a key. The secret is given here and never again: only its digest is kept.
    /// - Throws: `validation_error`; `conflict` when the name is taken; `not_found` for the owner.
    package func createKey(_ draft: KeyDraft) throws -> (key: APIKey, secret: Secret) {
        try check(name: draft.name)
        try check(draft.scopes, draft.models, draft.limits)
        if let end = draft.expiresAt, end <= now { throw Self.wrong("expires_at", "must be in the future") }
        try checkFree(draft.name, in: "api_keys", "key", except: nil)
        try checkRoom(in: "api_keys", "keys")
        try checkOwner(draft.owner)
        let id = KeyID(at: now)
        let (secret, prefix, digest) = makeSecret()
        try record("key.create", id.description, detail(draft.name, draft.owner, draft.scopes, draft.expiresAt))
        try transaction.execute(
            """
            INSERT INTO api_keys (id, name, prefix, digest, owner_kind, owner_id, scopes, models,
                requests_per_minute, tokens_per_minute, parallel_calls, expires_at, is_disabled, created_at)
            VALUES (\(id), \(draft.name), \(prefix), \(digest), \(draft.owner.word), \(draft.owner.subject),
                \(words(draft.scopes)), \(words(draft.models)), \(draft.limits.requestsPerMinute),
                \(draft.limits.tokensPerMinute), \(draft.limits.parallelCalls), \(draft.expiresAt), 0, \(now))
            """
        )
        return (try key(id), secret)
    }

    /// One key.
    /// - Throws: `not_found`.
    package func key(_ id: KeyID) throws -> APIKey { try APIKey(row: row(id.description, in: "api_keys", "key")) }

    /// Changes what is said of a key.
    /// - Throws: `not_found`, `validation_error`; `conflict` when the name is taken or the key is revoked.
    package func changeKey(_ id: KeyID, _ change: KeyChange) throws -> APIKey {
        var key = try live(id)
        key.name = change.name ?? key.name
        key.scopes = change.scopes ?? key.scopes
        key.models = change.models ?? key.models
        key.limits = change.limits ?? key.limits
        key.expiresAt = change.expiresAt ?? key.expiresAt
        key.isDisabled = change.isDisabled ?? key.isDisabled
        try check(name: key.name)
        try check(key.scopes, key.models, key.limits)
        try checkFree(key.name, in: "api_keys", "key", except: id.description)
        try record("key.change", id.description, key.json)
        try transaction.execute(
            """
            UPDATE api_keys SET name = \(key.name), scopes = \(words(key.scopes)), models = \(words(key.models)),
                requests_per_minute = \(key.limits.requestsPerMinute),
                tokens_per_minute = \(key.limits.tokensPerMinute), parallel_calls = \(key.limits.parallelCalls),
                expires_at = \(key.expiresAt), is_disabled = \(key.isDisabled)
            WHERE id = \(id)
            """
        )
        return key
    }

    /// Gives a key a new secret; the old one is taken for a while yet. A still older one ends at once.
    /// - Parameter grace: from none to ``maximumGrace``.
    /// - Throws: `not_found`, `validation_error`; `conflict` when the key is revoked.
    package func rotateKey(_ id: KeyID, grace: Duration) throws -> (key: APIKey, secret: Secret) {
        guard grace >= .zero, grace <= Self.maximumGrace else {
            throw Self.wrong("grace_seconds", "must be from 0 to \(Self.maximumGrace.components.seconds)")
        }
        let key = try live(id)
        let (secret, prefix, digest) = makeSecret()
        let seconds = grace.components.seconds
        try record("key.rotate", id.description, ["name": .string(key.name), "grace_seconds": .integer(seconds)])
        try transaction.execute(
            """
            UPDATE api_keys SET old_digest = digest, old_until = \(now + grace), digest = \(digest),
                prefix = \(prefix), rotated_at = \(now) WHERE id = \(id)
            """
        )
        return (try self.key(id), secret)
    }

    /// Ends a key for good, with its budgets.
    /// - Throws: `not_found`; `conflict` when it is revoked already.
    package func revokeKey(_ id: KeyID) throws -> APIKey {
        let key = try live(id)
        try record("key.revoke", id.description, ["name": .string(key.name)])
        try removeBudgets(of: .key(id))
        try transaction.execute("UPDATE api_keys SET revoked_at = \(now) WHERE id = \(id)")
        return try self.key(id)
    }

    private func live(_ id: KeyID) throws -> APIKey {
        let key = try key(id)
        if let revoked = key.revokedAt {
            throw CupelError(.conflict, "The key '\(key.name)' was revoked at \(revoked); create another.")
        }
        return key
    }

    private func makeSecret() -> (secret: Secret, prefix: String, digest: Digest) {
        var generator = SystemRandomNumberGenerator()
        let secret = KeySecret.make(using: &generator)
        let text = secret.expose()
        return (secret, String(text.prefix(KeySecret.shownCharacters)), Digest(of: text))
    }

    private func checkOwner(_ owner: KeyOwner) throws {
        switch owner {
        case .person(let id): _ = try person(id)
        case .team(let id): _ = try team(id)
        case .project(let id): _ = try project(id)
        }
    }

    private func check(_ scopes: Set<KeyScope>, _ models: [Glob], _ limits: CallLimits) throws {
        guard !scopes.isEmpty else { throw Self.wrong("scopes", "must have at least one") }
        guard models.count <= APIKey.maximumModels else {
            throw Self.wrong("models", "must have at most \(APIKey.maximumModels) patterns")
        }
        guard models.allSatisfy({ !$0.text.contains(where: \.isWhitespace) }) else {
            throw Self.wrong("models", "must have no spaces in a pattern")
        }
        try limits.check()
    }

    private func words(_ scopes: Set<KeyScope>) -> String { scopes.map(\.rawValue).sorted().joined(separator: " ") }

    private func words(_ models: [Glob]) -> String { models.map(\.text).joined(separator: " ") }

    private func detail(_ name: String, _ owner: KeyOwner, _ scopes: Set<KeyScope>, _ end: Timestamp?) -> JSON {
        [
            "name": .string(name), "owner": ["kind": .string(owner.word), "id": .string(owner.subject)],
            "scopes": .string(words(scopes)), "expires_at": end.map { .string($0.description) } ?? .null,
        ]
    }
}
