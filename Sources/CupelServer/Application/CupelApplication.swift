package import CupelCore
import Gateway
import Gauntlet
import Hummingbird
import HummingbirdCore
import Identity
import Jobs
package import Logging
import Metrics
import NIOCore
import NIOHTTP1
import Playbooks
import Policy
package import ServiceLifecycle
import Storage
import Synchronization
import Telemetry
package import UnixSignals

/// The whole of Cupel in one process: engines, the worker, and the door.
package struct CupelApplication: Sendable {
    private let settings: CupelSettings
    private let engines: Engines
    private let logger: Logger
    private let lifecycle = Lifecycle()
    private let gatekeeper: Gatekeeper

    /// The token that the API asks for.
    package var token: Secret { engines.token.secret }

    /// Puts everything together; nothing listens or runs yet.
    /// - Throws: what stands in the way of a start, in a person's words.
    package static func make(
        _ settings: CupelSettings,
        role: Engines.Role = .server,
        environment: [String: String],
        logger: Logger
    ) async throws -> CupelApplication {
        let engines = try await Engines.make(settings, role: role, environment: environment, logger: logger)
        return CupelApplication(settings: settings, engines: engines, logger: logger)
    }

    private init(settings: CupelSettings, engines: Engines, logger: Logger) {
        self.settings = settings
        self.engines = engines
        self.logger = logger
        gatekeeper = Gatekeeper(
            hostGuard: HostGuard(allowedHosts: settings.server.allowedHosts),
            sessions: Sessions(token: engines.token, keeper: engines.shared.sessions)
        )
    }

    /// Everything that runs, in one group: at a stop the door closes first, then the worker drains, then the model ends.
    /// - Parameter onReady: hears the base URL once the door is open.
    package func serviceGroup(
        signals: [UnixSignal],
        onReady: @escaping @Sendable (String) -> Void
    ) -> ServiceGroup {
        var services: [any Service] = []
        if let localModel = engines.localModel { services.append(localModel) }
        services.append(LinterWarmup(linter: engines.linter, logger: logger))
        services.append(JobAnnouncer(queue: engines.queue, channel: engines.jobChannel))
        services.append(buildScheduler())
        if settings.jobs.concurrency > 0 { services.append(buildWorker([:])) }
        if engines.shared.health() != nil { services.append(RedisWatch(shared: engines.shared, logger: logger)) }
        services.append(engines.ledger)
        services.append(engines.director)
        // Only a server of its own hears signals; one that a command starts for itself leaves them alone.
        if !signals.isEmpty {
            services.append(
                ReloadSignal(logger: logger) { [director = engines.director] in try await director.reload() }
            )
        }
        services.append(StopWatch(lifecycle: lifecycle))
        services.append(buildDoor(onReady))
        return group(of: services, signals)
    }

    /// Closes what outlives the services: the linter's worker and the store.
    package func close() async {
        await engines.linter.stop()
        await engines.gateway.close()
        await engines.shared.close()
        if engines.queueDatabase.engine == .postgres { await engines.queueDatabase.close() }
        await engines.database.close()
    }

    /// A process that only runs jobs.
    /// - Parameter queues: the queues it serves, each with the most jobs of it at once; empty for all.
    package func workerGroup(signals: [UnixSignal], queues: [String: Int]) -> ServiceGroup {
        var services: [any Service] = []
        if let localModel = engines.localModel { services.append(localModel) }
        services.append(LinterWarmup(linter: engines.linter, logger: logger))
        services.append(JobAnnouncer(queue: engines.queue, channel: engines.jobChannel))
        services.append(buildScheduler())
        services.append(buildWorker(queues))
        // A worker has a policy too, by which it judges what it looks at.
        services.append(ReloadSignal(logger: logger) { [policy = engines.policy] in try policy.reload() })
        return group(of: services, signals)
    }

    private func group(of services: [any Service], _ signals: [UnixSignal]) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: services,
            gracefulShutdownSignals: signals,
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = settings.server.drain + .seconds(10)
        return ServiceGroup(configuration: configuration)
    }

    private func buildWorker(_ queues: [String: Int]) -> JobWorker {
        JobWorker(
            queue: engines.queue,
            registry: engines.registry,
            settings: WorkerSettings(
                concurrency: settings.jobs.concurrency,
                queues: queues,
                isStrict: settings.jobs.isOrderStrict,
                drain: settings.server.drain
            ),
            logger: logger
        )
    }

    private func buildScheduler() -> Scheduler {
        Scheduler(
            store: engines.schedules,
            queue: engines.queue,
            registry: engines.registry,
            declared: [Retention.schedule],
            logger: logger
        )
    }

    private func buildDoor(_ onReady: @escaping @Sendable (String) -> Void) -> some Service {
        DeferredService { [self] in
            try await engines.director.prepare()
            let router = try buildRouter()
            let address = settings.server.host
            let path = engines.directory.path
            let front = engines.front
            let calls = DoorEngine(prefix: "/v1", make: { front.makeHandler() }, makeLane: { front.makeLane() })
            let application = Application(
                responder: router.buildResponder(),
                server: .door(engines: [calls], webSocket: liveEvents),
                configuration: ApplicationConfiguration(
                    address: .hostname(address, port: settings.server.port),
                    serverName: nil,
                    availableConnectionsDelegate: MaximumAvailableConnections(settings.server.maximumConnections)
                ),
                onServerRunning: { channel in
                    let base = "http://\(address):\(channel.localAddress?.port ?? 0)"
                    // The command line of this data directory finds the server by this file.
                    try? BoundedFile.replace(DataDirectory.endpointPath(in: path), with: Array(base.utf8), mode: 0o600)
                    onReady(base)
                },
                logger: quiet(logger)
            )
            try await application.run()
        }
    }

    /// Live events over a WebSocket, for whoever may call the API.
    private var liveEvents: DoorWebSocket {
        EventRoutes(queue: engines.queue).webSocket { [gatekeeper] head in
            let claim = Gatekeeper.Claim(
                host: head.headers.first(name: "host"),
                origin: head.headers.first(name: "origin"),
                authorization: head.headers.first(name: "authorization"),
                cookies: head.headers["cookie"]
            )
            try gatekeeper.checkOrigin(claim)
            try gatekeeper.checkAtOnce(claim)
        }
    }

    private func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }

    private func buildRouter() throws -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: EdgeMiddleware(logger: logger, time: SystemTime()))
        let responder = RouteResponder(
            gatekeeper: gatekeeper,
            maximumBodyBytes: settings.server.maximumBodyBytes
        )
        for route in try buildRoutes(gatekeeper.sessions) { responder.add(route, to: router) }
        return router
    }

    private func buildRoutes(_ sessions: Sessions) throws -> [Route] {
        let pages = try Pages()
        let keys = IdempotencyKeys(database: engines.database)
        let overview = QueueOverview(
            queue: engines.queue,
            registry: engines.registry,
            lanes: settings.jobs.concurrency
        )
        let gauges = JobGauges(overview: overview)
        let gatewayGauges = GatewayGauges(director: engines.director)
        let assayGauges = AssayGauges(store: engines.assays)
        let gateway = GatewayRoutes(director: engines.director, calls: engines.calls)
        let usage = UsageRoutes(store: engines.calls) { [director = engines.director] in director.registry }
        let assays = AssayRoutes(
            assayer: engines.assayer,
            store: engines.assays,
            intake: AssayIntake(
                store: engines.assays,
                queue: engines.queue,
                keys: keys,
                database: engines.database,
                pool: engines.assayer.pool,
                directory: engines.directory.path
            ),
            queue: engines.queue
        )
        let routes =
            HealthRoutes.all(checks, MetricsRegistry.shared, lifecycle) {
                gatewayGauges.refresh()
                await gauges.refresh()
                await assayGauges.refresh()
            }
            + JobRoutes(queue: engines.queue, registry: engines.registry, keys: keys).all()
            + QueueRoutes(overview: overview).all()
            + PlaybookRoutes.all(engines.queue, engines.playbooks, keys)
            + assays.all(limit: settings.server.maximumAssayBytes)
            + ScheduleRoutes(store: engines.schedules, queue: engines.queue, registry: engines.registry).all()
            + AccountRoutes(store: engines.accounts, keys: keys).all()
            + PolicyRoutes(source: engines.policy, past: pastCalls).all()
            + CallRoutes.all(engines.calls) + usage.all() + gateway.all()
            + CacheRoutes(cache: engines.front.cache) { GatewayEngine.cacheTime }.all()
            + EventRoutes(queue: engines.queue).all()
            + SessionRoutes.all(sessions, pages, isSecure: settings.server.environment == .production)
        let dashboard = DashboardRoutes(
            pages: pages,
            queue: engines.queue,
            playbooks: engines.playbooks,
            calls: engines.calls
        )
        let jobsPage = JobsPageRoutes(pages: pages, overview: overview)
        let gatewayPage = GatewayPageRoutes(pages: pages, gateway: gateway, calls: engines.calls)
        let gauntletPage = GauntletPageRoutes(pages: pages, assays: assays)
        return routes + dashboard.all() + jobsPage.all() + gatewayPage.all() + gauntletPage.all() + AssetRoutes.all()
            + DocumentRoutes.all(routes, pages, isShown: settings.server.isDocumentationShown)
    }

    /// Recorded calls for a dry run of a policy, with what records hold of their models.
    private var pastCalls: PastCalls {
        PastCalls(store: engines.calls) { [director = engines.director] model, provider in
            director.facts(of: model, at: provider)
        }
    }

    private var checks: [ReadinessCheck] {
        let (database, gateway, shared) = (engines.database, engines.gateway, engines.shared)
        var checks = [
            ReadinessCheck("database") { try await database.check() },
            ReadinessCheck("model", isNeeded: false) { try await gateway.check() },
        ]
        if shared.health() != nil {
            checks.append(ReadinessCheck("redis", isNeeded: false) { try shared.checkRedis() })
        }
        return checks
    }
}

/// A service whose making may fail, and which therefore is made as it starts.
private struct DeferredService: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws { try await body() }
}

/// Turns readiness to 503 as soon as a stop is asked for.
private struct StopWatch: Service {
    let lifecycle: Lifecycle

    func run() async throws {
        try? await gracefulShutdown()
        lifecycle.beginStop()
    }
}
