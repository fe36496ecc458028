package import CupelCore

/// How long what is over is kept.
package struct RetentionSettings: Sendable, Equatable {
    /// Jobs that succeeded or were cancelled.
    package var succeeded: Duration
    /// Dead letters.
    package var failed: Duration
    /// Events of jobs that are over, unless the job is a dead letter that is kept.
    package var events: Duration
    /// Counts by minute.
    package var minutes: Duration
    /// Records of calls to models; their sums by day stay.
    package var calls: Duration

    /// The bounds as they are without configuration.
    package init(
        succeeded: Duration = days(7),
        failed: Duration = days(30),
        events: Duration = days(7),
        minutes: Duration = days(30),
        calls: Duration = days(90)
    ) {
        self.succeeded = succeeded
        self.failed = failed
        self.events = events
        self.minutes = minutes
        self.calls = calls
    }

    /// Reads `jobs.keep_succeeded_days` (1 to 3650, default 7), `jobs.keep_failed_days` (30), `jobs.keep_events_days`
    /// (7), `jobs.keep_minutes_days` (30) and `retention.calls_days` (90).
    package init(reader: SettingsReader) {
        func read(_ key: String, _ standard: Int, _ purpose: String) -> Duration {
            Self.days(reader.integer("jobs.keep_\(key)_days", default: standard, in: 1...3650, purpose: purpose))
        }
        succeeded = read("succeeded", 7, "Days that succeeded and cancelled jobs are kept.")
        failed = read("failed", 30, "Days that dead letters are kept.")
        events = read("events", 7, "Days that events of jobs that are over are kept.")
        minutes = read("minutes", 30, "Days that the queues' counts by minute are kept.")
        calls = Self.days(
            reader.integer(
                "retention.calls_days",
                default: 90,
                in: 1...3650,
                purpose: "Days that records of calls are kept; their sums by day stay."
            )
        )
    }

    /// A number of days.
    package static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }
}

/// Rows of a table that are deleted once they are old.
package struct RetentionRule: Sendable {
    /// What a column that tells the age counts.
    package enum Unit: Int64, Sendable {
        case microseconds = 1
        case minutes = 60_000_000
    }

    /// The table.
    package let table: String
    /// The column with the moment that the age is counted from.
    package let column: String
    /// What that column counts.
    package let unit: Unit
    /// How long a row is kept after that moment.
    package let keep: Duration
    /// A key in whose order rows were made, for large tables: only their oldest rows are looked at.
    package let key: String?

    /// Rows of a table; the names are the program's own, never from outside.
    package init(
        table: StaticString,
        column: StaticString,
        unit: Unit = .microseconds,
        keep: Duration,
        key: StaticString? = nil
    ) {
        self.table = table.description
        self.column = column.description
        self.unit = unit
        self.keep = keep
        self.key = key?.description
    }
}
