package import Artefacts
import CupelCore
package import Gateway
package import Gauntlet
package import Identity
package import Jobs
package import Logging
import NIOPosix
package import Playbooks
package import Policy
import Sandbox
import SecretStore
package import Storage
import Telemetry

/// Everything behind the door, put together once; each part gets what it needs by its initialiser.
package struct Engines: Sendable {
    package let directory: DataDirectory
    package let database: any Database
    /// The queue's own connections; the same as ``database`` on SQLite.
    package let queueDatabase: any Database
    package let shared: SharedServices
    package let token: AccessToken
    package let queue: JobQueue
    /// The kinds of jobs, for those who run them and those who submit them.
    package let registry: JobRegistry
    package let schedules: ScheduleStore
    package let artefacts: ArtefactStore
    package let playbooks: PlaybookStore
    package let calls: CallStore
    /// People, teams, projects, keys and budgets.
    package let accounts: AccountStore
    /// What callers may do.
    package let policy: PolicySource
    package let assays: AssayStore
    /// Who makes assays, under the policy in force.
    package let assayer: Assayer
    package let gateway: ModelGateway
    /// What calls reserve and cost.
    package let ledger: Ledger
    /// The gateway behind `/v1`.
    package let front: GatewayEngine
    /// What keeps the gateway's keys, routes and policy true.
    package let director: GatewayDirector
    package let localModel: LocalModelServer?
    package let workshop: Workshop
    package let linter: AnsibleLinter

    /// Every target's migrations, in their one order.
    package static let migrations =
        JobMigrations.all + ArtefactMigrations.all + PlaybookMigrations.all + CallStore.migrations
        + AssayStore.migrations + AccountMigrations.all + IdempotencyKeys.migrations

    /// Puts the engines together for the owner of a data directory.
    /// - Throws: what stands in the way, before any work starts.
    package static func make(
        _ settings: CupelSettings,
        role: Role = .server,
        environment: [String: String],
        logger: Logger
    ) async throws -> Engines {
        let directory = try role.directory(settings.data.directory)
        let database = try await openDatabase(settings, directory, logger)
        try await migrate(database, settings)
        let queueDatabase = try await openQueueDatabase(database, settings)
        let queue = JobQueue(database: queueDatabase, lease: settings.jobs.lease)
        let calls = CallStore(database: database)
        let (gateway, localModel) = try await makeGateway(settings, environment, calls, logger)
        let linter = try await makeLinter(settings, logger)
        let policy = try PolicySource(path: settings.policy.path)
        let assays = AssayStore(database: database)
        let assayer = Assayer(
            try GauntletSource(policy, cacheDirectory: directory.cachePath),
            pool: ScanPool(threads: 2),
            heard: AssayMetrics.count
        )
        let ledger = Ledger(database: database, logger: logger)
        let front = try makeFront(settings, ledger, directory)
        let accounts = AccountStore(database: database)
        let token = try AccessToken.loadOrMake(at: directory.tokenPath)
        let artefacts = ArtefactStore(database: database)
        let workshop = Workshop(
            catalog: try ModuleCatalog.load(),
            gateway: gateway,
            linter: linter,
            assayer: assayer,
            assays: assays,
            artefacts: artefacts,
            modelProcess: { localModel?.processID }
        )
        var registry = JobRegistry()
        workshop.register(in: &registry)
        AssayBench(store: assays, assayer: assayer, directory: directory.path).register(in: &registry)
        registerUpkeep(in: &registry, database, settings)
        return Engines(
            directory: directory,
            database: database,
            queueDatabase: queueDatabase,
            shared: settings.redis.address.map { .redis(RedisClient($0)) } ?? .inProcess(),
            token: token,
            queue: queue,
            registry: registry,
            schedules: ScheduleStore(database: queueDatabase),
            artefacts: artefacts,
            playbooks: PlaybookStore(database: database),
            calls: calls,
            accounts: accounts,
            policy: policy,
            assays: assays,
            assayer: assayer,
            gateway: gateway,
            ledger: ledger,
            front: front,
            director: makeDirector(settings, accounts, policy, front, token, localModel, database, logger),
            localModel: localModel,
            workshop: workshop,
            linter: linter
        )
    }

    /// What the process is for.
    package enum Role: Sendable {
        /// Owns the data directory and opens the door.
        case server
        /// Only runs jobs; many may use one data directory.
        case worker

        func directory(_ path: String) throws -> DataDirectory {
            switch self {
            case .server: try DataDirectory(owning: path)
            case .worker: try DataDirectory(using: path)
            }
        }
    }

    /// The gateway behind `/v1`, which looks for secrets in what passes.
    private static func makeFront(
        _ settings: CupelSettings,
        _ ledger: Ledger,
        _ directory: DataDirectory
    ) throws -> GatewayEngine {
        // Prompts wait for this: the secrets' patterns alone, which cost a third of all.
        let prompts = try GauntletEngine(
            rules: try RulePack.builtIn().only([.secrets]),
            cacheDirectory: directory.cachePath
        )
        return GatewayEngine(
            limits: settings.gateway.limits,
            ledger: ledger,
            secrets: { text in
                prompts.secrets(in: text, path: "prompt.txt").map { SecretSpan($0.range, rule: $0.rule) }
            },
            on: MultiThreadedEventLoopGroup.singleton
        )
    }

    private static func migrate(_ database: any Database, _ settings: CupelSettings) async throws {
        let migrator = try Migrator(migrations)
        guard let url = settings.data.database else { return _ = try await migrator.up(database) }
        let patient = try await PostgresDatabase(url: url, options: .patient)
        do {
            _ = try await migrator.up(patient)
            await patient.close()
        } catch {
            await patient.close()
            throw error
        }
    }

    /// Probes, and the deletion of what was kept long enough.
    private static func registerUpkeep(
        in registry: inout JobRegistry,
        _ database: any Database,
        _ settings: CupelSettings
    ) {
        ProbeJob.register(in: &registry)
        let keys = RetentionRule(table: "idempotency_keys", column: "expires_at", keep: .zero)
        let inputs = RetentionRule(table: "assay_inputs", column: "created_at", keep: AssayStore.inputLifetime)
        let calls = RetentionRule(
            table: "calls",
            column: "started_at",
            keep: settings.retention.calls,
            key: "id"
        )
        Retention(database: database, settings: settings.retention, rules: [keys, calls, inputs]).register(
            in: &registry
        )
    }

    private static func openQueueDatabase(
        _ database: any Database,
        _ settings: CupelSettings
    ) async throws -> any Database {
        guard let url = settings.data.database else { return database }
        var options = SQLJobStore.postgresOptions
        options.statementLimit = settings.data.statementLimit
        return try await PostgresDatabase(url: url, options: options)
    }

    /// How word of the queue passes between processes.
    package var jobChannel: any JobAnnouncer.Channel {
        if shared.health() != nil { return BusJobChannel(bus: shared.bus) }
        return DatabaseJobChannel(database: database)
    }

    /// Opens the store that the settings name: SQLite in the data directory, or PostgreSQL, which may be slow to come
    /// and is waited for: 2^n seconds, at most 60, after each try.
    /// - Throws: `configuration_invalid` at once for what waiting does not mend; `storage_unavailable` naming the
    ///   database after the last try.
    package static func openDatabase(
        _ settings: CupelSettings,
        _ directory: DataDirectory,
        _ logger: Logger
    ) async throws -> any Database {
        guard let url = settings.data.database else { return try SQLiteDatabase(path: directory.databasePath) }
        var tries = 0
        while true {
            do {
                var options = PostgresOptions()
                options.statementLimit = settings.data.statementLimit
                return try await PostgresDatabase(url: url, options: options)
            } catch let error as CupelError where error.code == .storageUnavailable {
                tries += 1
                guard tries < settings.data.startTries else { throw absent(error, settings, tries) }
                logger.log(
                    .warning,
                    "the database does not answer; trying again",
                    [.attempt: "\(tries)", .error: error.message]
                )
                try await Task.sleep(for: .seconds(min(60, 1 << tries)))
            }
        }
    }

    private static func absent(_ error: CupelError, _ settings: CupelSettings, _ tries: Int) -> CupelError {
        var named = error
        let address = settings.data.postgres.map { "The database \($0.database) at \($0.place)" } ?? "The database"
        named.message = "\(address) did not answer in \(tries == 1 ? "1 try" : "\(tries) tries"). \(error.message)"
        return named
    }
}
