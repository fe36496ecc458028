package import CupelCore
package import Storage

/// Jobs in the tables of a SQL database.
package struct SQLJobStore: JobStore {
    /// The database, which an enqueueing caller's transaction is of too.
    package let database: any Database
    private let horizon = ClaimHorizon()

    /// A pool for the queue alone, so that no slow request keeps a heartbeat waiting. Its tables grow from nothing to much between two looks of the
    /// server's statistics, and a plan made for the small table must not scan the large one.
    package static let postgresOptions: PostgresOptions = {
        var options = PostgresOptions()
        options.size = 6
        options.session = ["enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"]
        return options
    }()

    /// Jobs in the tables of a database that is migrated.
    package init(database: any Database) { self.database = database }

    // The second batch gathers and travels while the first waits for the disk; more would only make both smaller.
    package var width: Int { 2 }
    package var isOwnedByOneProcess: Bool { database.engine == .sqlite }

    /// The shelf that is a view of a caller's transaction.
    package static func shelf(_ transaction: any Transaction) -> any JobShelf {
        switch transaction.engine {
        case .sqlite: SQLiteJobShelf(sql: transaction)
        case .postgres: PostgresJobShelf(sql: transaction)
        }
    }

    package func change<Value: Sendable>(
        _ body: @escaping @Sendable (any JobShelf) throws -> Value
    ) async throws -> Value {
        let horizon = horizon
        return try await database.write { transaction in
            switch transaction.engine {
            case .sqlite: try body(SQLiteJobShelf(sql: transaction))
            case .postgres: try body(PostgresJobShelf(sql: transaction, horizon: horizon))
            }
        }
    }

    package func job(_ id: JobID) async throws -> JobEntry? {
        try await database.query("SELECT \(raw: JobEntry.columns) FROM jobs WHERE id = \(id)").first
            .map(JobEntry.init(row:))
    }

    package func jobs(_ filter: JobFilter) async throws -> [JobEntry] {
        var conditions: SQL = "1 = 1"
        // Written out where an index of that state is to be used.
        if let state = filter.state { conditions = conditions + " AND state = '\(raw: state.rawValue)'" }
        if let kind = filter.kind { conditions = conditions + " AND kind = \(kind)" }
        if let queue = filter.queue { conditions = conditions + " AND queue = \(queue)" }
        if let before = filter.before { conditions = conditions + " AND id < \(before)" }
        return try await database.query(
            "SELECT \(raw: JobEntry.columns) FROM jobs WHERE \(conditions) ORDER BY id DESC LIMIT \(filter.limit)"
        ).map(JobEntry.init(row:))
    }

    package func events(of id: JobID?, after sequence: Int, limit: Int) async throws -> [JobEvent] {
        let ofOne: SQL = id.map { "AND job_id = \($0)" } ?? ""
        return try await database.query(
            "SELECT * FROM job_events WHERE sequence > \(sequence) \(ofOne) ORDER BY sequence LIMIT \(limit)"
        ).map(JobEvent.init(row:))
    }

    package func lastSequence() async throws -> Int {
        try await database.query("SELECT max(sequence) AS last FROM job_events").first?.optionalInteger("last") ?? 0
    }

    package func workers() async throws -> [WorkerCard] {
        try await database.query("SELECT * FROM job_workers ORDER BY id").map(WorkerCard.init(row:))
    }

    package func controls() async throws -> [QueueControl] {
        try await database.query("SELECT * FROM job_queues ORDER BY name").map(QueueControl.init(row:))
    }

    package func add(_ minutes: [QueueMinute], at now: Timestamp) async throws {
        let minute = now.microseconds / 60_000_000
        try await database.write { transaction in
            for one in minutes {
                let count: (JobTally.Event) -> Int = { one.counts[$0] ?? 0 }
                try transaction.execute(
                    """
                    INSERT INTO job_minutes (minute, queue, accepted, started, succeeded, failed, retried, refused,
                        waited_us, ran_us)
                    VALUES (\(minute), \(one.queue), \(count(.accepted)), \(count(.started)), \(count(.succeeded)),
                        \(count(.failed)), \(count(.retried)), \(count(.refused)), \(one.waited.wholeMicroseconds),
                        \(one.ran.wholeMicroseconds))
                    ON CONFLICT (minute, queue) DO UPDATE SET accepted = job_minutes.accepted + excluded.accepted,
                        started = job_minutes.started + excluded.started,
                        succeeded = job_minutes.succeeded + excluded.succeeded,
                        failed = job_minutes.failed + excluded.failed,
                        retried = job_minutes.retried + excluded.retried,
                        refused = job_minutes.refused + excluded.refused,
                        waited_us = job_minutes.waited_us + excluded.waited_us,
                        ran_us = job_minutes.ran_us + excluded.ran_us
                    """
                )
            }
        }
    }

    package func minutes(since: Timestamp) async throws -> [QueueMinute] {
        try await database.query(
            "SELECT * FROM job_minutes WHERE minute >= \(since.microseconds / 60_000_000) ORDER BY minute, queue"
        ).map { row in
            var minute = QueueMinute(queue: try row.text("queue"))
            minute.minute = Timestamp(microseconds: Int64(try row.integer("minute")) * 60_000_000)
            for event in JobTally.Event.allCases { minute.counts[event] = try row.integer(event.rawValue) }
            minute.waited = .microseconds(try row.integer("waited_us"))
            minute.ran = .microseconds(try row.integer("ran_us"))
            return minute
        }
    }

    package func depths() async throws -> [QueueDepth] {
        // A partial index answers each; what succeeded is not counted, since there may be millions.
        let states: [JobState] = [.blocked, .queued, .running, .failed]
        return try await database.read { transaction in
            try states.flatMap { state in
                let suspects: [SQL] = state == .queued ? ["AND crashes < 2", "AND crashes >= 2"] : [""]
                var lines: [String: (Int, Timestamp?)] = [:]
                for condition in suspects {
                    let rows = try transaction.query(
                        """
                        SELECT queue, count(*) AS n, min(run_at) AS oldest FROM jobs
                        WHERE state = '\(raw: state.rawValue)' \(condition) GROUP BY queue
                        """
                    )
                    for row in rows {
                        let (count, oldest) = lines[try row.text(at: 0)] ?? (0, nil)
                        let here = try row.optionalTimestamp(at: 2)
                        let earliest = [oldest, here].compactMap { $0 }.min()
                        lines[try row.text(at: 0)] = (count + (try row.integer(at: 1)), earliest)
                    }
                }
                return lines.sorted { $0.key < $1.key }.map {
                    QueueDepth(queue: $0.key, state: state, count: $0.value.0, oldest: $0.value.1)
                }
            }.sorted { ($0.queue, $0.state.rawValue) < ($1.queue, $1.state.rawValue) }
        }
    }
}
