import CupelCore
import Storage

/// The slices of budgets in the store, for replicas on one PostgreSQL.
///
/// `budget_windows` has a row for each budget's window, which is the lock of it: whoever changes slices of a window holds
/// its row, and takes rows in one order. Its `base` is what the sums of days hold of the window that no replica's row
/// accounts for. `budget_leases` has what each replica was granted there and how much of that it knows to be in the sums.
/// What all may spend together is `base` and everything granted; nothing is granted beyond the limit. What a replica has
/// written and not yet told is in both for a moment, so that there is too little room then, never too much.
struct LeaseTable {
    let replica: String
    let transaction: any Transaction

    /// What a transaction found and did.
    struct Report: Sendable {
        /// What became of each ask; `nil` where the replica's row is gone: others took it for dead.
        var decisions: [LeaseWindow.Key: LeaseDecision?] = [:]
        /// Since when each of those waits that lack something.
        var wantedAt: [LeaseWindow.Key: Int64] = [:]
        /// What other replicas lack.
        var wishes: [LeaseWindow.Key: Wish] = [:]
        /// The sums of days, if they were read.
        var sums: SpentSums?
        /// The store's clock, in microseconds.
        var now: Int64 = 0
    }

    /// What other replicas lack of a window.
    struct Wish: Sendable {
        /// All of it together, in microdollars.
        var lack: Int64
        /// The first and the last moment at which one of them began to, on the store's clock in microseconds.
        var first: Int64
        var last: Int64
    }

    /// The channel on which replicas tell each other that one lacks something, or gave something back.
    static let channel = "cupel_budget_leases"
    /// Windows of one transaction at most.
    static let maximumWindows = 1000
    /// How long a process may be silent before others take over what it held, in microseconds.
    static let silence = Ledger.silence.wholeMicroseconds

    /// The two tables.
    static let tables: [SQL] = [
        """
        CREATE TABLE budget_windows (
            budget TEXT NOT NULL, starts_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, word TEXT NOT NULL,
            subject TEXT NOT NULL, base BIGINT, PRIMARY KEY (budget, starts_at))
        """,
        """
        CREATE TABLE budget_leases (
            budget TEXT NOT NULL, starts_at BIGINT NOT NULL, replica TEXT NOT NULL, granted BIGINT NOT NULL,
            kept BIGINT NOT NULL, wants BIGINT NOT NULL, wanted_at BIGINT NOT NULL, answered_at BIGINT NOT NULL,
            ends_at BIGINT NOT NULL, PRIMARY KEY (budget, starts_at, replica))
        """,
        "CREATE INDEX budget_leases_wanting ON budget_leases (wanted_at) WHERE wants > 0",
    ]

    /// The clock of PostgreSQL, which all replicas share: theirs may differ.
    static let clock: SQL = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"

    /// Makes the rows of windows that may have none. A transaction of its own, so that later ones lock rows in order.
    static func prepare(_ windows: [LeaseWindow], in transaction: any Transaction) throws {
        let rows = windows.sorted { $0.key < $1.key }.map { window -> SQL in
            "(\(window.key.budget), \(window.key.start), \(window.end), \(window.word), \(window.name))"
        }
        guard !rows.isEmpty else { return }
        try transaction.execute(
            """
            INSERT INTO budget_windows (budget, starts_at, ends_at, word, subject) VALUES \(list(rows))
            ON CONFLICT (budget, starts_at) DO NOTHING
            """
        )
    }

    /// Shows that this replica lives, and decides about what it asks.
    /// - Parameter isThorough: whether the sums of days are read in any case.
    func settle(_ asks: [LeaseAsk], isThorough: Bool) throws -> Report {
        var report = Report()
        try Self.beat(replica, in: transaction)
        var bases = try lock(asks.map(\.window.key))
        let replicas = try look(&report)
        let rows = try leases(asks.map(\.window.key))
        for ask in asks where isLost(ask, bases, rows) { report.decisions.updateValue(nil, forKey: ask.window.key) }
        let asks = asks.filter { report.decisions[$0.window.key] == nil }.map { renewed($0, report.now) }
        var isFresh = false
        if isThorough || asks.contains(where: { mustRead($0, bases, rows) }) {
            try read(asks, rows, &bases, &report)
            isFresh = true
        }
        var decided = decide(asks, bases, rows, replicas, report.now, isFresh: isFresh)
        if decided.contains(where: { $0.decision.isUndecided }) {
            // Nobody is refused for a sum of before.
            try read(asks, rows, &bases, &report)
            decided = decide(asks, bases, rows, replicas, report.now, isFresh: true)
        }
        for (ask, decision, _) in decided {
            report.decisions.updateValue(decision, forKey: ask.window.key)
            guard decision.wants > 0 else { continue }
            let isSame = decision.wants <= ask.wanted
            report.wantedAt[ask.window.key] = isSame ? ask.wantedAt ?? report.now : report.now
        }
        try write(decided, report)
        try report.wishes = wishes(report.now)
        try tell(decided, report)
        return report
    }

    // MARK: Reading

    /// Reads the clock, and how many replicas live; under the locks, so that wishes for a window have the order in which
    /// they are seen.
    private func look(_ report: inout Report) throws -> Int64 {
        let rows = try transaction.query(
            """
            SELECT \(Self.clock) AS now, count(*) AS replicas FROM gateway_replicas
            WHERE seen_at > \(Self.clock) - \(Self.silence)
            """
        )
        guard let row = rows.first else { throw CupelError(.internalError, "The store has no clock.") }
        report.now = Int64(try row.integer("now"))
        return Int64(try row.integer("replicas"))
    }

    /// A wish that others do not hear any more is made again.
    private func renewed(_ ask: LeaseAsk, _ now: Int64) -> LeaseAsk {
        var ask = ask
        if let since = ask.wantedAt, now - since > LeaseDecision.wishMicroseconds / 2 { ask.wantedAt = nil }
        return ask
    }

    /// Shows that a process lives.
    static func beat(_ replica: String, in transaction: any Transaction) throws {
        try transaction.execute(
            """
            INSERT INTO gateway_replicas (id, seen_at) VALUES (\(replica), \(clock))
            ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
            """
        )
    }

    /// Locks windows in the one order, and gives their bases; `nil` for one that was never read.
    private func lock(_ keys: [LeaseWindow.Key]) throws -> [LeaseWindow.Key: Int64?] {
        guard !keys.isEmpty else { return [:] }
        let rows = try transaction.query(
            """
            SELECT budget, starts_at, base FROM budget_windows WHERE (budget, starts_at) IN (\(Self.list(keys)))
            ORDER BY budget, starts_at FOR UPDATE
            """
        )
        var bases: [LeaseWindow.Key: Int64?] = [:]
        for row in rows { bases[try Self.key(row)] = .some(try row.optionalInteger("base").map(Int64.init)) }
        return bases
    }

    private func leases(_ keys: [LeaseWindow.Key]) throws -> [LeaseWindow.Key: [LeaseRow]] {
        guard !keys.isEmpty else { return [:] }
        let rows = try transaction.query(
            """
            SELECT budget, starts_at, replica, granted, kept, wants, wanted_at, answered_at FROM budget_leases
            WHERE (budget, starts_at) IN (\(Self.list(keys)))
            """
        )
        var leases: [LeaseWindow.Key: [LeaseRow]] = [:]
        for row in rows { leases[try Self.key(row), default: []].append(try LeaseRow(row)) }
        return leases
    }

    /// Whether the replica's row is gone that it relies on, or the whole window.
    private func isLost(
        _ ask: LeaseAsk,
        _ bases: [LeaseWindow.Key: Int64?],
        _ rows: [LeaseWindow.Key: [LeaseRow]]
    ) -> Bool {
        guard bases[ask.window.key] != nil else { return true }
        return ask.isKnown && !(rows[ask.window.key] ?? []).contains { $0.replica == replica }
    }

    /// Whether a window's base is not known, or does not fit what the replica asks with.
    private func mustRead(
        _ ask: LeaseAsk,
        _ bases: [LeaseWindow.Key: Int64?],
        _ rows: [LeaseWindow.Key: [LeaseRow]]
    ) -> Bool {
        // A replica that comes back after it was taken for dead: the base has what it spent before.
        let isBack = ask.kept > 0 && !(rows[ask.window.key] ?? []).contains { $0.replica == replica }
        return isBack || (bases[ask.window.key] ?? nil) == nil
    }

    /// Reads the sums of days; under the windows' locks, so that no row says that more of it is there than is.
    private func read(
        _ asks: [LeaseAsk],
        _ rows: [LeaseWindow.Key: [LeaseRow]],
        _ bases: inout [LeaseWindow.Key: Int64?],
        _ report: inout Report
    ) throws {
        let sums = try SpentSums.read(in: transaction, of: Set(asks.map(\.window.days)), at: report.now)
        for ask in asks {
            let others = (rows[ask.window.key] ?? []).filter { $0.replica != replica }
            let kept = others.reduce(ask.kept) { $0 + $1.kept }
            bases[ask.window.key] = .some(max(sums.spent(ask.window) - kept, 0))
        }
        report.sums = sums
    }

    // MARK: Deciding

    private typealias Decided = (ask: LeaseAsk, decision: LeaseDecision, base: Int64)

    private func decide(
        _ asks: [LeaseAsk],
        _ bases: [LeaseWindow.Key: Int64?],
        _ rows: [LeaseWindow.Key: [LeaseRow]],
        _ replicas: Int64,
        _ now: Int64,
        isFresh: Bool
    ) -> [(ask: LeaseAsk, decision: LeaseDecision, base: Int64)] {
        asks.map { ask in
            let base = (bases[ask.window.key] ?? nil) ?? 0
            let view = LeaseDecision.View(
                base: base,
                others: (rows[ask.window.key] ?? []).filter { $0.replica != replica },
                replicas: replicas,
                replica: replica,
                now: now,
                isFresh: isFresh
            )
            return (ask, LeaseDecision(ask, in: view), base)
        }
    }

    // MARK: Writing

    private func write(_ decided: [Decided], _ report: Report) throws {
        guard !decided.isEmpty else { return }
        let rows = decided.map { ask, decision, _ -> SQL in
            let key = ask.window.key
            return """
                (\(key.budget), \(key.start), \(replica), \(ask.granted + decision.extra), \(ask.kept),
                \(decision.wants), \(report.wantedAt[key] ?? 0), \(ask.answeredAt), \(ask.window.end))
                """
        }
        try transaction.execute(
            """
            INSERT INTO budget_leases (budget, starts_at, replica, granted, kept, wants, wanted_at, answered_at, ends_at)
            VALUES \(Self.list(rows))
            ON CONFLICT (budget, starts_at, replica) DO UPDATE SET granted = excluded.granted, kept = excluded.kept,
                wants = excluded.wants, wanted_at = excluded.wanted_at, answered_at = excluded.answered_at
            """
        )
        guard report.sums != nil else { return }
        for (ask, _, base) in decided {
            let key = ask.window.key
            try transaction.execute(
                """
                UPDATE budget_windows SET base = \(base)
                WHERE budget = \(key.budget) AND starts_at = \(key.start) AND base IS DISTINCT FROM \(base)
                """
            )
        }
    }

    /// What others lack.
    private func wishes(_ now: Int64) throws -> [LeaseWindow.Key: Wish] {
        let rows = try transaction.query(
            """
            SELECT budget, starts_at, CAST(sum(wants) AS BIGINT) AS lack, min(wanted_at) AS first,
                max(wanted_at) AS last FROM budget_leases
            WHERE wants > 0 AND wanted_at > \(now - LeaseDecision.wishMicroseconds) AND replica <> \(replica)
            GROUP BY budget, starts_at
            """
        )
        var wishes: [LeaseWindow.Key: Wish] = [:]
        for row in rows {
            wishes[try Self.key(row)] = Wish(
                lack: Int64(try row.integer("lack")),
                first: Int64(try row.integer("first")),
                last: Int64(try row.integer("last"))
            )
        }
        return wishes
    }

    /// Wakes the others where this replica begins to lack something, or has given one of them what it could.
    private func tell(_ decided: [Decided], _ report: Report) throws {
        let isNews = decided.contains { ask, decision, _ in
            ask.isAnswer || (decision.wants > 0 && ask.wantedAt != report.wantedAt[ask.window.key])
        }
        if isNews { try transaction.notify(channel: Self.channel, payload: replica) }
    }

    // MARK: Pieces

    static func key(_ row: Row) throws -> LeaseWindow.Key {
        LeaseWindow.Key(budget: try row.text("budget"), start: Int64(try row.integer("starts_at")))
    }

    static func list(_ keys: [LeaseWindow.Key]) -> SQL {
        list(keys.map { key -> SQL in "(\(key.budget), \(key.start))" })
    }

    static func list(_ pieces: [SQL]) -> SQL {
        SQL(parts: Array(pieces.map(\.parts).joined(separator: [.text(", ")])))
    }
}

extension LeaseRow {
    /// A row of `budget_leases`.
    init(_ row: Row) throws {
        self.init(
            replica: try row.text("replica"),
            granted: Int64(try row.integer("granted")),
            kept: Int64(try row.integer("kept")),
            wants: Int64(try row.integer("wants")),
            wantedAt: Int64(try row.integer("wanted_at")),
            answeredAt: Int64(try row.integer("answered_at"))
        )
    }
}
