package import Storage

/// The queue's tables.
package enum JobMigrations {
    /// All steps, in order.
    package static let all = [first, second]

    private static let first = Migration(100, "jobs and their events") { engine in
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

    /// Workers with a heart instead of a lease a job, limits of queues, jobs that wait for others, schedules.
    private static let second = Migration(101, "workers, queues, schedules") { engine in
        move(engine) + indexes + around
    }

    private static func move(_ engine: DatabaseEngine) -> [SQL] {
        // Many small updates: room on the page and early vacuums keep PostgreSQL's table small.
        let settings =
            engine == .postgres
            ? " WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000)" : ""
        return [
            "ALTER TABLE jobs RENAME TO jobs_before",
            "DROP INDEX jobs_waiting", "DROP INDEX jobs_running", "DROP INDEX jobs_unique",
            """
            CREATE TABLE jobs (
                id TEXT NOT NULL, kind TEXT NOT NULL, queue TEXT NOT NULL, priority BIGINT NOT NULL,
                payload TEXT NOT NULL, unique_key TEXT, maximum_failures BIGINT NOT NULL,
                maximum_crashes BIGINT NOT NULL, timeout_us BIGINT NOT NULL, created_at BIGINT NOT NULL,
                state TEXT NOT NULL, result TEXT, error_code TEXT, error_message TEXT, history TEXT,
                attempt BIGINT NOT NULL, failures BIGINT NOT NULL, crashes BIGINT NOT NULL,
                progress DOUBLE PRECISION NOT NULL, note TEXT NOT NULL, cancel_requested BIGINT NOT NULL,
                worker TEXT, run_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT,
                open_needs BIGINT NOT NULL, has_dependents BIGINT NOT NULL)\(raw: settings)
            """,
            """
            INSERT INTO jobs SELECT id, kind, queue, priority, payload, unique_key, maximum_failures, 3, timeout_us,
                created_at, CASE state WHEN 'running' THEN 'queued' ELSE state END, result, error_code, error_message,
                NULL, attempt, failures, crashes, progress, note, cancel_requested, NULL, run_at, started_at,
                finished_at, 0, 0
            FROM jobs_before
            """,
            "DROP TABLE jobs_before",
        ]
    }

    private static let indexes: [SQL] = [
        "CREATE UNIQUE INDEX jobs_by_id ON jobs (id)",
        """
        CREATE INDEX jobs_ready ON jobs (queue, priority, run_at, id) WHERE state = 'queued' AND crashes < 2
        """,
        "CREATE INDEX jobs_suspect ON jobs (queue, run_at) WHERE state = 'queued' AND crashes >= 2",
        "CREATE INDEX jobs_held ON jobs (worker) WHERE state = 'running'",
        "CREATE INDEX jobs_dead ON jobs (queue, id) WHERE state = 'failed'",
        "CREATE INDEX jobs_blocked ON jobs (queue) WHERE state = 'blocked'",
        "CREATE INDEX jobs_over ON jobs (finished_at) WHERE finished_at IS NOT NULL",
        """
        CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key)
            WHERE unique_key IS NOT NULL AND state IN ('blocked', 'queued', 'running')
        """,
    ]

    private static let around: [SQL] = [
        "CREATE INDEX job_events_by_time ON job_events (at)",
        "CREATE TABLE job_needs (needed TEXT NOT NULL, dependent TEXT NOT NULL, PRIMARY KEY (needed, dependent))",
        """
        CREATE TABLE job_workers (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, queues TEXT NOT NULL, concurrency BIGINT NOT NULL,
            started_at BIGINT NOT NULL, beat BIGINT NOT NULL, seen_at BIGINT NOT NULL)
        """,
        """
        CREATE TABLE job_queues (
            name TEXT PRIMARY KEY, is_paused BIGINT NOT NULL, concurrency BIGINT, rate_per_minute BIGINT,
            next_start_at BIGINT NOT NULL)
        """,
        """
        CREATE TABLE job_schedules (
            name TEXT PRIMARY KEY, cron TEXT NOT NULL, time_zone TEXT NOT NULL, kind TEXT NOT NULL,
            payload TEXT NOT NULL, missed TEXT NOT NULL, is_paused BIGINT NOT NULL, next_at BIGINT NOT NULL,
            last_at BIGINT, last_job TEXT, is_declared BIGINT NOT NULL, note TEXT NOT NULL)
        """,
        "CREATE INDEX job_schedules_due ON job_schedules (next_at) WHERE is_paused = 0",
        """
        CREATE TABLE job_minutes (
            minute BIGINT NOT NULL, queue TEXT NOT NULL, accepted BIGINT NOT NULL, started BIGINT NOT NULL,
            succeeded BIGINT NOT NULL, failed BIGINT NOT NULL, retried BIGINT NOT NULL, refused BIGINT NOT NULL,
            waited_us BIGINT NOT NULL, ran_us BIGINT NOT NULL, PRIMARY KEY (minute, queue))
        """,
        """
        CREATE TABLE job_probes (
            job_id TEXT NOT NULL, mark TEXT NOT NULL, attempt BIGINT NOT NULL, at BIGINT NOT NULL)
        """,
    ]
}
