import CoreMetrics
import CupelCore
import Dispatch
import Synchronization

/// The connections of one database, each on a thread of its own.
final class PostgresPool: Sendable {
    typealias Lease = PostgresPoolState.Lease
    private struct Inside {
        var state: PostgresPoolState
        var connections: [Int: PostgresConnection] = [:]
        var waiters: [Int: CheckedContinuation<Lease, any Error>] = [:]
        var nextWaiter = 0
        /// Who waits until the last connection is closed.
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let inside: Mutex<Inside>
    private let address: PostgresAddress
    private let options: PostgresOptions
    private let canceller = PostgresCanceller()
    private let metrics: PostgresMetrics
    /// Unsafe in name only: dispatch sources may be used from every thread.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    init(address: PostgresAddress, options: PostgresOptions, metrics factory: any MetricsFactory) {
        self.address = address
        self.options = options
        metrics = PostgresMetrics(factory)
        inside = Mutex(Inside(state: PostgresPoolState(options)))
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "cupel.postgres.pool"))
        let milliseconds = min(1000, max(20, Int(options.waitLimit.inMilliseconds) / 10))
        timer.schedule(deadline: .now() + .milliseconds(milliseconds), repeating: .milliseconds(milliseconds))
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.activate()
    }

    deinit { timer.cancel() }

    /// Runs a body on a connection of its own.
    func run<Value: Sendable>(
        _ kind: PostgresConnection.Kind,
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        let lease = try await acquire()
        let connection = connection(lease.id)
        defer { release(lease.id, isUsable: connection.isUsable) }
        return try await connection.run { [metrics] session in
            do {
                if try session.makeReady(validating: lease.isStale) { metrics.opened.increment() }
            } catch {
                if !(error is CancellationError) { metrics.failed.increment() }
                throw error
            }
            return try session.transaction(kind, body)
        }
    }

    /// Refuses who waits, and returns when every connection came back and is closed; each statement has its limit.
    func close() async {
        timer.cancel()
        perform { $0.state.close() }
        await withCheckedContinuation { continuation in
            inside.withLock { $0.closers.append(continuation) }
            closedOne(nil)
        }
    }

    /// A connection is closed; when it was the last, those are told who wait for it.
    private func closedOne(_ id: Int?) {
        let told = inside.withLock { inside -> [CheckedContinuation<Void, Never>] in
            if let id { inside.connections[id] = nil }
            guard inside.connections.isEmpty, inside.state.leasedCount == 0 else { return [] }
            defer { inside.closers = [] }
            return inside.closers
        }
        for continuation in told { continuation.resume() }
    }

    /// How many connections are in use, at rest, and waited for.
    var counts: (used: Int, idle: Int, waiters: Int) {
        inside.withLock { ($0.state.leasedCount, $0.state.idleCount, $0.state.waiterCount) }
    }

    private func acquire() async throws -> Lease {
        try Task.checkCancellation()
        switch inside.withLock({ $0.state.acquireAtOnce(now: SystemTime().monotonic) }) {
        case .lease(let lease): return lease
        case .refuse(let refusal): throw error(refusal)
        case .wait, nil: return try await wait()
        }
    }

    private func wait() async throws -> Lease {
        let waiter = inside.withLock { inside in
            inside.nextWaiter += 1
            return inside.nextWaiter
        }
        let began = SystemTime().monotonic
        defer { metrics.record(wait: SystemTime().monotonic - began) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in enqueue(waiter, continuation) }
        } onCancel: {
            let left = inside.withLock { inside in
                inside.state.leave(waiter: waiter) ? inside.waiters.removeValue(forKey: waiter) : nil
            }
            left?.resume(throwing: CancellationError())
        }
    }

    private func enqueue(_ waiter: Int, _ continuation: CheckedContinuation<Lease, any Error>) {
        let answer = inside.withLock { inside -> PostgresPoolState.Answer? in
            // A task that was cancelled before it stood in the queue would never be told to leave it.
            if Task.isCancelled { return nil }
            let answer = inside.state.acquire(waiter: waiter, now: SystemTime().monotonic)
            if answer == .wait { inside.waiters[waiter] = continuation }
            return answer
        }
        switch answer {
        case .wait: return
        case .lease(let lease): continuation.resume(returning: lease)
        case .refuse(let refusal): continuation.resume(throwing: error(refusal))
        case nil: continuation.resume(throwing: CancellationError())
        }
    }

    private func connection(_ id: Int) -> PostgresConnection {
        inside.withLock { inside in
            if let known = inside.connections[id] { return known }
            let made = PostgresConnection(number: id, address: address, options: options, canceller: canceller)
            inside.connections[id] = made
            return made
        }
    }

    private func release(_ id: Int, isUsable: Bool) {
        perform { $0.state.release(id: id, isUsable: isUsable, now: SystemTime().monotonic) }
    }

    private func tick() {
        perform { $0.state.tick(now: SystemTime().monotonic) }
        metrics.record(inside.withLock(\.state))
    }

    /// Takes the state's decision under the lock and carries it out beside it.
    private func perform(_ decide: (inout Inside) -> [PostgresPoolState.Action]) {
        var resumed: [(CheckedContinuation<Lease, any Error>, Result<Lease, any Error>)] = []
        var closed: [(id: Int, PostgresConnection)] = []
        inside.withLock { inside in
            for action in decide(&inside) {
                switch action {
                case .grant(let waiter, let lease):
                    if let found = inside.waiters.removeValue(forKey: waiter) {
                        resumed.append((found, .success(lease)))
                    }
                case .refuse(let waiter, let refusal):
                    if refusal == .waitedTooLong { metrics.timeouts.increment() }
                    guard let found = inside.waiters.removeValue(forKey: waiter) else { continue }
                    resumed.append((found, .failure(error(refusal))))
                case .close(let id, let reason):
                    metrics.closed.increment()
                    if reason == .old { metrics.recycled.increment() }
                    if let found = inside.connections[id] { closed.append((id, found)) }
                }
            }
        }
        for (id, connection) in closed { connection.close { self.closedOne(id) } }
        for (continuation, result) in resumed { continuation.resume(with: result) }
    }

    private func error(_ refusal: PostgresPoolState.Refusal) -> CupelError {
        switch refusal {
        case .closed: CupelError(.storageUnavailable, "The store is closed; the server is stopping.")
        case .tooManyWait:
            CupelError(
                .storageUnavailable,
                "More than \(options.maximumWaiters) bodies wait for a database connection; try again in a moment.",
                retryAfterSeconds: 1
            )
        case .waitedTooLong:
            CupelError(
                .storageUnavailable,
                "No database connection became free within \(Int(options.waitLimit.inMilliseconds)) ms; the "
                    + "\(options.size) there are may be too few, or PostgreSQL is slow.",
                retryAfterSeconds: 1
            )
        }
    }
}
