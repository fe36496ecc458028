import CupelCore
import Jobs

/// Which jobs a request for many means: named ones, or the dead letters that a filter lets through.
struct JobSelection {
    private let ids: [JobID]?
    private let filter: JobFilter

    static let schema = Schema.object(
        [],
        optional: [
            ("ids", Schema.array(Schema.identifier)), ("queue", Schema.text(limit: JobQueue.maximumNameBytes)),
            ("kind", Schema.text(limit: JobQueue.maximumNameBytes)),
            ("code", Schema.text(limit: JobQueue.maximumNameBytes)),
            ("limit", Schema.integer(1...JobQueue.maximumBulk, default: JobQueue.maximumBulk)),
        ]
    )

    static let answer = Schema.object([
        ("done", ["type": "integer"]), ("ids", Schema.array(Schema.identifier)),
        (
            "refused",
            Schema.array(Schema.object([("id", Schema.identifier), ("code", Schema.text), ("message", Schema.text)]))
        ), ("more", ["type": "boolean"]),
    ])

    /// Reads a selection.
    /// - Throws: `validation_error` naming every wrong field.
    init(_ request: RouteRequest) throws {
        var fields = try request.fields()
        ids = Self.identifiers(&fields, "ids", limit: JobQueue.maximumBulk)
        let queue = fields.optionalText("queue", limit: JobQueue.maximumNameBytes)
        let kind = fields.optionalText("kind", limit: JobQueue.maximumNameBytes)
        let code = fields.optionalText("code", limit: JobQueue.maximumNameBytes)
        let limit = fields.integer("limit", default: JobQueue.maximumBulk, in: 1...JobQueue.maximumBulk)
        if ids != nil, queue != nil || kind != nil || code != nil {
            fields.problem("ids", "give either ids or queue, kind and code")
        }
        try fields.finish()
        filter = JobFilter(state: .failed, kind: kind, queue: queue, code: code, limit: limit)
    }

    /// Does something to the jobs that are meant and answers what became of each.
    func apply(
        _ queue: JobQueue,
        _ act: ([JobID]) async throws -> BulkOutcome
    ) async throws -> RouteResponse {
        var chosen = ids ?? []
        if ids == nil { chosen = try await queue.store.jobs(filter).map(\.id) }
        let outcome = try await act(chosen)
        return .json([
            "done": .integer(Int64(outcome.done.count)),
            "ids": .array(outcome.done.map { .string($0.description) }),
            "refused": .array(
                outcome.refused.map {
                    [
                        "id": .string($0.id.description), "code": .string($0.error.code.rawValue),
                        "message": .string($0.error.message),
                    ]
                }
            ),
            "more": .bool(ids == nil && chosen.count == filter.limit),
        ])
    }

    /// A list of identifiers; `nil` when it is missing.
    static func identifiers(_ fields: inout JSONFields, _ name: String, limit: Int) -> [JobID]? {
        guard let value = fields.value(name), !value.isNull else { return nil }
        guard let list = value.arrayValue, list.count <= limit else {
            fields.problem(name, "must be a list of at most \(limit) identifiers")
            return nil
        }
        return list.enumerated().compactMap { index, item in
            let id = item.stringValue.flatMap { JobID($0) }
            if id == nil { fields.problem("\(name)[\(index)]", "must be an identifier") }
            return id
        }
    }
}
