import CupelCore
import Jobs

/// A job as a caller submits it by its kind, read and checked.
struct JobSubmission {
    let entry: JobEntry
    let after: [JobID]

    /// Jobs that one may wait for.
    static let maximumAfter = 100
    /// The longest that a job may be put off.
    static let maximumDelaySeconds = 366 * 24 * 3600
    /// The largest request: a payload, and room for what stands around it.
    static let maximumBytes = JobQueue.maximumPayloadBytes + (64 << 10)

    static let schema = Schema.object(
        [("kind", Schema.text(limit: JobQueue.maximumNameBytes)), ("payload", Schema.any)],
        optional: [
            ("priority", Schema.choice(JobPriority.allCases.map(\.name))),
            ("delay_seconds", Schema.integer(0...maximumDelaySeconds, default: 0)), ("run_at", Schema.moment),
            ("unique_key", Schema.text(limit: JobQueue.maximumNameBytes)), ("after", Schema.array(Schema.identifier)),
            ("id", Schema.identifier),
        ]
    )

    /// Reads a submission.
    /// - Throws: `validation_error` naming every wrong field; `payload_too_large`.
    init(_ request: RouteRequest, _ registry: JobRegistry, now: Timestamp) throws {
        var fields = try request.fields()
        let kind = fields.text("kind", limit: JobQueue.maximumNameBytes)
        let payload = fields.value("payload") ?? [:]
        let priority = Self.priority(&fields)
        let runAt = Self.runAt(&fields, now)
        let uniqueKey = fields.optionalText("unique_key", limit: JobQueue.maximumNameBytes)
        if uniqueKey?.isEmpty == true { fields.problem("unique_key", "must not be empty") }
        let id = Self.id(&fields, now)
        let needed = JobSelection.identifiers(&fields, "after", limit: Self.maximumAfter) ?? []
        if let id, needed.contains(id) { fields.problem("after", "must not name the job itself") }
        try fields.finish()
        after = needed
        do {
            entry = try registry.entry(
                kind: kind,
                payload: payload,
                id: id,
                priority: priority,
                uniqueKey: uniqueKey,
                runAt: runAt,
                now: now
            )
        } catch let error as CupelError where error.code == .validationError {
            // What a kind says of its fields is said of the payload's.
            let named = error.fields.map { $0.field == "kind" ? $0 : FieldProblem("payload.\($0.field)", $0.message) }
            throw CupelError(
                .validationError,
                "The request has wrong fields.",
                fields: named.isEmpty ? [FieldProblem("payload", error.message)] : named
            )
        }
    }

    private static func priority(_ fields: inout JSONFields) -> JobPriority? {
        guard let text = fields.optionalText("priority", limit: JobQueue.maximumNameBytes) else { return nil }
        let found = JobPriority(name: text)
        if found == nil {
            fields.problem("priority", "must be one of \(JobPriority.allCases.map(\.name).joined(separator: ", "))")
        }
        return found
    }

    private static func runAt(_ fields: inout JSONFields, _ now: Timestamp) -> Timestamp? {
        let delay = fields.integer("delay_seconds", default: 0, in: 0...maximumDelaySeconds)
        guard let text = fields.optionalText("run_at", limit: 64) else {
            return delay > 0 ? now + .seconds(delay) : nil
        }
        if delay > 0 { fields.problem("run_at", "give either delay_seconds or run_at") }
        guard let moment = Timestamp(rfc3339: text) else {
            fields.problem("run_at", "must be an RFC 3339 moment, as 2026-03-01T09:30:00Z")
            return nil
        }
        if moment - now > .seconds(maximumDelaySeconds) {
            fields.problem("run_at", "must be within \(maximumDelaySeconds / 86_400) days")
        }
        return max(moment, now)
    }

    /// The caller's own identifier: of version 7 (RFC 9562), since lists are ordered by it.
    private static func id(_ fields: inout JSONFields, _ now: Timestamp) -> JobID? {
        guard let text = fields.optionalText("id", limit: 64) else { return nil }
        let bytes = Array(text.utf8)
        guard let id = JobID(text), bytes[14] == UInt8(ascii: "7"), "89abAB".utf8.contains(bytes[19]) else {
            fields.problem("id", "must be a UUID of version 7")
            return nil
        }
        return id
    }
}
