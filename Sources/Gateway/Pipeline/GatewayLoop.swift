import CupelCore
import NIOCore

/// What one event loop of the gateway has for itself: a connection, its parsing, the upstreams' connections and the
/// answer stay on one loop, so nothing here is locked.
///
/// Unchecked because it is touched on its event loop alone: whoever has it from elsewhere goes through ``run(_:)``.
final class GatewayLoop: @unchecked Sendable {
    let eventLoop: any EventLoop
    let tools: GatewayTools
    let index: Int
    private(set) var snapshot = GatewaySnapshot.empty
    /// Counts snapshots, so that what was looked up in an older one is not used.
    private(set) var generation = 0
    var chance: LoopChance

    private var pools: [ObjectIdentifier: UpstreamPool] = [:]
    private var routes: [RouteKey: CallRoute] = [:]
    private var exchanges: [CallExchange?] = []
    private var free: [Int] = []
    private var ticker: RepeatedTask?
    private var lanes: [LaneHandler?] = []
    private var freeLanes: [Int] = []
    private var lastLook: Int64 = 0

    /// What a route is remembered by.
    private struct RouteKey: Hashable {
        var model: String
        var caller: ObjectIdentifier
        var needs: CallNeeds
    }

    /// Routes that are remembered; beyond it all are forgotten, so that made-up names cannot fill the memory.
    static let maximumRoutes = 4096
    /// How often deadlines are looked at.
    static let tick = TimeAmount.milliseconds(10)

    init(_ eventLoop: any EventLoop, _ tools: GatewayTools, index: Int) {
        self.eventLoop = eventLoop
        self.tools = tools
        self.index = index
        chance = LoopChance(seed: UInt64.random(in: 1...UInt64.max))
    }

    var limits: GatewayEngine.Limits { tools.limits }
    var ledger: Ledger { tools.ledger }

    /// The call at a place, if it is still the same.
    func exchange(_ ticket: Int, _ id: Identifier<CallRecord>) -> CallExchange? {
        guard exchanges.indices.contains(ticket), let exchange = exchanges[ticket], exchange.id == id else {
            return nil
        }
        return exchange
    }

    /// Does something on the loop.
    func run(_ body: @escaping @Sendable (GatewayLoop) -> Void) { eventLoop.execute { body(self) } }

    /// Calls under way.
    var underway: Int { exchanges.count - free.count }

    /// Takes the next snapshot; calls under way keep theirs.
    func publish(_ snapshot: GatewaySnapshot) {
        self.snapshot = snapshot
        generation += 1
        routes = [:]
        retirePools()
    }

    /// What a model's name means to a caller.
    func route(_ model: String, _ caller: Caller, _ needs: CallNeeds) throws(CupelError) -> CallRoute {
        let key = RouteKey(model: model, caller: ObjectIdentifier(caller), needs: needs)
        if let known = routes[key] { return known }
        let route = try snapshot.route(model, caller, needs)
        if routes.count >= Self.maximumRoutes { routes = [:] }
        routes[key] = route
        return route
    }

    /// The connections to an upstream.
    func pool(of target: UpstreamTarget) -> UpstreamPool {
        if let pool = pools[ObjectIdentifier(target)] { return pool }
        let pool = UpstreamPool(target, on: eventLoop)
        pools[ObjectIdentifier(target)] = pool
        return pool
    }

    /// Connections to upstreams: open ones and those at rest.
    var connections: (open: Int, idle: Int) {
        pools.values.reduce((0, 0)) { ($0.0 + $1.count, $0.1 + $1.idleCount) }
    }

    /// Pools of targets that no longer stand in the snapshot rest no connection, and go once their calls are over.
    private func retirePools() {
        let live = Set(snapshot.targets.map { ObjectIdentifier($0) })
        for (key, pool) in pools where !live.contains(key) {
            pool.retire()
            if pool.isUnused { pools[key] = nil }
        }
    }

    /// Watches a connection of the lane.
    func remember(lane: LaneHandler) -> Int {
        startTicking()
        if let place = freeLanes.popLast() {
            lanes[place] = lane
            return place
        }
        lanes.append(lane)
        return lanes.count - 1
    }

    /// The connection ended, or is the door's now.
    func forget(lane place: Int) {
        lanes[place] = nil
        freeLanes.append(place)
    }

    // MARK: Calls

    /// Gives a call its place.
    func enter(_ exchange: CallExchange) -> Int {
        startTicking()
        ledger.note(underway: 1)
        if let place = free.popLast() {
            exchanges[place] = exchange
            return place
        }
        exchanges.append(exchange)
        return exchanges.count - 1
    }

    /// A call is over.
    func leave(_ ticket: Int) {
        ledger.note(underway: -1)
        exchanges[ticket] = nil
        free.append(ticket)
    }

    /// The ledger has kept calls, or could not.
    func kept(_ tickets: [Int], _ isKept: Bool, _ wakesWriter: Bool) {
        if wakesWriter {
            eventLoop.scheduleTask(in: .nanoseconds(Ledger.pace.nanoseconds)) { [ledger] in ledger.wakeWriter() }
        }
        for ticket in tickets { exchanges[ticket]?.kept(isKept) }
    }

    /// Ends every call, as the process does.
    func cancelAll() {
        for exchange in exchanges { exchange?.abandon() }
        for pool in pools.values { pool.retire() }
        ticker?.cancel()
        ticker = nil
    }

    private func startTicking() {
        guard ticker == nil else { return }
        ticker = eventLoop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { [weak self] _ in
            self?.lookAtDeadlines()
        }
    }

    private func lookAtDeadlines() {
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        for exchange in exchanges { exchange?.look(at: now) }
        if now - lastLook > 1_000_000_000 {
            lastLook = now
            for lane in lanes { lane?.look(at: now) }
            for pool in pools.values { pool.prune(now: now) }
        }
        // An idle gateway does nothing at all once its connections are gone.
        guard underway == 0, connections.open == 0, lanes.count == freeLanes.count else { return }
        ticker?.cancel()
        ticker = nil
    }
}
