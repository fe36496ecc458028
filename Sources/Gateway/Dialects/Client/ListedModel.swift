package import CupelCore

/// A model in the list that clients are shown.
package struct ListedModel: Sendable, Hashable {
    /// The name to ask for.
    package var id: String
    /// The name for people.
    package var displayName: String
    /// Who makes it.
    package var owner: String
    /// Seconds since 1970 at which it came out; 0 when that is not known.
    package var created: Int

    /// A model.
    package init(id: String, displayName: String, owner: String, created: Int = 0) {
        self.id = id
        self.displayName = displayName
        self.owner = owner
        self.created = created
    }

    /// The model as OpenAI lists it (platform.openai.com/docs/api-reference/models/object) or Anthropic
    /// (docs.anthropic.com/en/api/models).
    package func json(_ dialect: ClientDialect) -> JSON {
        if dialect.isOpenAI {
            return [
                "id": .string(id), "object": "model", "created": .integer(Int64(created)), "owned_by": .string(owner),
            ]
        }
        let time = Timestamp(microseconds: Int64(created) * 1_000_000).description
        return [
            "type": "model", "id": .string(id), "display_name": .string(displayName), "created_at": .string(time),
        ]
    }

    /// The list of `GET /v1/models`, in Anthropic's form when the request carries `anthropic-version`.
    package static func list(_ models: [ListedModel], _ dialect: ClientDialect) -> JSON {
        let data = JSON.array(models.map { $0.json(dialect) })
        if dialect.isOpenAI { return ["object": "list", "data": data] }
        return [
            "data": data, "has_more": false, "first_id": (models.first?.id).map { .string($0) } ?? .null,
            "last_id": (models.last?.id).map { .string($0) } ?? .null,
        ]
    }
}
