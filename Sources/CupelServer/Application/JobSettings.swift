package import CupelCore

/// How this process runs jobs.
package struct JobSettings: Sendable {
    /// Jobs that run at once; 0 leaves them to other processes.
    package var concurrency: Int
    /// Whether a higher priority always goes first.
    package var isOrderStrict: Bool
    /// Within this time a worker's death is noticed.
    package var lease: Duration

    /// Reads `jobs.concurrency`, `jobs.strict_order` and `jobs.lease_seconds`.
    package init(reader: SettingsReader) {
        concurrency = reader.integer(
            "jobs.concurrency",
            default: 2,
            in: 0...1024,
            purpose: "Jobs that run at once in this process; 0 leaves them to `cupel worker`."
        )
        isOrderStrict = reader.flag(
            "jobs.strict_order",
            default: false,
            purpose: "Whether a higher priority always goes first, however long a lower one waits."
        )
        lease = .seconds(
            reader.integer(
                "jobs.lease_seconds",
                default: 10,
                in: 2...600,
                purpose: "Time within which a worker's death is noticed; the same in every process."
            )
        )
    }
}
