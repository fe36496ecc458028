package import CupelCore
import Storage

/// What happens with firings that came due while nobody was there to fire them.
package enum MissedPolicy: String, Sendable, CaseIterable {
    /// They are left out.
    case skip
    /// One job stands for all of them.
    case once
    /// Each is run, up to ``Schedule/maximumMissed`` of them.
    case all
}

/// What a person, the program or the configuration says of a schedule.
package struct ScheduleDraft: Sendable, Equatable {
    package let name: String
    package let cron: CronExpression
    package let zone: ScheduleZone
    /// The kind of job that it submits.
    package let kind: String
    package let payload: JSON
    package let missed: MissedPolicy

    /// A schedule as it is to be.
    package init(
        name: String,
        cron: CronExpression,
        zone: ScheduleZone = .utc,
        kind: String,
        payload: JSON = [:],
        missed: MissedPolicy = .once
    ) {
        self.name = name
        self.cron = cron
        self.zone = zone
        self.kind = kind
        self.payload = payload
        self.missed = missed
    }
}

/// A schedule as it is kept.
package struct Schedule: Sendable, Equatable {
    package let draft: ScheduleDraft
    package let isPaused: Bool
    /// Whether the program or the configuration says it, and not a person.
    package let isDeclared: Bool
    /// The next firing that nobody has done yet.
    package let nextAt: Timestamp
    /// When a job of it was last submitted.
    package let lastAt: Timestamp?
    /// The job that was last submitted.
    package let lastJob: JobID?
    /// What stands in its way; empty when nothing does.
    package let note: String

    package var name: String { draft.name }

    /// Firings that are caught up at most after a time without anybody there; the newest ones.
    package static let maximumMissed = 100
    /// Up to this late a firing is on time.
    package static let grace = Duration.seconds(60)
    /// Schedules that are kept at most.
    package static let maximumCount = 1000

    init(row: Row) throws {
        draft = ScheduleDraft(
            name: try row.text("name"),
            cron: try CronExpression(row.text("cron")),
            zone: try ScheduleZone(row.text("time_zone")),
            kind: try row.text("kind"),
            payload: try row.json("payload"),
            missed: MissedPolicy(rawValue: try row.text("missed")) ?? .once
        )
        isPaused = try row.flag("is_paused")
        isDeclared = try row.flag("is_declared")
        nextAt = try row.timestamp("next_at")
        lastAt = try row.optionalTimestamp("last_at")
        lastJob = try row.optionalText("last_job").flatMap(JobID.init)
        note = try row.text("note")
    }

    /// The next firings after a moment, the first being the one that is due.
    package func upcoming(_ count: Int, after now: Timestamp) -> [Timestamp] {
        var found: [Timestamp] = []
        var last = now
        while found.count < count, let next = draft.cron.next(after: last, in: draft.zone) {
            found.append(next)
            last = next
        }
        return found
    }

    /// The firings that are to be done now, oldest first, by what is said of missed ones.
    func due(at now: Timestamp) -> [Timestamp] {
        let missed = missed(until: now)
        switch draft.missed {
        case .all: return missed
        case .once: return Array(missed.suffix(1))
        case .skip: return missed.suffix(1).filter { now - $0 < Self.grace }
        }
    }

    /// The newest firings from ``nextAt`` to now, at most ``maximumMissed`` of them, found by looking ever further back.
    private func missed(until now: Timestamp) -> [Timestamp] {
        var window = Duration.seconds(2 * 3600)
        while true {
            let isWhole = now - nextAt <= window
            var cursor = (isWhole ? nextAt : now + (.zero - window)) + .seconds(-1)
            var found: [Timestamp] = []
            while let next = draft.cron.next(after: cursor, in: draft.zone), next <= now {
                found.append(next)
                cursor = next
            }
            if isWhole || found.count >= Self.maximumMissed { return found.suffix(Self.maximumMissed) }
            window = window * 8
        }
    }

    /// As the API shows it, with its next firings.
    package func json(at now: Timestamp) -> JSON {
        let next = isPaused ? [] : upcoming(3, after: now)
        return [
            "name": .string(name), "cron": .string(draft.cron.text), "time_zone": .string(draft.zone.name),
            "kind": .string(draft.kind), "payload": draft.payload, "missed": .string(draft.missed.rawValue),
            "paused": .bool(isPaused), "declared": .bool(isDeclared), "note": .string(note),
            "next": .array(next.map { .string($0.description) }),
            "last_at": lastAt.map { .string($0.description) } ?? .null,
            "last_job": lastJob.map { .string($0.description) } ?? .null,
        ]
    }
}
