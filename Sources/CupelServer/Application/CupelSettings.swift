package import CupelCore
package import Jobs
package import Storage

/// Everything that can be set, read and validated at once.
package struct CupelSettings: Sendable {
    package var server: ServerSettings
    package var data: DataSettings
    package var model: ModelSettings
    package var redis: RedisSettings
    package var jobs: JobSettings
    package var retention: RetentionSettings
    package var gateway: GatewaySettings
    package var policy: PolicySettings
    /// Every key with its value and origin.
    package let entries: [SettingEntry]

    /// Reads all settings.
    /// - Throws: `configuration_invalid` naming every wrong value and unknown key.
    package init(sources: SettingsSources, home: String) throws {
        let reader = SettingsReader(sources)
        server = ServerSettings(reader: reader)
        data = DataSettings(reader: reader, home: home, environment: server.environment)
        model = ModelSettings(reader: reader)
        jobs = JobSettings(reader: reader)
        redis = RedisSettings(reader: reader, environment: server.environment)
        retention = RetentionSettings(reader: reader)
        gateway = GatewaySettings(reader: reader)
        policy = PolicySettings(reader: reader)
        entries = reader.entries
        try reader.finish()
    }
}

/// Where things lie.
package struct DataSettings: Sendable {
    /// The data directory, absolute.
    package var directory: String
    /// The Python environment with Ansible's tools and the local model's server.
    package var tools: String
    /// `postgres://…` instead of SQLite in the data directory.
    package var database: Secret?
    /// The same, taken apart.
    package var postgres: PostgresAddress?
    /// Tries to reach the database at start.
    package var startTries: Int
    /// The longest that one statement may take on PostgreSQL.
    package var statementLimit: Duration
    /// A directory with one secret a file.
    package var secrets: String

    /// Reads `data.*`, `tools.*`, `database.*` and `secrets.*`. Production takes no unencrypted way to a PostgreSQL
    /// beyond this machine unless that is allowed.
    package init(reader: SettingsReader, home: String, environment: Environment) {
        directory = reader.text(
            "data.dir",
            default: home + "/.local/share/cupel",
            allowed: "an absolute path",
            purpose: "Directory of database, token, tools and caches.",
            where: { $0.hasPrefix("/") }
        )
        let tools = reader.text(
            "tools.dir",
            default: "",
            allowed: "an absolute path, or nothing for tools/ in the data directory",
            purpose: "Python environment with Ansible's tools and the local model.",
            where: { $0.isEmpty || $0.hasPrefix("/") }
        )
        self.tools = tools.isEmpty ? directory + "/tools" : tools
        database = reader.secret(
            "database.url",
            alias: "DATABASE_URL",
            purpose: "postgres://… instead of SQLite in the data directory."
        )
        startTries = reader.integer(
            "database.start_tries",
            default: 10,
            in: 1...1000,
            purpose: "Tries to reach PostgreSQL at start, with waits of 2, 4, 8, ... at most 60 seconds."
        )
        statementLimit = .seconds(
            reader.integer(
                "database.statement_seconds",
                default: 30,
                in: 1...3600,
                purpose: "Longest one statement may take on PostgreSQL."
            )
        )
        let isPlainAllowed = reader.flag(
            "database.allow_plain",
            default: false,
            purpose: "Whether production may reach a PostgreSQL beyond loopback without encryption."
        )
        do {
            postgres = try database.map { try PostgresAddress($0) }
            if let postgres, environment == .production, !isPlainAllowed, !postgres.isLoopback,
                !postgres.isUnixSocket, !postgres.isEncryptionGuaranteed
            {
                reader.problem(
                    "database.url",
                    "the connection to \(postgres) may not be encrypted; add ?sslmode=verify-full (with sslrootcert), "
                        + "or set database.allow_plain if the network between is yours"
                )
            }
        } catch {
            reader.problem("database.url", (error as? CupelError)?.message ?? "cannot be read")
        }
        secrets = reader.text(
            "secrets.dir",
            default: "",
            allowed: "a path, or nothing",
            purpose: "Directory with one secret a file, as container platforms mount them."
        )
    }
}

/// Which model answers.
package struct ModelSettings: Sendable {
    /// An OpenAI-compatible endpoint; empty for the local model.
    package var url: String
    /// The model that the endpoint is asked for.
    package var name: String
    /// The key of the endpoint.
    package var key: Secret?
    /// The local model that is served when there is no endpoint; empty for none.
    package var local: String
    /// The longest one call may take.
    package var timeout: Duration

    /// Reads `model.*`.
    package init(reader: SettingsReader) {
        url = reader.text(
            "model.url",
            default: "",
            allowed: "http://… or https://…, ending before /chat/completions",
            purpose: "OpenAI-compatible endpoint; empty for the local model.",
            where: { $0.isEmpty || $0.hasPrefix("http://") || $0.hasPrefix("https://") }
        )
        name = reader.text("model.name", default: "", purpose: "Model that the endpoint is asked for.")
        key = reader.secret("model.api_key", purpose: "Key of the endpoint; OPENAI_API_KEY is understood too.")
        local = reader.text(
            "model.local",
            default: "smollm2",
            allowed: "a name of `cupel model list`, or nothing",
            purpose: "Local model to serve when model.url is empty."
        )
        timeout = .seconds(
            reader.integer("model.timeout_seconds", default: 120, in: 1...600, purpose: "Longest one call may take.")
        )
        if !url.isEmpty, name.isEmpty {
            reader.problem("model.name", "model.url is set, so the model's name is needed")
        }
    }
}
