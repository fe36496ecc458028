import Synchronization

/// What a subscriber of a channel hears.
package enum BusEvent: Sendable, Hashable {
    case message([UInt8])
    /// Messages may be missing before this point: read what they tell of where it is stored. Every subscription
    /// begins with it.
    case resumed
}

/// Short messages to whoever listens now: wake-ups and live events, within one process or among all replicas.
///
/// Nothing is kept: who must not miss anything reads the store at ``BusEvent/resumed``, and now and then besides.
package protocol MessageBus: Sendable {
    /// Sends a message to all who listen to the channel, in this process at once. One over
    /// ``BusLimits/payloadBytes`` arrives as ``BusEvent/resumed``.
    func publish(_ payload: [UInt8], to channel: String) async
    /// Listens until the stream is dropped. A slow listener keeps the newest `buffer` events, and hears
    /// ``BusEvent/resumed`` after those that it missed.
    func subscribe(to channel: String, buffer: Int) async -> AsyncStream<BusEvent>
}

extension MessageBus {
    /// Listens with room for ``BusLimits/buffer`` events.
    package func subscribe(to channel: String) async -> AsyncStream<BusEvent> {
        await subscribe(to: channel, buffer: BusLimits.buffer)
    }
}

/// Bounds of a bus.
package enum BusLimits {
    /// The largest message.
    package static let payloadBytes = 64 << 10
    /// Events that wait for a slow listener, unless it says otherwise.
    package static let buffer = 256
}

/// A bus within this process.
package final class InProcessBus: MessageBus {
    private let listeners = BusListeners()

    package init() {}

    /// Sends a message to all who listen.
    package func publish(_ payload: [UInt8], to channel: String) async {
        listeners.deliver(BusEvent(payload), to: channel)
    }

    /// Listens until the stream is dropped.
    package func subscribe(to channel: String, buffer: Int) async -> AsyncStream<BusEvent> {
        let stream = listeners.add(to: channel, buffer: buffer) {}
        listeners.deliverFirst(to: stream.ticket, of: channel)
        return stream.events
    }
}

extension BusEvent {
    /// A message, or the word that it was too large.
    init(_ payload: [UInt8]) {
        self = payload.count <= BusLimits.payloadBytes ? .message(payload) : .resumed
    }
}

/// Who listens to which channel in this process.
final class BusListeners: Sendable {
    private struct State {
        var channels: [String: [Int: AsyncStream<BusEvent>.Continuation]] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// Adds a listener; `whenLast` is called when the last one of the channel has gone.
    func add(
        to channel: String,
        buffer: Int,
        whenLast: @escaping @Sendable () -> Void
    ) -> (ticket: Int, events: AsyncStream<BusEvent>) {
        let (events, continuation) = AsyncStream<BusEvent>.makeStream(bufferingPolicy: .bufferingNewest(max(1, buffer)))
        let ticket = state.withLock { state in
            state.next += 1
            state.channels[channel, default: [:]][state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            if self?.remove(ticket, from: channel) == true { whenLast() }
        }
        return (ticket, events)
    }

    /// Whether anyone listens to the channel.
    func hasListeners(_ channel: String) -> Bool { state.withLock { $0.channels[channel] != nil } }

    /// Tells all listeners of a channel.
    func deliver(_ event: BusEvent, to channel: String) {
        for listener in state.withLock({ $0.channels[channel].map { Array($0.values) } ?? [] }) {
            Self.tell(listener, event)
        }
    }

    /// Tells one listener that it hears from here on.
    func deliverFirst(to ticket: Int, of channel: String) {
        if let listener = state.withLock({ $0.channels[channel]?[ticket] }) { Self.tell(listener, .resumed) }
    }

    /// Ends all streams.
    func finish() {
        let all = state.withLock { state in
            defer { state.channels = [:] }
            return state.channels.values.flatMap { Array($0.values) }
        }
        for listener in all { listener.finish() }
    }

    /// A full buffer lost its oldest event for this one: the listener learns of it after what it still holds.
    private static func tell(_ listener: AsyncStream<BusEvent>.Continuation, _ event: BusEvent) {
        if case .dropped = listener.yield(event), event != .resumed { listener.yield(.resumed) }
    }

    private func remove(_ ticket: Int, from channel: String) -> Bool {
        state.withLock { state in
            guard state.channels[channel]?.removeValue(forKey: ticket) != nil else { return false }
            guard state.channels[channel]?.isEmpty == true else { return false }
            state.channels.removeValue(forKey: channel)
            return true
        }
    }
}
