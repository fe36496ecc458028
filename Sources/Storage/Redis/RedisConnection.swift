import CupelCore
import Dispatch
import Synchronization

/// One connection, used only on its own serial queue. What waits is sent as one batch and answered in order.
///
/// It connects by itself, and after a failure again and again with the waits of ``RedisCircuit``; calls made
/// meanwhile fail at once.
final class RedisConnection: Sendable {
    fileprivate struct State {
        var circuit = RedisCircuit()
        var waiting: [RedisRequest] = []
        var waitingCommands = 0
        var isDraining = false
        var isClosed = false
        /// Grows with each attempt to connect; odd while one is under way.
        var attempt = 0
        var lastFailure = CupelError(.storageUnavailable, "Redis is away.")
    }

    /// The link, touched only from the queue.
    private final class Owned: @unchecked Sendable { var link: RedisLink? }

    private let address: RedisAddress
    private let limits: RedisLimits
    private let number: Int
    private let board: RedisHealthBoard
    private let queue: DispatchQueue
    private let owned = Owned()
    private let state = Mutex(State())
    private let whenItFails = Mutex<@Sendable (CupelError) -> Void>({ _ in })

    /// Commands that are sent in one batch.
    static let maximumBatch = 512
    /// Bytes after which a batch takes no more commands.
    static let maximumBatchBytes = 4 << 20

    init(_ address: RedisAddress, _ limits: RedisLimits, number: Int, board: RedisHealthBoard) {
        self.address = address
        self.limits = limits
        self.number = number
        self.board = board
        queue = DispatchQueue(label: "cupel.redis.\(number)")
    }

    /// Begins to connect, in the background.
    func start(whenItFails: @escaping @Sendable (CupelError) -> Void) {
        self.whenItFails.withLock { $0 = whenItFails }
        queue.async { [weak self] in self?.reconnect() }
    }

    /// Commands that wait, or `nil` when the connection takes none.
    var load: Int? { state.withLock { $0.circuit.admits && !$0.isClosed ? $0.waitingCommands : nil } }

    /// Sends commands, next to each other, and gives their replies. The wait is bounded by the limits, and so is not cut
    /// short when the task is cancelled.
    /// - Throws: `storage_unavailable` when Redis is away, does not answer in time, or too many commands wait.
    func send(_ commands: [RedisCommand]) async throws -> [RedisReply] {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(RedisRequest(commands, continuation))
        }
    }

    /// Another connection failed: asks this one whether it still works, and lets no call wait for the answer.
    func doubt(because failure: CupelError) {
        let mustAsk = state.withLock { state in
            guard state.circuit.doubted() else { return false }
            state.lastFailure = failure
            return true
        }
        guard mustAsk else { return }
        queue.async { [weak self] in self?.reassure() }
    }

    /// Ends the connection; whoever waits is told.
    func close() async {
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.takeAll()
        }
        for request in waiting { request.finish(.failure(Self.closed)) }
        await withCheckedContinuation { continuation in
            queue.async { [owned] in
                owned.link = nil
                continuation.resume()
            }
        }
    }

    private static let closed = CupelError(.shuttingDown, "The connection to Redis was closed.")

    private func enqueue(_ request: RedisRequest) {
        let (refusal, isFirst) = state.withLock { state -> (CupelError?, Bool) in
            if state.isClosed { return (Self.closed, false) }
            guard state.circuit.admits else { return (state.lastFailure, false) }
            guard state.waitingCommands + request.commands.count <= limits.pending else {
                return (
                    CupelError(
                        .storageUnavailable,
                        "More than \(limits.pending) commands wait for Redis; try again in a moment.",
                        retryAfterSeconds: 1
                    ), false
                )
            }
            state.waiting.append(request)
            state.waitingCommands += request.commands.count
            defer { state.isDraining = true }
            return (nil, !state.isDraining)
        }
        if let refusal {
            board.metrics.refused(request.commands.count)
            request.finish(.failure(refusal))
        } else if isFirst {
            queue.async { self.drain() }
        }
    }
}

/// What happens on the queue.
extension RedisConnection {
    private func drain() {
        if owned.link == nil || owned.link?.isStale == true { reconnect() }
        while let batch = state.withLock({ $0.takeBatch(ifOpen: owned.link != nil) }) {
            guard let link = owned.link else { return fail(Self.closed, batch) }
            do {
                var replies = try link.exchange(batch.flatMap(\.commands), within: limits.command)[...]
                for request in batch {
                    let own = replies.prefix(request.commands.count)
                    replies.removeFirst(own.count)
                    board.metrics.answered(own.count, in: request.age)
                    request.finish(.success(Array(own)))
                }
            } catch {
                return fail(error, batch)
            }
        }
    }

    /// Opens a link in place of the old one.
    private func reconnect() {
        let attempt = state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.attempt += 1
            return state.attempt
        }
        guard let attempt else { return }
        owned.link = nil
        watch(attempt)
        let result = Result { try RedisLink(address, limits) }
        state.withLock { $0.attempt += 1 }
        switch result {
        case .success(let link): succeed(link)
        case .failure(let error): fail(error, [])
        }
    }

    private func reassure() {
        guard let link = owned.link, !link.isStale else { return reconnect() }
        do {
            _ = try link.exchange([RedisCommand("PING")], within: limits.command)
            succeed(link)
        } catch {
            fail(error, [])
        }
    }

    private func succeed(_ link: RedisLink) {
        let isClosed = state.withLock { state in
            state.circuit.succeeded()
            return state.isClosed
        }
        owned.link = isClosed ? nil : link
        if !isClosed { board.report(number, isUp: true) }
    }

    /// Closes the link, tells everyone who waits, and plans the next attempt.
    private func fail(_ error: any Error, _ batch: [RedisRequest]) {
        owned.link = nil
        let delay = tell(error, batch)
        queue.asyncAfter(deadline: .now() + .microseconds(Int(delay.wholeMicroseconds))) { [weak self] in
            self?.reconnect()
        }
    }

    private func tell(_ error: any Error, _ batch: [RedisRequest]) -> Duration {
        let failure = error as? CupelError ?? CupelError(.storageUnavailable, "Redis failed.", cause: error)
        let (delay, waiting, isNews) = state.withLock { state in
            let isNews = state.circuit.admits
            state.lastFailure = failure
            return (state.circuit.failed(), state.takeAll(), isNews)
        }
        board.report(number, isUp: false, error: failure.message)
        // Before anyone is answered: who tries again at once must not wait for another connection to find out.
        if isNews { whenItFails.withLock { $0 }(failure) }
        for request in batch + waiting {
            board.metrics.failed(request.commands.count)
            request.finish(.failure(failure))
        }
        return delay
    }

    /// Looking a name up has no time limit of its own: whoever waits for a connection is told in time all the same.
    private func watch(_ attempt: Int) {
        let limit = limits.connect + limits.command
        DispatchQueue.global().asyncAfter(deadline: .now() + .microseconds(Int(limit.wholeMicroseconds))) {
            [weak self] in
            guard let self, self.state.withLock({ $0.attempt == attempt && !$0.isClosed }) else { return }
            _ = self.tell(CupelError(.storageUnavailable, "Redis at \(self.address) cannot be reached in time."), [])
        }
    }
}

extension RedisConnection.State {
    fileprivate mutating func takeAll() -> [RedisRequest] {
        defer {
            waiting = []
            waitingCommands = 0
            isDraining = false
        }
        return waiting
    }

    /// The next batch; `nil` when nothing waits, and then the next call starts the work again.
    fileprivate mutating func takeBatch(ifOpen isOpen: Bool) -> [RedisRequest]? {
        guard isOpen, !waiting.isEmpty else {
            isDraining = false
            return nil
        }
        var commands = 0
        var bytes = 0
        let end = waiting.firstIndex { request in
            let isFull = commands > 0 && commands + request.commands.count > RedisConnection.maximumBatch
            if isFull || bytes > RedisConnection.maximumBatchBytes { return true }
            commands += request.commands.count
            bytes += request.byteCount
            return false
        }
        let batch = Array(waiting[..<(end ?? waiting.endIndex)])
        waiting.removeFirst(batch.count)
        waitingCommands -= commands
        return batch
    }
}

/// Commands that belong together and whoever waits for their replies.
final class RedisRequest: Sendable {
    let commands: [RedisCommand]
    let byteCount: Int
    private let began = SystemTime().monotonic
    private let continuation: CheckedContinuation<[RedisReply], any Error>

    init(_ commands: [RedisCommand], _ continuation: CheckedContinuation<[RedisReply], any Error>) {
        self.commands = commands
        byteCount = commands.reduce(0) { $0 + $1.byteCount }
        self.continuation = continuation
    }

    /// The time since the call.
    var age: Duration { SystemTime().monotonic - began }

    /// Answers; each request leaves the waiting list once, so this happens once.
    func finish(_ result: Result<[RedisReply], any Error>) { continuation.resume(with: result) }
}
