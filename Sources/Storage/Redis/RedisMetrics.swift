import CupelCore
import Metrics

/// What is counted of Redis, through swift-metrics; made once, as the factory looks series up by name.
final class RedisMetrics: Sendable {
    private let commands = Counter(label: "cupel_redis_commands_total")
    private let errors = Counter(label: "cupel_redis_errors_total")
    private let refused = Counter(label: "cupel_redis_refused_total")
    private let up = Gauge(label: "cupel_redis_up")
    private let latency = Metrics.Timer(label: "cupel_redis_command")

    /// What is dropped while Redis is away.
    enum Dropped: String {
        case cache
        case publish
    }

    private let droppedEntries = Counter(label: "cupel_redis_dropped_total", dimensions: [("kind", "cache")])
    private let droppedMessages = Counter(label: "cupel_redis_dropped_total", dimensions: [("kind", "publish")])

    /// Counts what was dropped.
    func dropped(_ kind: Dropped) { (kind == .cache ? droppedEntries : droppedMessages).increment() }

    /// Counts commands that were answered, and how long they took from the call to the reply.
    func answered(_ count: Int, in duration: Duration) {
        commands.increment(by: count)
        latency.recordNanoseconds(duration.wholeMicroseconds * 1000)
    }

    /// Counts commands that went out, or waited, and failed with the connection.
    func failed(_ count: Int) { errors.increment(by: count) }

    /// Counts commands that were not sent, because Redis is away or too many wait.
    func refused(_ count: Int) { refused.increment(by: count) }

    func isUp(_ isUp: Bool) { up.record(isUp ? 1 : 0) }
}
