import CupelCore
package import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Fires schedules: takes what is due, submits its jobs and moves the schedule on, all in one transaction, so that of
/// many replicas exactly one fires, and a crash fires neither twice nor never.
package struct Scheduler: Service {
    private let store: ScheduleStore
    private let queue: JobQueue
    private let registry: JobRegistry
    private let declared: [ScheduleDraft]
    private let logger: Logger

    /// Where other processes may change schedules, the longest time between two looks.
    package static let pollInterval = Duration.seconds(1)
    /// Where one process owns the store, the longest time, so that a step of the wall clock is noticed.
    package static let longestWait = Duration.seconds(30)
    /// Schedules that fire in one transaction.
    static let batch = 20

    /// What was done for a schedule that was due.
    struct Firing: Sendable {
        let name: String
        let jobs: [JobID]
        /// What stood in its way.
        let problem: CupelError?
    }

    /// A scheduler of this process.
    /// - Parameters:
    ///   - queue: over the same database as the schedules.
    ///   - declared: the schedules of the program and the configuration.
    package init(
        store: ScheduleStore,
        queue: JobQueue,
        registry: JobRegistry,
        declared: [ScheduleDraft] = [],
        logger: Logger
    ) {
        self.store = store
        self.queue = queue
        self.registry = registry
        self.declared = declared
        self.logger = logger
    }

    /// Fires until a graceful stop or cancellation; a transaction that has begun is ended.
    package func run() async {
        await cancelWhenGracefulShutdown {
            var isDeclared = false
            while !Task.isCancelled {
                let generation = store.changed.generation
                var wait = Self.pollInterval
                do {
                    if !isDeclared { try await store.declare(declared) }
                    isDeclared = true
                    wait = try await look()
                } catch {
                    if Task.isCancelled { return }
                    logger.log(.error, "schedules cannot be fired; trying again", [.error: "\(error)"])
                }
                await store.changed.wait(after: generation, atMost: wait, time: queue.time)
            }
        }
    }

    /// Fires what is due.
    /// - Returns: how long nothing will be due.
    package func look() async throws -> Duration {
        let limit = store.database.engine == .sqlite ? Self.longestWait : Self.pollInterval
        while true {
            let now = queue.time.now
            guard let next = try await nextAt(now) else { return limit }
            guard next <= now else { return min(limit, next - now) }
            let firings = try await fire(now)
            // Another replica has them.
            guard !firings.isEmpty else { return min(limit, Self.pollInterval) }
            tell(firings)
        }
    }

    /// The earliest firing of a kind that this binary knows; also notes which schedules wait for a kind it does not.
    private func nextAt(_ now: Timestamp) async throws -> Timestamp? {
        let rows = try await store.database.query(
            "SELECT name, kind, next_at, note FROM job_schedules WHERE is_paused = 0 ORDER BY next_at"
        )
        var next: Timestamp?
        for row in rows {
            let (name, kind, at) = (try row.text("name"), try row.text("kind"), try row.timestamp("next_at"))
            if registry.options(of: kind) != nil {
                next = next ?? at
            } else if at <= now {
                try await noteUnknown(name, kind, try row.text("note"))
            }
        }
        return next
    }

    private func noteUnknown(_ name: String, _ kind: String, _ before: String) async throws {
        let note = "waits: no process here knows jobs of kind '\(kind)'"
        guard note != before else { return }
        logger.log(.warning, "the schedule '\(name)' \(note)", [.jobKind: kind])
        try await store.database.execute("UPDATE job_schedules SET note = \(note) WHERE name = \(name)")
    }

    /// Fires up to ``batch`` due schedules in one transaction.
    func fire(_ now: Timestamp) async throws -> [Firing] {
        let kinds = registry.names.reduce(into: SQL("''")) { $0 = $0 + ", \($1)" }
        let (queue, registry) = (queue, registry)
        let firings = try await store.database.write { transaction in
            let lock: SQL = transaction.engine == .postgres ? "FOR UPDATE SKIP LOCKED" : ""
            let rows = try transaction.query(
                """
                SELECT * FROM job_schedules WHERE is_paused = 0 AND next_at <= \(now) AND kind IN (\(kinds))
                ORDER BY next_at LIMIT \(Self.batch) \(lock)
                """
            )
            return try rows.map { try Self.fire(Schedule(row: $0), now, queue, registry, transaction) }
        }
        if firings.contains(where: { !$0.jobs.isEmpty }) { queue.signal.wake() }
        return firings
    }

    private static func fire(
        _ schedule: Schedule,
        _ now: Timestamp,
        _ queue: JobQueue,
        _ registry: JobRegistry,
        _ transaction: any Transaction
    ) throws -> Firing {
        var jobs: [JobID] = []
        var problem: CupelError?
        do {
            let entries = try schedule.due(at: now).map { moment in
                try registry.entry(
                    kind: schedule.draft.kind,
                    payload: schedule.draft.payload,
                    runAt: min(moment, now),
                    now: now,
                    isFromCaller: false
                )
            }
            for entry in entries { jobs.append(try queue.submit(entry, in: transaction)) }
        } catch let error as CupelError where error.code == .validationError || error.code == .payloadTooLarge {
            // Its input is refused today and will be tomorrow; the others must not wait for it.
            problem = error
        }
        let last = jobs.last
        try transaction.execute(
            """
            UPDATE job_schedules SET next_at = \(try ScheduleStore.next(schedule.draft, now)),
                last_at = \(last == nil ? schedule.lastAt : now), last_job = \(last ?? schedule.lastJob),
                note = \(problem.map { "not run: \($0.message) \($0.fields.map(\.message).joined(separator: "; "))" } ?? "")
            WHERE name = \(schedule.name)
            """
        )
        return Firing(name: schedule.name, jobs: jobs, problem: problem)
    }

    private func tell(_ firings: [Firing]) {
        for firing in firings {
            if let problem = firing.problem {
                let fields: [LogKey: String] = [.error: "\(problem)"]
                logger.log(.error, "the schedule '\(firing.name)' could not submit its job", fields)
            } else {
                logger.log(.debug, "the schedule '\(firing.name)' fired", [.count: "\(firing.jobs.count)"])
            }
        }
    }
}
