package import CupelCore
import Storage

/// Who did what, when and to what: written in the same transaction as the effect, and before it.
package struct AuditRecord: Sendable {
    package let id: Identifier<AuditRecord>
    package let at: Timestamp
    /// Who: `token`, `key:` with the key's identifier, or a person's name.
    package let actor: String
    /// What, as `key.create`.
    package let action: String
    /// To what: the identifier of an account, or a model's name.
    package let target: String
    /// What was said, without secrets.
    package let detail: JSON

    /// The longest name of an actor, in bytes.
    package static let maximumActorBytes = 200

    init(row: Row) throws {
        id = try row.identifier("id")
        at = try row.timestamp("at")
        actor = try row.text("actor")
        action = try row.text("action")
        target = try row.text("target")
        detail = try row.json("detail")
    }

    /// As the API shows it.
    package var json: JSON {
        [
            "id": .string(id.description), "at": .string(at.description), "actor": .string(actor),
            "action": .string(action), "target": .string(target), "detail": detail,
        ]
    }
}
