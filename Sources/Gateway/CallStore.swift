package import CupelCore
package import Storage

/// Keeps the records of calls.
package struct CallStore: Sendable {
    private let database: any Database

    /// A store whose tables are there.
    package init(database: any Database) { self.database = database }

    /// Keeps a record.
    package func store(_ call: CallRecord) async throws {
        try await database.execute(
            """
            INSERT INTO calls (id, upstream, model_asked, model_answered, purpose, started_at, first_byte_us,
                duration_us, attempts, structured_mode, input_tokens, output_tokens, finish, outcome)
            VALUES (\(call.id), \(call.upstream), \(call.modelAsked), \(call.modelAnswered), \(call.purpose),
                \(call.started), \(call.firstByte?.wholeMicroseconds), \(call.duration.wholeMicroseconds),
                \(call.attempts), \(call.structuredMode?.rawValue), \(call.usage?.input), \(call.usage?.output),
                \(call.finish), \(call.outcome.word))
            """
        )
    }

    /// Calls, newest first, before a given one.
    package func calls(before cursor: Identifier<CallRecord>?, limit: Int) async throws -> [StoredCall] {
        let before: SQL = cursor.map { "WHERE id < \($0)" } ?? ""
        return try await database.query("SELECT * FROM calls \(before) ORDER BY id DESC LIMIT \(limit)")
            .map(StoredCall.init(row:))
    }

    /// Calls and tokens over all.
    package func totals() async throws -> (calls: Int, tokens: Int) {
        let row = try await database.query(
            """
            SELECT count(*) AS calls, CAST(coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0)
                AS BIGINT) AS tokens FROM calls
            """
        ).first
        return (try row?.integer("calls") ?? 0, try row?.integer("tokens") ?? 0)
    }

    /// The table of calls.
    package static let migrations = [
        Migration(400, "calls") { _ in
            [
                """
                CREATE TABLE calls (
                    id TEXT PRIMARY KEY, upstream TEXT NOT NULL, model_asked TEXT NOT NULL, model_answered TEXT,
                    purpose TEXT NOT NULL, started_at BIGINT NOT NULL, first_byte_us BIGINT,
                    duration_us BIGINT NOT NULL, attempts BIGINT NOT NULL, structured_mode TEXT,
                    input_tokens BIGINT, output_tokens BIGINT, finish TEXT, outcome TEXT NOT NULL)
                """
            ]
        }
    ]
}

/// A call as it is kept and shown; nothing of what was said.
package struct StoredCall: Sendable {
    /// The call's name.
    package let id: Identifier<CallRecord>
    /// Everything that is shown of it.
    package let json: JSON

    init(row: Row) throws {
        id = try row.identifier("id")
        func number(_ column: String) throws -> JSON {
            try row.optionalInteger(column).map { .integer(Int64($0)) } ?? .null
        }
        func text(_ column: String) throws -> JSON { try row.optionalText(column).map { .string($0) } ?? .null }
        json = [
            "id": .string(id.description), "upstream": try text("upstream"), "model_asked": try text("model_asked"),
            "model_answered": try text("model_answered"), "purpose": try text("purpose"),
            "started_at": .string(try row.timestamp("started_at").description),
            "first_byte_us": try number("first_byte_us"), "duration_us": try number("duration_us"),
            "attempts": try number("attempts"), "structured_mode": try text("structured_mode"),
            "input_tokens": try number("input_tokens"), "output_tokens": try number("output_tokens"),
            "finish": try text("finish"), "outcome": try text("outcome"),
        ]
    }
}
