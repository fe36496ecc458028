import AsyncHTTPClient
import Glibc
import CupelCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Sends one HTTP request to an upstream and reads the whole answer within limits.
///
/// Cancelling the task closes the connection.
struct UpstreamClient: Sendable {
    /// What one exchange brought.
    struct Exchange: Sendable {
        var status: Int
        var retryAfter: String?
        var body: [UInt8]
        /// From the request to the first byte of the answer.
        var firstByte: Duration
    }

    private let http: HTTPClient
    private let time: any TimeSource

    /// Bytes of an answer that is not 200, beyond which it is not read.
    static let complaintBytes = 64 << 10

    init(connectLimit: Duration, time: any TimeSource) {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .nanoseconds(connectLimit.wholeMicroseconds * 1000))
        // Trying again is decided in one place, which is RetryPolicy.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        http = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
        self.time = time
    }

    /// Closes all connections. The client must not be used afterwards.
    func close() async {
        do {
            try await http.shutdown()
        } catch {
            // It was closed before, which is what was wanted.
        }
    }

    /// Posts JSON to `path` of the upstream.
    /// - Parameter deadline: The monotonic moment at which the whole call ends.
    func post(_ path: String, _ body: [UInt8], to upstream: Upstream, deadline: Duration) async throws -> Exchange {
        var request = HTTPClientRequest(url: upstream.baseURL + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "cupel")
        if let key = upstream.apiKey { request.headers.add(name: "authorization", value: "Bearer \(key.expose())") }
        request.body = .bytes(body)
        return try await send(request, limits: upstream.limits, deadline: deadline)
    }

    /// Gets `path` of the upstream.
    func get(_ path: String, of upstream: Upstream, deadline: Duration) async throws -> Exchange {
        try await send(HTTPClientRequest(url: upstream.baseURL + path), limits: upstream.limits, deadline: deadline)
    }

    private func send(
        _ request: HTTPClientRequest,
        limits: UpstreamLimits,
        deadline: Duration
    ) async throws -> Exchange {
        let progress = Progress(started: time.monotonic, limits: limits, deadline: deadline)
        return try await withThrowingTaskGroup(of: Exchange.self) { group in
            group.addTask { try await exchange(request, limits: limits, progress: progress) }
            group.addTask {
                while true {
                    let due = progress.due
                    let left = due.moment - time.monotonic
                    guard left > .zero else { throw UpstreamFailure.slow(due.limit) }
                    try await time.sleep(for: left)
                }
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }

    private func exchange(
        _ request: HTTPClientRequest,
        limits: UpstreamLimits,
        progress: Progress
    ) async throws -> Exchange {
        let started = time.monotonic
        var firstByte: Duration?
        do {
            // The watcher beside us keeps the limits; this one is only never to be reached.
            let response = try await http.execute(request, timeout: .hours(24))
            firstByte = time.monotonic - started
            progress.advance(to: time.monotonic)
            let status = Int(response.status.code)
            let limit = status == 200 ? limits.answerBytes : Self.complaintBytes
            var body: [UInt8] = []
            for try await piece in response.body {
                progress.advance(to: time.monotonic)
                body += piece.readableBytesView
                guard body.count > limit else { continue }
                if status == 200 { throw UpstreamFailure.tooLarge(limit: limit) }
                break
            }
            return Exchange(
                status: status,
                retryAfter: response.headers.first(name: "retry-after"),
                body: body,
                firstByte: firstByte ?? .zero
            )
        } catch {
            try Task.checkCancellation()
            throw Self.failure(error, answered: firstByte != nil)
        }
    }

    /// What an error of the HTTP client means.
    private static func failure(_ error: any Error, answered: Bool) -> any Error {
        if error is UpstreamFailure || error is CancellationError { return error }
        let text = String("\(error)".prefix(300))
        if answered { return UpstreamFailure.cut(text) }
        if let error = error as? HTTPClientError {
            if error == .connectTimeout { return UpstreamFailure.unreachable("no connection in time") }
            if error == .remoteConnectionClosed { return UpstreamFailure.reset("closed before an answer") }
            if error == .invalidURL || error == .emptyHost || error == .emptyScheme {
                return CupelError(.configurationInvalid, "The address of the model's upstream is no URL.", cause: error)
            }
        }
        if let error = error as? IOError, error.errnoCode == ECONNRESET || error.errnoCode == EPIPE {
            return UpstreamFailure.reset(text)
        }
        if error is HTTPParserError { return UpstreamFailure.garbled("its answer is no HTTP: \(text)") }
        return UpstreamFailure.unreachable(text)
    }
}

/// How far an exchange has come, for the task that watches its limits.
private final class Progress: Sendable {
    private struct State {
        var last: Duration
        var isAnswered = false
    }

    private let state: Mutex<State>
    private let limits: UpstreamLimits
    private let deadline: Duration

    init(started: Duration, limits: UpstreamLimits, deadline: Duration) {
        state = Mutex(State(last: started))
        self.limits = limits
        self.deadline = deadline
    }

    /// A byte came.
    func advance(to moment: Duration) { state.withLock { $0 = State(last: moment, isAnswered: true) } }

    /// When it is too late if nothing more comes, and the limit that then passed, in words.
    var due: (moment: Duration, limit: String) {
        let state = state.withLock { $0 }
        let limit = state.isAnswered ? limits.betweenBytes : limits.firstByte
        if state.last + limit >= deadline { return (deadline, "no answer within \(Self.seconds(limits.whole)) in all") }
        let what = state.isAnswered ? "nothing more came for" : "no first byte within"
        return (state.last + limit, "\(what) \(Self.seconds(limit))")
    }

    private static func seconds(_ duration: Duration) -> String { "\(duration.inMilliseconds / 1000) s" }
}
