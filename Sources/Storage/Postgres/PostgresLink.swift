import CPostgres
import CupelCore
import Glibc

/// Why a statement has no answer.
enum PostgresLinkError: Error {
    /// The connection is gone.
    case lost(String)
    /// The server took longer than it may.
    case late(Duration)
    /// The task that wanted the answer was cancelled.
    case cancelled
}

/// One libpq connection driven by `poll`, so that every wait has an end; used from one thread at a time.
final class PostgresLink {
    private(set) var handle: OpaquePointer?
    /// The cancellation of the task that the link works for now.
    var cancellation: PostgresCancellation
    let wake: WakeDescriptor
    private let options: PostgresOptions
    private let canceller: PostgresCanceller

    init(options: PostgresOptions, canceller: PostgresCanceller, wake: WakeDescriptor = WakeDescriptor()) {
        self.options = options
        self.canceller = canceller
        self.wake = wake
        cancellation = PostgresCancellation(wake)
    }

    deinit { close() }

    var isOpen: Bool { handle != nil && PQstatus(handle) == CONNECTION_OK }
    var isIdle: Bool { isOpen && PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// What libpq said last, on one line and without secrets.
    var message: String {
        guard let handle else { return "the connection is closed" }
        let lines = String(cString: PQerrorMessage(handle)).split(whereSeparator: \.isNewline)
        return Redactor.shared.redact(lines.joined(separator: " "))
    }

    func close() {
        PQfinish(handle)
        handle = nil
    }

    /// Opens the connection within its limit.
    /// - Throws: `configuration_invalid` or `storage_unavailable`, naming the part that is wrong; `cancelled`.
    func open(_ address: PostgresAddress) throws {
        close()
        let limit = address.connectLimit ?? options.connectLimit
        handle = address.withParameters { PQconnectStartParams($0, $1, 1) }
        // The five-character code of a refusal is only in the verbose message.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        do {
            try finishOpening(within: limit)
        } catch PostgresLinkError.late {
            close()
            throw PostgresFailure.connectTimeout(address, limit)
        } catch PostgresLinkError.lost(let reason) {
            close()
            throw PostgresFailure.connecting(address, reason)
        } catch {
            close()
            throw error
        }
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        PQsetnonblocking(handle, 1)
    }

    private func finishOpening(within limit: Duration) throws {
        let deadline = SystemTime().monotonic + limit
        guard handle != nil, PQstatus(handle) != CONNECTION_BAD else { throw PostgresLinkError.lost(message) }
        var wanted = PGRES_POLLING_WRITING
        while wanted != PGRES_POLLING_OK {
            guard wanted != PGRES_POLLING_FAILED else { throw PostgresLinkError.lost(message) }
            let events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT
            switch wait(for: Int16(events), until: deadline) {
            case .ready: wanted = PQconnectPoll(handle)
            case .late: throw PostgresLinkError.late(limit)
            case .woken: if cancellation.isCancelled { throw PostgresLinkError.cancelled }
            }
        }
    }

    /// Sends with `send` and waits for the answer.
    /// - Parameter isCancellable: whether the task's cancellation cancels it; never for COMMIT.
    func answer(isCancellable: Bool = true, limit: Duration? = nil, _ send: () -> Int32) throws -> PostgresResult {
        if isCancellable, cancellation.isCancelled { throw PostgresLinkError.cancelled }
        guard isOpen, send() == 1 else { throw PostgresLinkError.lost(message) }
        let limit = limit ?? options.statementLimit
        let deadline = SystemTime().monotonic + limit
        var answer: PostgresResult?
        while true {
            if let end = try collect(&answer) { return end }
            let unsent = PQflush(handle)
            guard unsent >= 0 else { return try lost(answer) }
            switch wait(for: Int16(unsent == 1 ? POLLIN | POLLOUT : POLLIN), until: deadline) {
            case .ready: guard PQconsumeInput(handle) == 1 else { return try lost(answer) }
            case .late:
                if isCancellable { stopStatement() } else { close() }
                throw PostgresLinkError.late(limit)
            case .woken where isCancellable && cancellation.isCancelled:
                stopStatement()
                throw PostgresLinkError.cancelled
            case .woken: continue
            }
        }
    }

    /// Takes what has arrived; gives the answer once it is whole: the first error, or else the last result.
    private func collect(_ answer: inout PostgresResult?) throws -> PostgresResult? {
        while PQisBusy(handle) == 0 {
            guard let next = PQgetResult(handle) else { return answer }
            let result = PostgresResult(next)
            guard !result.isCopy else {
                close()
                throw PostgresLinkError.lost("the statement was a COPY, which is not spoken here")
            }
            if answer.map(\.isSuccess) ?? true { answer = result }
        }
        return nil
    }

    /// The connection broke: an error that the server had sent before says more than the broken connection.
    private func lost(_ answer: PostgresResult?) throws -> PostgresResult {
        let reason = message
        var answer = answer
        _ = try? collect(&answer)
        if let answer, !answer.isSuccess { return answer }
        throw PostgresLinkError.lost(reason)
    }

    /// Cancels what runs and waits for the server to say so; else the connection is closed, so that a late cancel
    /// cannot hit what would run on it next.
    private func stopStatement() {
        guard let request = canceller.cancel(handle, wake) else { return close() }
        let deadline = SystemTime().monotonic + options.cancelGrace
        var answer: PostgresResult?
        while isOpen {
            let end = (try? collect(&answer)) ?? nil
            // 57014 is query_canceled: the request arrived and was used up.
            if let end, request.isDone {
                if end.sqlState != "57014" { close() }
                return
            }
            if PQflush(handle) < 0 { break }
            let outcome = wait(for: end == nil ? Int16(POLLIN) : 0, until: deadline)
            if outcome == .late { break }
            if outcome == .ready, PQconsumeInput(handle) != 1 { break }
        }
        request.abandon()
        close()
    }

    /// Waits without a statement; ends early when the task is cancelled.
    func pause(_ duration: Duration) throws {
        let deadline = SystemTime().monotonic + duration
        while !cancellation.isCancelled {
            var descriptors = [pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)]
            if Self.poll(&descriptors, until: deadline) == 0 { return }
            wake.drain()
        }
        throw PostgresLinkError.cancelled
    }

    /// Whether the server has closed the socket, seen without asking it.
    func isClosedByServer() -> Bool {
        guard isIdle else { return true }
        // A server that ends says why before it closes, so that the end comes with a later read than the first.
        for _ in 0..<8 {
            switch wait(for: Int16(POLLIN), until: .zero) {
            case .late: return false
            case .woken: continue
            case .ready: if PQconsumeInput(handle) != 1 || !isIdle { return true }
            }
        }
        return true
    }

    enum Wait { case ready, late, woken }

    func wait(for events: Int16, until deadline: Duration) -> Wait {
        var descriptors = [
            pollfd(fd: PQsocket(handle), events: events, revents: 0),
            pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard Self.poll(&descriptors, until: deadline) > 0 else { return .late }
        if descriptors[1].revents != 0 {
            wake.drain()
            return .woken
        }
        return .ready
    }

    private static func poll(_ descriptors: inout [pollfd], until deadline: Duration) -> Int32 {
        while true {
            let left = deadline - SystemTime().monotonic
            let milliseconds = left > .zero ? Int32(min(left.inMilliseconds.rounded(.up), 3_600_000)) : 0
            let count = Glibc.poll(&descriptors, nfds_t(descriptors.count), milliseconds)
            if count >= 0 || errno != EINTR { return count }
        }
    }
}
