package import CupelCore
package import Storage

/// Keeps the records of calls.
package struct CallStore: Sendable {
    private let database: any Database

    /// A store whose tables are there.
    package init(database: any Database) { self.database = database }

    /// Keeps the record of a call that ended, and what it adds to the sums of its day.
    package func store(_ call: CallRecord) async throws {
        try await database.write { transaction in
            try Self.write(opened: [], ended: [call], reopened: [], in: transaction)
        }
    }

    /// Keeps calls that began and calls that ended, with what those add to the sums of their day.
    static func write(
        opened: some Sequence<CallRecord>,
        ended: some Sequence<CallRecord>,
        reopened: some Sequence<CallRecord>,
        in transaction: any Transaction
    ) throws {
        try CallRow.write(opened, replacing: false, in: transaction)
        try CallRow.write(ended, replacing: false, in: transaction)
        try CallRow.write(reopened, replacing: true, in: transaction)
        var rollup = UsageRollup()
        for record in ended { rollup.add(record) }
        for record in reopened { rollup.add(record) }
        try rollup.write(in: transaction)
    }

    /// Calls, newest first, before a given one.
    package func calls(
        before cursor: Identifier<CallRecord>?,
        limit: Int,
        filter: CallFilter = CallFilter()
    ) async throws -> [StoredCall] {
        let condition = filter.condition(before: cursor)
        return try await database.query("SELECT * FROM calls \(condition) ORDER BY id DESC LIMIT \(limit)")
            .map(StoredCall.init(row:))
    }

    /// One call.
    /// - Throws: `not_found` when there is none of that name, or it was kept long enough.
    package func call(_ id: Identifier<CallRecord>) async throws -> StoredCall {
        guard let row = try await database.query("SELECT * FROM calls WHERE id = \(id)").first else {
            throw CupelError(.notFound, "There is no call \(id); old ones are deleted, their sums stay.")
        }
        return try StoredCall(row: row)
    }

    /// What calls used over some days.
    /// - Throws: as ``UsageReport/read(_:by:over:)``.
    package func usage(
        by dimensions: [UsageReport.Dimension],
        over days: ClosedRange<UsageDay>
    ) async throws -> UsageReport {
        try await UsageReport.read(database, by: dimensions, over: days)
    }

    /// A provider's bill beside what is kept.
    /// - Throws: as ``Reconciliation/read(_:upstream:name:in:)``.
    package func reconcile(
        _ invoice: Invoice,
        upstream: String?,
        name: (String) -> String
    ) async throws -> Reconciliation {
        try await Reconciliation.read(invoice, upstream: upstream, name: name, in: database)
    }

    /// Calls and tokens over all.
    package func totals() async throws -> (calls: Int, tokens: Int) {
        let row = try await database.query(
            """
            SELECT CAST(coalesce(sum(calls), 0) AS BIGINT) AS calls,
                CAST(coalesce(sum(input_tokens + output_tokens), 0) AS BIGINT) AS tokens FROM usage_days
            """
        ).first
        return (try row?.integer("calls") ?? 0, try row?.integer("tokens") ?? 0)
    }

    /// The tables of calls and of their daily sums.
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
        },
        Migration(401, "calls: who asked, the route, the cost; sums of each day") { engine in
            let columns = CallRow.columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
            // Rows come in the order of their names, so the table itself is the index.
            let order = engine == .sqlite ? " WITHOUT ROWID" : ""
            return [
                "ALTER TABLE calls RENAME TO calls_before_401",
                SQL(parts: [.text("CREATE TABLE calls (\(columns))\(order)")]),
                """
                INSERT INTO calls (id, started_at, key_name, person, team, project, dialect, purpose, upstream,
                    model_asked, model, model_answered, attempts, status, is_stream, structured_mode, input_tokens,
                    output_tokens, is_estimated, reserved_microdollars, first_byte_us, duration_us, finish, outcome,
                    redactions)
                SELECT id, started_at, '', '', '', '', 'internal', purpose, upstream, model_asked, model_asked,
                    model_answered, attempts, 0, 0, structured_mode, input_tokens, output_tokens, 0, 0, first_byte_us,
                    duration_us, finish, outcome, 0 FROM calls_before_401
                """,
                "DROP TABLE calls_before_401",
            ] + UsageRollup.table + [
                """
                INSERT INTO usage_days (day, key_name, person, team, project, model, upstream, calls, unpriced,
                    input_tokens, cache_read_tokens, output_tokens, reasoning_tokens, cost_microdollars)
                SELECT started_at / 86400000000, '', '', '', '', model_asked, upstream, count(*), count(*),
                    coalesce(sum(coalesce(input_tokens, 0)), 0), 0, coalesce(sum(coalesce(output_tokens, 0)), 0), 0, 0
                FROM calls GROUP BY started_at / 86400000000, model_asked, upstream
                """
            ]
        },
        Migration(402, "slices of budgets that replicas share") { _ in LeaseTable.tables },
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
        var json: JSON = [:]
        for column in CallRow.columns {
            json[column.name] =
                switch column.name {
                case "started_at": .string(try row.timestamp("started_at").description)
                case "is_stream", "is_estimated": .bool(try row.integer(column.name) != 0)
                case _ where column.type.hasPrefix("BIGINT"):
                    try row.optionalInteger(column.name).map { .integer(Int64($0)) } ?? .null
                default: try row.optionalText(column.name).map { .string($0) } ?? .null
                }
        }
        self.json = json
    }
}
