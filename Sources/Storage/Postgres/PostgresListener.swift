import CPostgres
import CupelCore
import Foundation
import Synchronization

/// Receives notifications over a connection of its own, on a thread that lives while somebody listens.
final class PostgresListener: Sendable {
    typealias Continuation = AsyncStream<DatabaseNotification>.Continuation
    private struct Subscriber {
        let channel: String
        let continuation: Continuation
        /// Whether it has been told that it hears from now on.
        var isHearing = false
    }

    private struct Inside {
        var subscribers: [Int: Subscriber] = [:]
        var next = 0
        var isRunning = false
        var isClosed = false
    }

    private let inside = Mutex(Inside())
    private let address: PostgresAddress
    private let options: PostgresOptions
    private let wake = WakeDescriptor()

    /// Notifications kept for one who does not read; more become one `resumed`.
    static let maximumBuffered = 256

    init(address: PostgresAddress, options: PostgresOptions) {
        self.address = address
        self.options = options
    }

    /// The notifications of a channel; the subscription ends when the stream is dropped.
    func stream(of channel: String) -> AsyncStream<DatabaseNotification> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: DatabaseNotification.self,
            bufferingPolicy: .bufferingNewest(Self.maximumBuffered)
        )
        let (number, mustStart) = inside.withLock { inside -> (Int?, Bool) in
            guard !inside.isClosed else { return (nil, false) }
            inside.next += 1
            inside.subscribers[inside.next] = Subscriber(channel: channel, continuation: continuation)
            defer { inside.isRunning = true }
            return (inside.next, !inside.isRunning)
        }
        guard let number else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.drop(number) }
        wake.wake()
        if mustStart { Thread.detachNewThread { self.listen() } }
        return stream
    }

    /// Ends every stream and the thread.
    func close() {
        let ended = inside.withLock { inside in
            inside.isClosed = true
            defer { inside.subscribers = [:] }
            return inside.subscribers.values.map(\.continuation)
        }
        for continuation in ended { continuation.finish() }
        wake.wake()
    }

    private func drop(_ number: Int) {
        _ = inside.withLock { $0.subscribers.removeValue(forKey: number) }
        wake.wake()
    }

    /// The thread: connects, listens, and connects again, until nobody listens any more.
    private func listen() {
        let link = PostgresLink(options: options, canceller: PostgresCanceller(), wake: wake)
        var pause = Duration.milliseconds(50)
        while goesOn() {
            do {
                try link.open(address)
                inside.withLock { inside in
                    for number in inside.subscribers.keys { inside.subscribers[number]?.isHearing = false }
                }
                pause = .milliseconds(50)
                try receive(link)
            } catch {
                // Whatever it was, it is tried again: the consumers work without notifications meanwhile.
            }
            link.close()
            guard goesOn() else { break }
            // A wake ends the pause early, which only means a try more.
            _ = link.wait(for: 0, until: SystemTime().monotonic + pause * Int.random(in: 80...120) / 100)
            pause = min(options.listenerPause, pause * 2)
        }
    }

    /// Whether somebody listens; if not, the thread ends and the next who comes starts another.
    private func goesOn() -> Bool {
        inside.withLock { inside in
            if inside.subscribers.isEmpty { inside.isRunning = false }
            return inside.isRunning
        }
    }

    private func receive(_ link: PostgresLink) throws {
        var heard: Set<String> = []
        while true {
            let wanted = inside.withLock { Set($0.subscribers.values.map(\.channel)) }
            if wanted.isEmpty { return }
            for channel in wanted.subtracting(heard) { try run(link, "LISTEN \(Self.quoted(channel))") }
            for channel in heard.subtracting(wanted) { try run(link, "UNLISTEN \(Self.quoted(channel))") }
            heard = wanted
            greet(heard)
            deliver(link)
            switch link.wait(for: Int16(POLLIN), until: SystemTime().monotonic + options.listenerCheck) {
            case .ready: guard PQconsumeInput(link.handle) == 1 else { return }
            case .late: try run(link, "SELECT 1")
            case .woken: continue
            }
        }
    }

    private func run(_ link: PostgresLink, _ text: String) throws {
        let result = try link.answer(limit: options.connectLimit) { PQsendQuery(link.handle, text) }
        guard result.isSuccess else { throw PostgresFailure.statement(result.sqlState, result.message) }
    }

    /// Tells those who are newly heard for that what came before must be read from the store.
    private func greet(_ channels: Set<String>) {
        let fresh = inside.withLock { inside in
            inside.subscribers.compactMap { number, subscriber -> Continuation? in
                guard !subscriber.isHearing, channels.contains(subscriber.channel) else { return nil }
                inside.subscribers[number]?.isHearing = true
                return subscriber.continuation
            }
        }
        for continuation in fresh { Self.yield(.resumed, to: continuation) }
    }

    private func deliver(_ link: PostgresLink) {
        while let notification = PQnotifies(link.handle) {
            let channel = String(cString: notification.pointee.relname)
            let payload = String(cString: notification.pointee.extra)
            PQfreemem(notification)
            let targets = inside.withLock { inside in
                inside.subscribers.values.filter { $0.channel == channel }.map(\.continuation)
            }
            for target in targets { Self.yield(.message(payload), to: target) }
        }
    }

    private static func yield(_ element: DatabaseNotification, to continuation: Continuation) {
        // What was dropped is made up for by reading the store, which is what `resumed` asks for.
        if case .dropped = continuation.yield(element) { continuation.yield(.resumed) }
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
