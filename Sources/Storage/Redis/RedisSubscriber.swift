import CupelCore
import Foundation
import Synchronization

/// Listens to channels of Redis on a connection and a thread of its own.
///
/// After a broken connection it connects again with the waits of ``RedisCircuit`` and subscribes anew; whoever
/// listens is told, because messages were missed. The thread begins with the first channel and ends with ``close()``.
final class RedisSubscriber: Sendable {
    /// What the thread reports.
    enum Event: Sendable {
        /// The channel is listened to from here on; what was published before may be missing.
        case subscribed(String)
        case message(String, [UInt8])
    }

    private struct State {
        var wanted: Set<String> = []
        var confirmed: Set<String> = []
        var waiters: [Int: (channel: String, continuation: CheckedContinuation<Void, Never>)] = [:]
        var next = 0
        var isRunning = false
        var isClosed = false
    }

    private let address: RedisAddress
    private let limits: RedisLimits
    private let board: RedisHealthBoard
    private let number: Int
    private let deliver: @Sendable (Event) -> Void
    private let state = Mutex(State())
    /// Wakes the thread when something else is wanted of it.
    private let bell = Bell()
    private let time = SystemTime()

    /// How long nothing may be heard before Redis is asked whether it lives.
    static let silence = Duration.seconds(5)

    init(
        _ address: RedisAddress,
        _ limits: RedisLimits,
        board: RedisHealthBoard,
        number: Int,
        deliver: @escaping @Sendable (Event) -> Void
    ) {
        self.address = address
        self.limits = limits
        self.board = board
        self.number = number
        self.deliver = deliver
    }

    /// Listens to a channel, and returns when Redis has confirmed it, cannot be reached, or one command's time is over.
    func listen(to channel: String) async {
        let mustStart = state.withLock { state in
            state.wanted.insert(channel)
            defer { state.isRunning = true }
            return !state.isRunning && !state.isClosed
        }
        if mustStart { Thread.detachNewThread { self.run() } }
        bell.ring()
        await withCheckedContinuation { wait(for: channel, $0) }
    }

    /// Listens no longer, unless someone still wants it: that is asked while nobody can begin to listen.
    func leave(_ channel: String, unless isWanted: () -> Bool) {
        state.withLock { state in
            if !isWanted() { state.wanted.remove(channel) }
        }
        bell.ring()
    }

    /// Ends the thread.
    func close() {
        state.withLock { $0.isClosed = true }
        releaseAll()
        bell.ring()
    }

    private func wait(for channel: String, _ continuation: CheckedContinuation<Void, Never>) {
        let ticket = state.withLock { state -> Int? in
            if state.isClosed || state.confirmed.contains(channel) { return nil }
            state.next += 1
            state.waiters[state.next] = (channel, continuation)
            return state.next
        }
        guard let ticket else { return continuation.resume() }
        DispatchQueue.global().asyncAfter(deadline: .now() + .microseconds(Int(limits.command.wholeMicroseconds))) {
            [weak self] in
            self?.state.withLock { $0.waiters.removeValue(forKey: ticket) }?.continuation.resume()
        }
    }

    /// Those who wait go on without a confirmation.
    private func releaseAll() {
        let released = state.withLock { state in
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for continuation in released { continuation.resume() }
    }
}

/// The thread.
extension RedisSubscriber {
    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func run() {
        var circuit = RedisCircuit()
        while !isClosed {
            do {
                let link = try RedisLink(address, limits)
                circuit.succeeded()
                board.report(number, isUp: true)
                try serve(link)
            } catch {
                let message = (error as? CupelError)?.message
                state.withLock { $0.confirmed = [] }
                board.report(number, isUp: false, error: message)
                releaseAll()
                pause(circuit.failed())
            }
        }
    }

    /// Waits, but not past ``close()``.
    private func pause(_ duration: Duration) {
        let until = time.monotonic + duration
        while !isClosed, time.monotonic < until {
            _ = ready(nil, atMost: until - time.monotonic)
        }
    }

    private func serve(_ link: RedisLink) throws {
        var current: Set<String> = []
        var heard = time.monotonic
        var answerBy: Duration?
        while !isClosed {
            if try follow(&current, link) { answerBy = answerBy ?? time.monotonic + limits.command }
            while let reply = try link.parsed() { take(reply) }
            let now = time.monotonic
            if let answerBy, now > answerBy {
                throw CupelError(.storageUnavailable, "Redis at \(address) does not answer the listener.")
            }
            if answerBy == nil, now - heard > Self.silence {
                try link.post(RedisCommand("PING"), within: limits.command)
                answerBy = now + limits.command
            }
            if ready(link.descriptor, atMost: (answerBy ?? heard + Self.silence) - now + .milliseconds(1)) {
                try link.fill()
                heard = time.monotonic
                answerBy = nil
            }
        }
    }

    /// Subscribes to what is wanted and unsubscribes from the rest; whether anything was sent.
    private func follow(_ current: inout Set<String>, _ link: RedisLink) throws -> Bool {
        let wanted = state.withLock { state in
            state.confirmed.formIntersection(state.wanted)
            return state.wanted
        }
        guard wanted != current else { return false }
        let new = wanted.subtracting(current).sorted()
        let old = current.subtracting(wanted).sorted()
        current = wanted
        if !new.isEmpty { try link.post(RedisCommand("SUBSCRIBE", arguments: new), within: limits.command) }
        if !old.isEmpty { try link.post(RedisCommand("UNSUBSCRIBE", arguments: old), within: limits.command) }
        return true
    }

    private func take(_ reply: RedisReply) {
        guard let parts = reply.elements, parts.count == 3, let channel = parts[1].text else { return }
        switch parts[0].text {
        case "message": deliver(.message(channel, parts[2].bytes ?? []))
        case "subscribe":
            deliver(.subscribed(channel))
            let released = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                state.confirmed.insert(channel)
                let due = state.waiters.filter { $0.value.channel == channel }
                for ticket in due.keys { state.waiters.removeValue(forKey: ticket) }
                return due.values.map(\.continuation)
            }
            for continuation in released { continuation.resume() }
        default: break
        }
    }

    /// Waits for the link or the bell; whether the link has something to read.
    private func ready(_ descriptor: Int32?, atMost limit: Duration) -> Bool {
        var requests = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)]
        if let descriptor { requests.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
        let milliseconds = Int32(max(0, min(limit.inMilliseconds.rounded(.up), 60_000)))
        guard poll(&requests, nfds_t(requests.count), milliseconds) > 0 else { return false }
        if requests[0].revents != 0 { bell.silence() }
        return requests.count > 1 && requests[1].revents != 0
    }
}

/// A pipe that wakes a thread out of `poll`.
private final class Bell: Sendable {
    let descriptor: Int32
    private let clapper: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, clapper) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(clapper)
    }

    /// A full pipe wakes the thread as well as one more byte would.
    func ring() { _ = write(clapper, [1], 1) }

    func silence() {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(descriptor, &bytes, bytes.count) == bytes.count {}
    }
}
