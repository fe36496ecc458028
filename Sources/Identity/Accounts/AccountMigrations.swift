package import Storage

/// The tables of accounts and of the audit.
package enum AccountMigrations {
    /// All steps, in order.
    package static let all = [
        Migration(410, "people, teams, projects, keys, budgets, audit") { _ in owners + keys + around }
    ]

    private static let limits: SQL =
        "requests_per_minute BIGINT, tokens_per_minute BIGINT, parallel_calls BIGINT"

    private static var owners: [SQL] {
        [
            "CREATE TABLE teams (id TEXT PRIMARY KEY, name TEXT NOT NULL, \(limits), created_at BIGINT NOT NULL)",
            "CREATE UNIQUE INDEX teams_by_name ON teams (name)",
            """
            CREATE TABLE people (
                id TEXT PRIMARY KEY, name TEXT NOT NULL, team_id TEXT, is_disabled BIGINT NOT NULL,
                created_at BIGINT NOT NULL)
            """,
            "CREATE UNIQUE INDEX people_by_name ON people (name)",
            """
            CREATE TABLE projects (
                id TEXT PRIMARY KEY, name TEXT NOT NULL, team_id TEXT, created_at BIGINT NOT NULL)
            """,
            "CREATE UNIQUE INDEX projects_by_name ON projects (name)",
        ]
    }

    private static var keys: [SQL] {
        [
            """
            CREATE TABLE api_keys (
                id TEXT PRIMARY KEY, name TEXT NOT NULL, prefix TEXT NOT NULL, digest TEXT NOT NULL,
                old_digest TEXT, old_until BIGINT, owner_kind TEXT NOT NULL, owner_id TEXT NOT NULL,
                scopes TEXT NOT NULL, models TEXT NOT NULL, \(limits), expires_at BIGINT,
                is_disabled BIGINT NOT NULL, revoked_at BIGINT, created_at BIGINT NOT NULL, rotated_at BIGINT,
                last_used_at BIGINT)
            """,
            "CREATE UNIQUE INDEX api_keys_by_name ON api_keys (name) WHERE revoked_at IS NULL",
            "CREATE UNIQUE INDEX api_keys_by_digest ON api_keys (digest)",
            "CREATE INDEX api_keys_by_owner ON api_keys (owner_id)",
            """
            CREATE TABLE budgets (
                id TEXT PRIMARY KEY, scope TEXT NOT NULL, subject TEXT NOT NULL, period TEXT NOT NULL,
                amount BIGINT NOT NULL, created_at BIGINT NOT NULL)
            """,
            "CREATE UNIQUE INDEX budgets_by_scope ON budgets (scope, subject, period)",
            "CREATE TABLE model_limits (model TEXT PRIMARY KEY, \(limits))",
        ]
    }

    private static var around: [SQL] {
        [
            // One row, which every change of an account writes: others see by it that there is something to read.
            "CREATE TABLE account_state (id BIGINT PRIMARY KEY, version BIGINT NOT NULL)",
            "INSERT INTO account_state (id, version) VALUES (1, 1)",
            """
            CREATE TABLE audit (
                id TEXT PRIMARY KEY, at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
                target TEXT NOT NULL, detail TEXT NOT NULL)
            """,
        ]
    }
}
