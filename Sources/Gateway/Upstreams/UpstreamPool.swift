import CupelCore
import NIOCore
import NIOPosix
import NIOSSL

/// The connections of one event loop to one upstream; used on that loop alone.
final class UpstreamPool {
    /// Who waits for a connection.
    final class Waiter {
        private var take: ((Result<UpstreamConnection, UpstreamFailure>) -> Void)?

        init(_ take: @escaping (Result<UpstreamConnection, UpstreamFailure>) -> Void) { self.take = take }

        /// No longer waits.
        func cancel() { take = nil }

        var isWaiting: Bool { take != nil }

        func resume(_ result: Result<UpstreamConnection, UpstreamFailure>) {
            let take = self.take
            self.take = nil
            take?(result)
        }
    }

    /// Calls that may wait for a connection; more are refused.
    static let maximumWaiters = 1024
    /// How long a connection may rest; most servers close theirs after a minute or more.
    static let restNanoseconds = Int64(50_000_000_000)

    let target: UpstreamTarget
    private let loop: any EventLoop
    private var idle: [UpstreamConnection] = []
    private var waiters: [Waiter] = []
    /// Connections that are open or being made.
    private(set) var count = 0

    init(_ target: UpstreamTarget, on loop: any EventLoop) {
        self.target = target
        self.loop = loop
    }

    /// Whether nothing is open or awaited.
    var isUnused: Bool { count == 0 && waiters.isEmpty }

    /// Connections that wait for work.
    var idleCount: Int { idle.count }

    /// A connection that rests, the one that was used last.
    func takeIdle() -> UpstreamConnection? { idle.popLast() }

    /// Waits for a connection: one that comes back, or a new one.
    func wait(_ take: @escaping (Result<UpstreamConnection, UpstreamFailure>) -> Void) -> Waiter? {
        waiters.removeAll { !$0.isWaiting }
        guard waiters.count < Self.maximumWaiters else { return nil }
        let waiter = Waiter(take)
        waiters.append(waiter)
        if count < target.maximumConnections { connect() }
        return waiter
    }

    /// A connection is free again.
    func release(_ connection: UpstreamConnection) {
        while !waiters.isEmpty {
            let waiter = waiters.removeFirst()
            if waiter.isWaiting { return waiter.resume(.success(connection)) }
        }
        connection.idleSince = Int64(NIODeadline.now().uptimeNanoseconds)
        idle.append(connection)
    }

    /// A connection ended.
    func closed(_ connection: UpstreamConnection) {
        idle.removeAll { $0 === connection }
        count -= 1
        serveWaiters()
    }

    /// Closes what rested too long.
    func prune(now: Int64) {
        while let oldest = idle.first, now - oldest.idleSince > Self.restNanoseconds {
            idle.removeFirst()
            oldest.close()
        }
    }

    /// Closes every idle connection; the busy ones close as they end, since nobody asks this pool again.
    func retire() {
        let resting = idle
        idle = []
        for connection in resting { connection.close() }
    }

    private func serveWaiters() {
        waiters.removeAll { !$0.isWaiting }
        if !waiters.isEmpty, count < target.maximumConnections { connect() }
    }

    // MARK: Connecting

    private func connect() {
        count += 1
        let limit = TimeAmount.nanoseconds(target.limits.connect.wholeMicroseconds * 1000)
        let attempt = UpstreamAttempt(target) { [weak self] result in self?.connected(result) }
        let isolated = NIOLoopBound((self, attempt), eventLoop: loop)
        let (host, port) = target.proxy.map { ($0.host, $0.port) } ?? (target.host, target.port)
        ClientBootstrap(group: loop)
            .connectTimeout(limit)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let (pool, attempt) = isolated.value
                    try attempt.begin(on: channel, with: UpstreamConnection(pool))
                }
            }
            .connect(host: host, port: port).assumeIsolated()
            .whenFailure { attempt.end(.failure(.unreachable(Self.reason($0)))) }
        // A proxy or a handshake that never answers must not hold the waiter for ever.
        attempt.limit = loop.assumeIsolated().scheduleTask(in: limit) { [target] in
            attempt.end(.failure(.slow("no connection within \(target.limits.connect)")))
        }
    }

    private func connected(_ result: Result<UpstreamConnection, UpstreamFailure>) {
        switch result {
        case .success(let connection):
            connection.isAdopted = true
            release(connection)
        case .failure(let failure):
            count -= 1
            // Whoever waited longest hears of it; the others try again.
            while !waiters.isEmpty {
                let waiter = waiters.removeFirst()
                if waiter.isWaiting {
                    waiter.resume(.failure(failure))
                    break
                }
            }
            serveWaiters()
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case ChannelError.connectTimeout(let limit): "no connection within \(limit.nanoseconds / 1_000_000) ms"
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { "\($0.error)" } ?? error.dnsAError.map { "\($0)" }
                ?? "the name \(error.host) is not known"
        default: "\(error)"
        }
    }
}
