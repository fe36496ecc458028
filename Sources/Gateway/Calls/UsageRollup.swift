import CupelCore
import Storage

/// What was used on one day by one key with one model: sums of calls, kept in the transaction that keeps the calls, so
/// that budgets and reports need not count them again and outlive their retention.
struct UsageRollup: Sendable {
    /// What a sum is kept for.
    struct Key: Hashable, Comparable, Sendable {
        /// Days since 1970, UTC.
        var day: Int64
        var asker: CallRecord.Asker
        var model: String
        var upstream: String

        /// Any order that all processes share, so that their transactions take rows in it.
        static func < (left: Key, right: Key) -> Bool {
            (left.day, left.asker.key, left.asker.project, left.asker.team, left.model, left.upstream)
                < (right.day, right.asker.key, right.asker.project, right.asker.team, right.model, right.upstream)
        }
    }

    /// The sums.
    struct Sums: Sendable {
        var calls: Int64 = 0
        var unpriced: Int64 = 0
        var input: Int64 = 0
        var cacheRead: Int64 = 0
        var output: Int64 = 0
        var reasoning: Int64 = 0
        var microdollars: Int64 = 0
    }

    static let microsecondsADay: Int64 = 86_400_000_000

    /// Few at a time, and the last one is mostly the next one's: a list is quicker than a table.
    private(set) var sums: [(key: Key, sums: Sums)] = []
    private var places: [Key: Int] = [:]
    /// Sums that are looked through one by one.
    private static let few = 8

    /// Adds a call that ended.
    mutating func add(_ record: CallRecord) {
        let key = Key(
            day: record.started.microseconds / Self.microsecondsADay,
            asker: record.asker,
            model: record.model ?? record.modelAsked,
            upstream: record.upstream
        )
        sums[place(of: key)].sums.add(record)
    }

    private mutating func place(of key: Key) -> Int {
        if let place = sums.suffix(Self.few).lastIndex(where: { $0.key == key }) { return place }
        if let place = places[key] { return place }
        sums.append((key, Sums()))
        places[key] = sums.count - 1
        return sums.count - 1
    }

    private static let upsert = FixedSQL(
        """
        INSERT INTO usage_days (day, key_name, person, team, project, model, upstream, calls, unpriced, input_tokens,
            cache_read_tokens, output_tokens, reasoning_tokens, cost_microdollars)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (day, key_name, person, team, project, model, upstream) DO UPDATE SET
            calls = usage_days.calls + excluded.calls, unpriced = usage_days.unpriced + excluded.unpriced,
            input_tokens = usage_days.input_tokens + excluded.input_tokens,
            cache_read_tokens = usage_days.cache_read_tokens + excluded.cache_read_tokens,
            output_tokens = usage_days.output_tokens + excluded.output_tokens,
            reasoning_tokens = usage_days.reasoning_tokens + excluded.reasoning_tokens,
            cost_microdollars = usage_days.cost_microdollars + excluded.cost_microdollars
        """
    )

    /// The table and what reports read it by.
    static let table: [SQL] = [
        """
        CREATE TABLE usage_days (
            day BIGINT NOT NULL, key_name TEXT NOT NULL, person TEXT NOT NULL, team TEXT NOT NULL,
            project TEXT NOT NULL, model TEXT NOT NULL, upstream TEXT NOT NULL, calls BIGINT NOT NULL,
            unpriced BIGINT NOT NULL, input_tokens BIGINT NOT NULL, cache_read_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL, reasoning_tokens BIGINT NOT NULL, cost_microdollars BIGINT NOT NULL,
            PRIMARY KEY (day, key_name, person, team, project, model, upstream))
        """,
        "CREATE TABLE gateway_replicas (id TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)",
        // Few are open at once; a start finds them without reading all.
        "CREATE INDEX calls_open ON calls (started_at) WHERE outcome = 'open'",
    ]

    /// Adds the sums to what is kept.
    func write(in transaction: any Transaction) throws {
        for (key, sums) in sums.sorted(by: { $0.key < $1.key }) {
            let asker = key.asker
            try transaction.execute(Self.upsert) { binder in
                binder.integer(key.day)
                for name in [asker.key, asker.person, asker.team, asker.project, key.model, key.upstream] {
                    binder.text(name)
                }
                for sum in [
                    sums.calls, sums.unpriced, sums.input, sums.cacheRead, sums.output, sums.reasoning,
                    sums.microdollars,
                ] { binder.integer(sum) }
            }
        }
    }
}

extension UsageRollup.Sums {
    fileprivate mutating func add(_ record: CallRecord) {
        calls += 1
        if record.cost == nil { unpriced += 1 }
        input += Int64(record.usage?.input ?? 0)
        cacheRead += Int64(record.usage?.cacheRead ?? 0)
        output += Int64(record.usage?.output ?? 0)
        reasoning += Int64(record.usage?.reasoning ?? 0)
        microdollars += record.cost?.microdollars ?? 0
    }
}
