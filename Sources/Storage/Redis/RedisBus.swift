import CupelCore

/// A bus among all replicas, by Redis' PUBLISH and SUBSCRIBE.
///
/// Listeners in the same process are told directly, with Redis or without. While Redis is away the other replicas are
/// not told: they hear ``BusEvent/resumed`` when it is back, and look for themselves now and then until it is.
package final class RedisBus: MessageBus {
    private let client: RedisClient
    private let listeners: BusListeners
    private let subscriber: RedisSubscriber
    /// Marks what this process sent, so that it is not told twice.
    private let origin: [UInt8]

    /// A bus over a client; it has a connection of its own from its first subscription to ``close()``.
    package init(_ client: RedisClient) {
        let listeners = BusListeners()
        var generator = SystemRandomNumberGenerator()
        let origin = (0..<Self.originBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let prefix = client.prefix + "bus:"
        self.client = client
        self.listeners = listeners
        self.origin = origin
        subscriber = client.makeSubscriber { event in
            switch event {
            case .subscribed(let name): listeners.deliver(.resumed, to: String(name.dropFirst(prefix.count)))
            case .message(let name, let frame):
                guard let event = Self.event(frame, notFrom: origin) else { return }
                listeners.deliver(event, to: String(name.dropFirst(prefix.count)))
            }
        }
    }

    /// Sends a message to all who listen.
    package func publish(_ payload: [UInt8], to channel: String) async {
        let event = BusEvent(payload)
        listeners.deliver(event, to: channel)
        let frame = origin + (event == .resumed ? [0] : [1] + payload)
        if (try? await client.run(RedisCommand("PUBLISH", name(channel), frame))) == nil { client.dropped(.publish) }
    }

    /// Listens until the stream is dropped; returns when Redis has confirmed it, or cannot.
    package func subscribe(to channel: String, buffer: Int) async -> AsyncStream<BusEvent> {
        let (subscriber, listeners, name) = (subscriber, listeners, name(channel))
        let stream = listeners.add(to: channel, buffer: buffer) {
            subscriber.leave(name) { listeners.hasListeners(channel) }
        }
        await subscriber.listen(to: name)
        listeners.deliverFirst(to: stream.ticket, of: channel)
        return stream.events
    }

    /// Ends all subscriptions and their connection.
    package func close() {
        listeners.finish()
        subscriber.close()
    }

    private static let originBytes = 8

    private func name(_ channel: String) -> String { client.prefix + "bus:" + channel }

    /// What a frame says: the sender's mark, a byte for the kind, and the message.
    private static func event(_ frame: [UInt8], notFrom origin: [UInt8]) -> BusEvent? {
        guard frame.count > originBytes, Array(frame.prefix(originBytes)) != origin else { return nil }
        return frame[originBytes] == 0 ? .resumed : .message(Array(frame.dropFirst(originBytes + 1)))
    }
}
