package import Storage

extension AssayStore {
    /// The tables of assays.
    package static let migrations = [
        Migration(500, "assays") { _ in
            [
                """
                CREATE TABLE assays (
                    id TEXT PRIMARY KEY, digest TEXT NOT NULL, verdict TEXT NOT NULL, assay TEXT NOT NULL,
                    created_at BIGINT NOT NULL)
                """
            ]
        },
        Migration(501, "assays of jobs and playbooks, their counts, and false alarms") { engine in
            [
                // What a list shows; NULL in rows that are older than this step.
                "ALTER TABLE assays ADD COLUMN summary TEXT",
                "ALTER TABLE assays ADD COLUMN status TEXT NOT NULL DEFAULT 'done'",
                "ALTER TABLE assays ADD COLUMN job_id TEXT",
                """
                CREATE TABLE assay_inputs (
                    assay_id TEXT NOT NULL, part BIGINT NOT NULL, bytes \(raw: engine.bytesType) NOT NULL,
                    created_at BIGINT NOT NULL, PRIMARY KEY (assay_id, part))
                """,
                "CREATE INDEX assay_inputs_by_time ON assay_inputs (created_at)",
                """
                CREATE TABLE assay_counts (
                    assay_id TEXT PRIMARY KEY, files BIGINT NOT NULL, bytes BIGINT NOT NULL,
                    processed BIGINT NOT NULL, skipped_low_quality BIGINT NOT NULL, skipped_malicious BIGINT NOT NULL,
                    skipped_secrets BIGINT NOT NULL, skipped_license BIGINT NOT NULL,
                    elapsed_microseconds BIGINT NOT NULL)
                """,
                """
                CREATE TABLE assay_findings (
                    fingerprint TEXT PRIMARY KEY, layer TEXT NOT NULL, rule TEXT NOT NULL, assay_id TEXT NOT NULL,
                    seen_at BIGINT NOT NULL)
                """,
                "CREATE INDEX assay_findings_by_rule ON assay_findings (layer, rule)",
                """
                CREATE TABLE false_alarms (
                    fingerprint TEXT PRIMARY KEY, layer TEXT NOT NULL, rule TEXT NOT NULL, assay_id TEXT NOT NULL,
                    reason TEXT NOT NULL, marked_by TEXT NOT NULL, marked_at BIGINT NOT NULL)
                """,
                "CREATE INDEX false_alarms_by_rule ON false_alarms (layer, rule)",
            ]
        },
    ]
}
