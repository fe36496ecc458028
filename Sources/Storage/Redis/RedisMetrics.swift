import CupelCore
import Metrics

/// What is counted of Redis, through swift-metrics; made once, as the factory looks series up by name.
final class RedisMetrics: Sendable {
    /// What is dropped while Redis is away.
    enum Dropped: String, CaseIterable {
        case cache
        case publish
    }

    private let commands: Counter
    private let errors: Counter
    private let refused: Counter
    private let dropped: [Dropped: Counter]
    private let up: Gauge
    private let latency: Metrics.Timer

    /// The series `cupel_redis_commands_total`, `_errors_total`, `_refused_total`, `_dropped_total` by kind, the gauge
    /// `cupel_redis_up` and the time `cupel_redis_command`.
    init(_ factory: any MetricsFactory) {
        commands = Counter(label: "cupel_redis_commands_total", dimensions: [], factory: factory)
        errors = Counter(label: "cupel_redis_errors_total", dimensions: [], factory: factory)
        refused = Counter(label: "cupel_redis_refused_total", dimensions: [], factory: factory)
        dropped = Dictionary(
            uniqueKeysWithValues: Dropped.allCases.map {
                ($0, Counter(label: "cupel_redis_dropped_total", dimensions: [("kind", $0.rawValue)], factory: factory))
            }
        )
        up = Gauge(label: "cupel_redis_up", dimensions: [], factory: factory)
        latency = Metrics.Timer(label: "cupel_redis_command", dimensions: [], factory: factory)
    }

    /// Counts commands that were answered, and how long they took from the call to the reply.
    func answered(_ count: Int, in duration: Duration) {
        commands.increment(by: count)
        latency.recordNanoseconds(duration.wholeMicroseconds * 1000)
    }

    /// Counts commands that went out, or waited, and failed with the connection.
    func failed(_ count: Int) { errors.increment(by: count) }

    /// Counts commands that were not sent, because Redis is away or too many wait.
    func refused(_ count: Int) { refused.increment(by: count) }

    /// Counts what was dropped.
    func dropped(_ kind: Dropped) { dropped[kind]?.increment() }

    /// Shows whether every connection works.
    func isUp(_ isUp: Bool) { up.record(isUp ? 1 : 0) }
}
