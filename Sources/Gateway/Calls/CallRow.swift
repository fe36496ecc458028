import CupelCore
import Storage

/// A record as a row of `calls`: one list of columns serves the table, the statements and the listing.
struct CallRow: Sendable {
    /// A column and how it is filled.
    struct Column: Sendable {
        let name: String
        let type: String
        let bind: @Sendable (borrowing CallRecord, inout ValueBinder) -> Void
    }

    static let columns: [Column] = [
        Column(name: "id", type: "TEXT PRIMARY KEY") { $1.text($0.id.description) },
        Column(name: "started_at", type: "BIGINT NOT NULL") { $1.integer($0.started.microseconds) },
        Column(name: "key_name", type: "TEXT NOT NULL") { $1.text($0.asker.key) },
        Column(name: "person", type: "TEXT NOT NULL") { $1.text($0.asker.person) },
        Column(name: "team", type: "TEXT NOT NULL") { $1.text($0.asker.team) },
        Column(name: "project", type: "TEXT NOT NULL") { $1.text($0.asker.project) },
        Column(name: "dialect", type: "TEXT NOT NULL") { $1.text($0.dialect) },
        Column(name: "purpose", type: "TEXT NOT NULL") { $1.text($0.purpose) },
        Column(name: "upstream", type: "TEXT NOT NULL") { $1.text($0.upstream) },
        Column(name: "model_asked", type: "TEXT NOT NULL") { $1.text($0.modelAsked) },
        Column(name: "model", type: "TEXT") { $1.text($0.model) },
        Column(name: "model_answered", type: "TEXT") { $1.text($0.modelAnswered) },
        Column(name: "route", type: "TEXT") { $1.text($0.route) },
        Column(name: "attempts", type: "BIGINT NOT NULL") { $1.integer(Int64($0.attempts)) },
        Column(name: "status", type: "BIGINT NOT NULL") { $1.integer(Int64($0.status)) },
        Column(name: "is_stream", type: "BIGINT NOT NULL") { $1.integer($0.isStream ? 1 : 0) },
        Column(name: "structured_mode", type: "TEXT") { $1.text($0.structuredMode?.rawValue) },
        Column(name: "input_tokens", type: "BIGINT") { $1.integer(($0.usage?.input).map(Int64.init)) },
        Column(name: "cache_read_tokens", type: "BIGINT") { $1.integer(($0.usage?.cacheRead).map(Int64.init)) },
        Column(name: "cache_write_tokens", type: "BIGINT") { record, binder in
            binder.integer(record.usage.map { Int64($0.cacheWrite + $0.cacheWriteLong) })
        },
        Column(name: "output_tokens", type: "BIGINT") { $1.integer(($0.usage?.output).map(Int64.init)) },
        Column(name: "reasoning_tokens", type: "BIGINT") { $1.integer(($0.usage?.reasoning).map(Int64.init)) },
        Column(name: "is_estimated", type: "BIGINT NOT NULL") { $1.integer($0.isEstimated ? 1 : 0) },
        Column(name: "reserved_microdollars", type: "BIGINT NOT NULL") { $1.integer($0.reserved.microdollars) },
        Column(name: "cost_microdollars", type: "BIGINT") { $1.integer($0.cost?.microdollars) },
        Column(name: "first_byte_us", type: "BIGINT") { $1.integer($0.firstByte?.wholeMicroseconds) },
        Column(name: "duration_us", type: "BIGINT NOT NULL") { $1.integer($0.duration.wholeMicroseconds) },
        Column(name: "finish", type: "TEXT") { $1.text($0.finish) },
        Column(name: "outcome", type: "TEXT NOT NULL") { $1.text($0.outcome.word) },
        Column(name: "cache", type: "TEXT") { $1.text($0.cache) },
        Column(name: "rule", type: "TEXT") { $1.text($0.rule) },
        Column(name: "redactions", type: "BIGINT NOT NULL") { $1.integer(Int64($0.redactions)) },
        Column(name: "run", type: "TEXT") { $1.text($0.run) },
        Column(name: "artefact", type: "TEXT") { $1.text($0.artefact) },
        Column(name: "replica", type: "TEXT") { $1.text($0.replica) },
    ]

    private static let names = columns.map(\.name).joined(separator: ", ")
    private static let upsert: String =
        " ON CONFLICT (id) DO UPDATE SET "
        + columns.dropFirst().map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
    private static let insertion = FixedSQL(
        "INSERT INTO calls (\(names)) VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))"
    )
    private static let replacement = FixedSQL(insertion.text + upsert)

    /// Rows that one statement of PostgreSQL takes.
    static let rowsAtOnce = 32

    private static func bind(_ record: borrowing CallRecord, _ binder: inout ValueBinder) {
        for column in columns { column.bind(record, &binder) }
    }

    /// Writes records; those whose call was written before when it began are replaced.
    static func write(
        _ records: some Sequence<CallRecord>,
        replacing: Bool,
        in transaction: any Transaction
    ) throws {
        guard transaction.engine == .postgres else {
            for record in records {
                try transaction.execute(replacing ? replacement : insertion) { bind(record, &$0) }
            }
            return
        }
        var rest = Array(records)[...]
        while !rest.isEmpty {
            // Two sizes, so that the server keeps two plans and not a hundred.
            let count = rest.count >= rowsAtOnce ? rowsAtOnce : 1
            try transaction.execute(many(rest.prefix(count), replacing: replacing))
            rest = rest.dropFirst(count)
        }
    }

    private static func many(_ records: ArraySlice<CallRecord>, replacing: Bool) -> SQL {
        var parts: [SQL.Part] = [.text("INSERT INTO calls (\(names)) VALUES (")]
        for (index, record) in records.enumerated() {
            if index > 0 { parts.append(.text("), (")) }
            var binder = ValueBinder()
            bind(record, &binder)
            for (place, value) in binder.values.enumerated() {
                if place > 0 { parts.append(.text(", ")) }
                parts.append(.value(value))
            }
        }
        parts.append(.text(")" + (replacing ? upsert : "")))
        return SQL(parts: parts)
    }
}
