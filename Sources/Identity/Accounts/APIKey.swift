package import CupelCore
import Storage

/// The name of a key, which is no secret.
package typealias KeyID = Identifier<APIKey>

/// Whom a key belongs to.
package enum KeyOwner: Sendable, Hashable {
    case person(PersonID)
    case team(TeamID)
    case project(ProjectID)

    /// The kinds' words.
    package static let words = ["person", "team", "project"]

    /// The kind in a word.
    package var word: String {
        switch self {
        case .person: "person"
        case .team: "team"
        case .project: "project"
        }
    }

    /// The owner's identifier.
    package var subject: String {
        switch self {
        case .person(let id): id.description
        case .team(let id): id.description
        case .project(let id): id.description
        }
    }

    /// Reads an owner; `nil` when the word is none or the subject is no identifier.
    package init?(word: String, subject: String) {
        switch word {
        case "person":
            guard let id = PersonID(subject) else { return nil }
            self = .person(id)
        case "team":
            guard let id = TeamID(subject) else { return nil }
            self = .team(id)
        case "project":
            guard let id = ProjectID(subject) else { return nil }
            self = .project(id)
        default: return nil
        }
    }
}

/// What a key may be used for.
package enum KeyScope: String, Sendable, CaseIterable {
    /// Calling models.
    case calls
    /// Reading the records of calls.
    case readCalls = "calls:read"
    /// Reading what was spent.
    case readUsage = "usage:read"
    /// Everything that the data directory's token may do.
    case admin
}

/// A key of the API without its secret, of which only a digest is kept.
package struct APIKey: Sendable, Hashable {
    package let id: KeyID
    /// Unique among keys that are not revoked; rules of the policy name it.
    package var name: String
    /// The first characters of the secret, by which a person tells keys apart.
    package let prefix: String
    package let owner: KeyOwner
    package var scopes: Set<KeyScope>
    /// Patterns of the models that it may ask; empty for all.
    package var models: [Glob]
    package var limits: CallLimits
    package var expiresAt: Timestamp?
    /// Whether it is refused until somebody says otherwise.
    package var isDisabled: Bool
    /// When it was ended for good.
    package let revokedAt: Timestamp?
    package let createdAt: Timestamp
    /// When its secret was last replaced.
    package let rotatedAt: Timestamp?
    /// Until when the secret before the last rotation is still taken.
    package let oldSecretUntil: Timestamp?
    /// When it was last used, to within half a minute.
    package let lastUsedAt: Timestamp?

    /// Patterns of models in one key.
    package static let maximumModels = 100

    init(row: Row) throws {
        id = try row.identifier("id")
        name = try row.text("name")
        prefix = try row.text("prefix")
        guard let owner = KeyOwner(word: try row.text("owner_kind"), subject: try row.text("owner_id")) else {
            throw CupelError(.internalError, "The owner of the key \(id) cannot be read.")
        }
        self.owner = owner
        scopes = Set(try row.text("scopes").split(separator: " ").compactMap { KeyScope(rawValue: String($0)) })
        models = try row.text("models").split(separator: " ").compactMap { Glob(String($0)) }
        limits = try CallLimits(row: row)
        expiresAt = try row.optionalTimestamp("expires_at")
        isDisabled = try row.flag("is_disabled")
        revokedAt = try row.optionalTimestamp("revoked_at")
        createdAt = try row.timestamp("created_at")
        rotatedAt = try row.optionalTimestamp("rotated_at")
        oldSecretUntil = try row.optionalTimestamp("old_until")
        lastUsedAt = try row.optionalTimestamp("last_used_at")
    }

    /// As the API shows it; the secret is not known any more.
    package var json: JSON {
        func moment(_ value: Timestamp?) -> JSON { value.map { .string($0.description) } ?? .null }
        return [
            "id": .string(id.description), "name": .string(name), "prefix": .string(prefix),
            "owner": ["kind": .string(owner.word), "id": .string(owner.subject)],
            "scopes": .array(scopes.map(\.rawValue).sorted().map { .string($0) }),
            "models": .array(models.map { .string($0.text) }), "limits": limits.json,
            "expires_at": moment(expiresAt), "disabled": .bool(isDisabled), "revoked_at": moment(revokedAt),
            "created_at": moment(createdAt), "rotated_at": moment(rotatedAt),
            "old_secret_until": moment(oldSecretUntil), "last_used_at": moment(lastUsedAt),
        ]
    }
}

/// A key as somebody asks for it.
package struct KeyDraft: Sendable {
    package var name: String
    package var owner: KeyOwner
    package var scopes: Set<KeyScope>
    package var models: [Glob]
    package var limits: CallLimits
    package var expiresAt: Timestamp?

    /// A key that may call models, without limits of its own, unless it is said otherwise.
    package init(
        name: String,
        owner: KeyOwner,
        scopes: Set<KeyScope> = [.calls],
        models: [Glob] = [],
        limits: CallLimits = .none,
        expiresAt: Timestamp? = nil
    ) {
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.models = models
        self.limits = limits
        self.expiresAt = expiresAt
    }
}

/// What is changed of a key; `nil` leaves it as it is.
package struct KeyChange: Sendable {
    package var name: String?
    package var scopes: Set<KeyScope>?
    package var models: [Glob]?
    package var limits: CallLimits?
    /// `.some(nil)` takes the end away.
    package var expiresAt: Timestamp??
    package var isDisabled: Bool?

    /// Nothing is changed.
    package init() {}
}
