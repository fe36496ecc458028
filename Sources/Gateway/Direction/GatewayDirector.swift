package import CupelCore
import Glibc
package import Identity
package import Logging
package import Policy
import ServiceLifecycle
package import Storage
import Synchronization
import Telemetry

/// Keeps the gateway's snapshot true: keys, budgets, prices, providers and the policy are put together anew whenever one
/// of them changes, and swapped whole.
package final class GatewayDirector: Service {
    /// What does not change by itself.
    package struct Parts: Sendable {
        /// Who may call.
        package var accounts: AccountStore
        /// Where calls go.
        package var providers: ProviderSettings
        /// Names of the configuration.
        package var routes: ModelRoutes
        /// The directory in which an update of the registry may lie.
        package var dataDirectory: String
        /// The token of the data directory, whose owner may call too.
        package var owner: Secret
        /// The policy.
        package var policy: PolicySource
        /// The local model, once it runs.
        package var local: @Sendable () -> Upstream?

        /// Names the parts.
        package init(
            accounts: AccountStore,
            providers: ProviderSettings,
            routes: ModelRoutes,
            dataDirectory: String,
            owner: Secret,
            policy: PolicySource,
            local: @escaping @Sendable () -> Upstream? = { nil }
        ) {
            self.accounts = accounts
            self.providers = providers
            self.routes = routes
            self.dataDirectory = dataDirectory
            self.owner = owner
            self.policy = policy
            self.local = local
        }
    }

    private struct State {
        var accounts = AccountSnapshot.empty
        var registry = ModelRegistry.builtIn
        /// The version of the policy that was published.
        var policyVersion: Digest?
        var table: RouteTable?
        /// What was decided for whom, for explanations.
        var view: RouteView?
        var local: ProviderConfiguration?
        var files: [String: Int64] = [:]
    }

    private let parts: Parts
    private let engine: GatewayEngine
    private let database: any Database
    private let logger: Logger
    private let time: any TimeSource
    let book: MeterBook
    private let targets: TargetFactory
    private let state = Mutex(State())
    private let (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// A director of an engine; nothing is published before it runs.
    package init(
        _ parts: Parts,
        engine: GatewayEngine,
        database: any Database,
        logger: Logger,
        time: any TimeSource = SystemTime()
    ) {
        self.parts = parts
        self.engine = engine
        self.database = database
        self.logger = logger
        self.time = time
        // Where one process owns the store there is nobody to share a budget with.
        let leases =
            database.engine == .postgres
            ? BudgetLeases(database, replica: engine.ledger.replica, logger: logger, time: time) : nil
        book = MeterBook(leases: leases)
        targets = TargetFactory(book)
    }

    /// Publishes a first snapshot, so that calls are taken from the first connection on.
    /// - Throws: `configuration_invalid` for a registry or a policy that is wrong; what the store throws.
    package func prepare() async throws {
        try await engine.ledger.recover()
        try load()
        lookAround()
        let accounts = try await parts.accounts.snapshot()
        state.withLock { $0.accounts = accounts }
        try await publish()
    }

    /// Reads the files again, and puts a new snapshot together; what is wrong leaves the old one in force.
    /// - Throws: `configuration_invalid`, `invalid_policy`.
    package func reload() async throws {
        try load()
        try await publish()
    }

    /// Follows changes until a stop.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { [self] in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.followAccounts() }
                    group.addTask { try await self.followClock() }
                    group.addTask { await self.publishChanges() }
                    group.addTask { try await self.showLife() }
                    if let leases = book.leases { group.addTask { await leases.run() } }
                    try await group.next()
                    group.cancelAll()
                }
            }
        } catch is CancellationError {
            // A stop is no failure: thrown on, it would have every other service cancelled instead of finished.
        }
        await engine.close()
    }

    private func load() throws {
        let registry = try ModelRegistry.load(dataDirectory: parts.dataDirectory)
        try parts.policy.reload()
        state.withLock { $0.registry = registry }
    }

    /// When a file was changed last, in nanoseconds; `nil` where there is none.
    private static func modified(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// Looks whether the policy or the registry was changed, or the local model came or went.
    private func lookAround() {
        let overlay = ModelRegistry.overlayPath(in: parts.dataDirectory)
        var files: [String: Int64] = [:]
        for path in [parts.policy.path, overlay] { if let path { files[path] = Self.modified(path) } }
        let local = parts.local().flatMap(Self.provider)
        let (isChanged, isMoved) = state.withLock { state in
            defer { (state.files, state.local) = (files, local) }
            let isMoved = state.local != local || state.policyVersion != parts.policy.current.version
            return (state.files != files, isMoved)
        }
        if isChanged {
            do {
                try load()
                logger.log(.info, "policy and registry were read again", [:])
            } catch {
                logger.log(.error, "what was changed is wrong; the old policy stays in force", [.error: "\(error)"])
                return
            }
        }
        if isChanged || isMoved { signal.yield() }
    }

    /// The local model as a provider.
    private static func provider(_ upstream: Upstream) -> ProviderConfiguration? {
        guard let address = try? ProviderAddress(upstream.baseURL) else { return nil }
        return ProviderConfiguration.local(address, upstream)
    }

    private func followAccounts() async throws {
        try await parts.accounts.follow { [logger] error in
            logger.log(.warning, "accounts could not be read; those of before stay in force", [.error: "\(error)"])
        } apply: { [self] snapshot in
            let isNew = state.withLock { state in
                guard state.accounts.version != snapshot.version else { return false }
                state.accounts = snapshot
                return true
            }
            if isNew { signal.yield() }
        }
    }

    /// A new day begins new windows of budgets, and may retire a model.
    private func followClock() async throws {
        var day = time.now.microseconds / UsageRollup.microsecondsADay
        while true {
            try await time.sleep(for: .seconds(1))
            lookAround()
            let today = time.now.microseconds / UsageRollup.microsecondsADay
            guard today != day else { continue }
            day = today
            signal.yield()
        }
    }

    /// Shows the other processes that this one lives, and settles the calls of those that do not.
    private func showLife() async throws {
        // Where one process owns the store there is nobody else to look after.
        guard database.engine == .postgres else { return try await time.sleep(for: .seconds(1 << 30)) }
        while true {
            try await time.sleep(for: Ledger.heartbeat)
            do {
                try await engine.ledger.recover()
            } catch {
                logger.log(.debug, "interrupted calls could not be looked for", [.error: "\(error)"])
            }
        }
    }

    private func publishChanges() async {
        for await _ in changes {
            do {
                try await publish()
            } catch {
                logger.log(.error, "the gateway keeps its old keys and routes", [.error: "\(error)"])
            }
        }
    }

    /// The routes of this moment, for explanations and lists.
    package var table: RouteTable? { state.withLock { $0.table } }

    /// The registry in force.
    package var registry: ModelRegistry { state.withLock { $0.registry } }

    /// What decides about routes at this moment; `nil` before the first snapshot.
    var view: RouteView? { state.withLock { $0.view } }

    /// What the policy is asked about a model at a provider.
    package func facts(of model: String, at provider: String) -> CandidateFacts {
        let (card, configuration) = state.withLock { ($0.registry[model], $0.table?.provider(provider)) }
        return CandidateFacts(
            model: model,
            aliases: card?.aliases ?? [],
            provider: provider,
            region: configuration?.region,
            tier: card?.tier,
            keepsNothing: configuration?.retention == ProviderRetention.none
        )
    }

    /// What is known of each upstream.
    package func health(of provider: String) -> UpstreamHealth { book.health(of: provider) }

    /// What each budget holds now: its window's start, what is spent or held, the limit.
    package func budgets() -> [(budget: BudgetID, start: Timestamp, total: Money, limit: Money)] {
        book.budgets.map { ($0.key.budget, $0.key.start, $0.value.total, $0.value.limit) }
    }

    // MARK: Snapshots

    private func publish() async throws {
        let now = time.now
        let policy = parts.policy.current
        let (accounts, registry) = state.withLock { state in
            state.policyVersion = policy.version
            return (state.accounts, state.registry)
        }
        let sums = try await SpentSums.load(database, at: now)
        var providers = parts.providers
        if let local = state.withLock({ $0.local }) { providers.providers.append(local) }
        let table = RouteTable(
            registry: registry,
            providers: providers,
            routes: parts.routes,
            today: ModelDate(String(now.description.prefix(10)))
        )
        state.withLock { $0.table = table }
        let callers = CallerFactory(book: book, sums: sums, now: now, policy: policy.calls)
        let targets = try reachable(table)
        let factory = CandidateFactory(table: table, targets: targets) { model in
            accounts.budgets(ofModel: model).compactMap { callers.meter($0, "model", model) }
        } limits: { [book] model in
            let meters = book.meters(of: "model \(model)", accounts.limits(ofModel: model))
            return CallCandidate.Limits(requests: meters.0, tokens: meters.1, parallel: meters.2)
        }
        let router = CallRouter(table: table, factory: factory)
        let owner = callers.owner
        let made = callers.callers(of: accounts)
        let view = RouteView(router: router, accounts: accounts, callers: made, owner: owner)
        state.withLock { $0.view = view }
        let ownerDigest = Digest(of: parts.owner.expose())
        engine.publish(
            GatewaySnapshot(
                caller: { shown in
                    if let digest = shown.withBytes(KeySecret.digest(of:)), let facts = accounts.facts(for: digest) {
                        return made[ObjectIdentifier(facts)]
                    }
                    return Digest(of: shown) == ownerDigest ? owner : nil
                },
                targets: Array(targets.values),
                models: { router.models($0) },
                route: { (name, caller, needs) throws(CupelError) in try router.route(name, caller, needs) }
            )
        )
        book.prune(before: now)
    }

    private func reachable(_ table: RouteTable) throws -> [String: UpstreamTarget] {
        var found: [String: UpstreamTarget] = [:]
        for provider in table.providers where provider.isUsable {
            found[provider.name] = try targets.target(provider)
        }
        return found
    }
}

extension String {
    /// The text's bytes, without a copy where it is stored as UTF-8.
    fileprivate func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
