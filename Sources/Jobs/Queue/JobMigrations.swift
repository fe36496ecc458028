package import Storage

/// The queue's tables.
package enum JobMigrations {
    /// All steps, in order.
    package static let all = [
        Migration(100, "jobs and their events") { engine in
            [
                """
                CREATE TABLE jobs (
                    id TEXT PRIMARY KEY, kind TEXT NOT NULL, queue TEXT NOT NULL, priority BIGINT NOT NULL,
                    state TEXT NOT NULL, payload TEXT NOT NULL, result TEXT, error_code TEXT, error_message TEXT,
                    attempt BIGINT NOT NULL, failures BIGINT NOT NULL, crashes BIGINT NOT NULL,
                    maximum_failures BIGINT NOT NULL, timeout_us BIGINT NOT NULL, unique_key TEXT,
                    progress DOUBLE PRECISION NOT NULL, note TEXT NOT NULL, cancel_requested BIGINT NOT NULL,
                    worker TEXT, lease_until BIGINT, run_at BIGINT NOT NULL, rank BIGINT NOT NULL,
                    created_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT)
                """,
                "CREATE INDEX jobs_waiting ON jobs (rank) WHERE state = 'queued'",
                "CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running'",
                """
                CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key)
                    WHERE unique_key IS NOT NULL AND state IN ('queued', 'running')
                """,
                """
                CREATE TABLE job_events (
                    sequence \(raw: engine.countedKey), job_id TEXT NOT NULL, at BIGINT NOT NULL,
                    kind TEXT NOT NULL, data TEXT NOT NULL)
                """,
                "CREATE INDEX job_events_by_job ON job_events (job_id, sequence)",
            ]
        }
    ]
}
