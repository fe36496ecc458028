package import CupelCore
package import Storage

/// Schedules in the tables of a SQL database.
package struct ScheduleStore: Sendable {
    let database: any Database
    /// Woken when a schedule was changed in this process.
    let changed: JobSignal
    private let time: any TimeSource

    /// The prefix of names that the program keeps for itself.
    package static let ownPrefix = "cupel."
    /// The longest name, in bytes.
    package static let maximumNameBytes = 100

    /// Schedules in a database that is migrated.
    package init(database: any Database, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
        changed = JobSignal()
    }

    // MARK: Reading

    /// All schedules by name.
    package func all() async throws -> [Schedule] {
        try await database.query("SELECT * FROM job_schedules ORDER BY name").map(Schedule.init(row:))
    }

    /// One schedule.
    /// - Throws: `not_found` with the nearest name.
    package func schedule(_ name: String) async throws -> Schedule {
        try await database.read { try Self.find(name, $0) }
    }

    // MARK: Changing

    /// Keeps what a person says; the next firing stays when cron and time zone do.
    /// - Returns: the schedule, and whether it is new.
    /// - Throws: `validation_error` for a name that cannot be; `conflict` when the program or the configuration says
    ///   it, or there are too many.
    package func put(_ draft: ScheduleDraft) async throws -> (schedule: Schedule, isNew: Bool) {
        try Self.check(draft.name)
        let now = time.now
        let result = try await database.write { transaction in
            let count = try transaction.query("SELECT count(*) AS n FROM job_schedules").first?.integer(at: 0) ?? 0
            let isNew = try Self.insert(draft, isDeclared: false, now, transaction)
            guard !isNew || count < Schedule.maximumCount else {
                throw CupelError(
                    .conflict,
                    "There are \(count) schedules, as many as are allowed; remove one that is not needed."
                )
            }
            let current = try Self.find(draft.name, transaction, isLocked: true)
            guard !current.isDeclared else { throw Self.declared(draft.name) }
            try Self.update(current, draft, now, transaction)
            return (schedule: try Self.find(draft.name, transaction), isNew: isNew)
        }
        changed.wake()
        return result
    }

    /// Makes the schedules of the program and the configuration what they are to be; a pause stays.
    ///
    /// Those that a configuration said before and says no more are removed.
    package func declare(_ drafts: [ScheduleDraft]) async throws {
        let now = time.now
        try await database.write { transaction in
            for draft in drafts {
                _ = try Self.insert(draft, isDeclared: true, now, transaction)
                let current = try Self.find(draft.name, transaction, isLocked: true)
                try Self.update(current, draft, now, transaction)
                try transaction.execute("UPDATE job_schedules SET is_declared = 1 WHERE name = \(draft.name)")
            }
            let names = Set(drafts.map(\.name))
            for row in try transaction.query("SELECT name FROM job_schedules WHERE is_declared = 1") {
                let name = try row.text("name")
                // What another version of the program keeps for itself is not this one's to end.
                guard !names.contains(name), !name.hasPrefix(Self.ownPrefix) else { continue }
                try transaction.execute("DELETE FROM job_schedules WHERE name = \(name)")
            }
        }
        changed.wake()
    }

    /// Forgets a schedule; jobs that it submitted stay.
    /// - Throws: `not_found`; `conflict` when the program or the configuration says it.
    package func remove(_ name: String) async throws {
        try await database.write { transaction in
            guard try !Self.find(name, transaction, isLocked: true).isDeclared else { throw Self.declared(name) }
            try transaction.execute("DELETE FROM job_schedules WHERE name = \(name)")
        }
        changed.wake()
    }

    /// Stops or starts firing; what came due during a pause is left out.
    /// - Throws: `not_found`.
    package func setPaused(_ isPaused: Bool, _ name: String) async throws -> Schedule {
        let now = time.now
        let schedule = try await database.write { transaction in
            let current = try Self.find(name, transaction, isLocked: true)
            let next = isPaused || !current.isPaused ? current.nextAt : try Self.next(current.draft, now)
            try transaction.execute(
                "UPDATE job_schedules SET is_paused = \(isPaused), next_at = \(next) WHERE name = \(name)"
            )
            return try Self.find(name, transaction)
        }
        changed.wake()
        return schedule
    }

    /// Submits a job of a schedule now, whatever its time; the next firing stays.
    /// - Throws: `not_found`; `validation_error` when the job cannot be made.
    package func run(_ name: String, _ queue: JobQueue, _ registry: JobRegistry) async throws -> JobID {
        let now = time.now
        let id = try await database.write { transaction in
            let schedule = try Self.find(name, transaction, isLocked: true)
            let entry = try registry.entry(
                kind: schedule.draft.kind,
                payload: schedule.draft.payload,
                now: now,
                isFromCaller: false
            )
            let id = try queue.submit(entry, in: transaction)
            try transaction.execute(
                "UPDATE job_schedules SET last_at = \(now), last_job = \(id) WHERE name = \(name)"
            )
            return id
        }
        queue.signal.wake()
        return id
    }

    // MARK: Within a transaction

    static func next(_ draft: ScheduleDraft, _ now: Timestamp) throws -> Timestamp {
        guard let next = draft.cron.next(after: now, in: draft.zone) else {
            throw CronExpression.problem("'\(draft.cron)' does not fire within nine years")
        }
        return next
    }

    private static func check(_ name: String) throws {
        let isAllowed = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
        }
        guard !name.isEmpty, name.utf8.count <= maximumNameBytes, isAllowed, !name.hasPrefix(ownPrefix) else {
            let allowed = "must have 1 to \(maximumNameBytes) of a-z, 0-9, '.', '_' and '-', and not begin with"
            throw CupelError(
                .validationError,
                "The schedule's name is wrong.",
                fields: [FieldProblem("name", "\(allowed) '\(ownPrefix)'")]
            )
        }
    }

    private static func declared(_ name: String) -> CupelError {
        CupelError(
            .conflict,
            "The schedule '\(name)' is set by the program or its configuration; change it there, or pause it."
        )
    }

    private static func find(_ name: String, _ transaction: any Transaction, isLocked: Bool = false) throws -> Schedule
    {
        let lock: SQL = isLocked && transaction.engine == .postgres ? "FOR UPDATE" : ""
        let rows = try transaction.query("SELECT * FROM job_schedules WHERE name = \(name) \(lock)")
        if let row = rows.first { return try Schedule(row: row) }
        let names = try transaction.query("SELECT name FROM job_schedules").map { try $0.text("name") }
        let nearest = name.nearest(among: names).map { " Did you mean '\($0)'?" } ?? ""
        throw CupelError(.notFound, "There is no schedule '\(name)'.\(nearest)")
    }

    private static func insert(
        _ draft: ScheduleDraft,
        isDeclared: Bool,
        _ now: Timestamp,
        _ transaction: any Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO job_schedules (name, cron, time_zone, kind, payload, missed, is_paused, next_at, is_declared,
                note)
            VALUES (\(draft.name), \(draft.cron.text), \(draft.zone.name), \(draft.kind), \(draft.payload),
                \(draft.missed.rawValue), 0, \(try next(draft, now)), \(isDeclared), '')
            ON CONFLICT (name) DO NOTHING
            """
        ) == 1
    }

    private static func update(
        _ current: Schedule,
        _ draft: ScheduleDraft,
        _ now: Timestamp,
        _ transaction: any Transaction
    ) throws {
        let isSameTime = current.draft.cron == draft.cron && current.draft.zone == draft.zone
        try transaction.execute(
            """
            UPDATE job_schedules SET cron = \(draft.cron.text), time_zone = \(draft.zone.name), kind = \(draft.kind),
                payload = \(draft.payload), missed = \(draft.missed.rawValue),
                next_at = \(isSameTime ? current.nextAt : try next(draft, now)), note = ''
            WHERE name = \(draft.name)
            """
        )
    }
}
