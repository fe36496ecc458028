import CoreMetrics
import Synchronization

/// A counter's value.
final class CounterCell: CounterHandler {
    private let total = Mutex<Int64>(0)

    var value: Int64 { total.withLock { $0 } }
    func increment(by amount: Int64) { total.withLock { $0 &+= amount } }
    func reset() { total.withLock { $0 = 0 } }
}

/// A gauge's value.
final class GaugeCell: MeterHandler, RecorderHandler {
    private let current = Mutex<Double>(0)

    var value: Double { current.withLock { $0 } }
    func set(_ value: Int64) { current.withLock { $0 = Double(value) } }
    func set(_ value: Double) { current.withLock { $0 = value } }
    func increment(by amount: Double) { current.withLock { $0 += amount } }
    func decrement(by amount: Double) { current.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// A histogram; durations are kept in seconds.
final class HistogramCell: RecorderHandler, TimerHandler {
    /// Upper bounds of the buckets, from half a millisecond to two minutes.
    static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]

    private struct State {
        var buckets = [Int64](repeating: 0, count: HistogramCell.bounds.count)
        var count: Int64 = 0
        var sum = 0.0
    }

    private let state = Mutex(State())

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        state.withLock { state in
            state.count += 1
            state.sum += value
            if let index = Self.bounds.firstIndex(where: { value <= $0 }) { state.buckets[index] += 1 }
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    func lines(_ key: MetricsRegistry.Key) -> [String] {
        let (buckets, count, sum) = state.withLock { ($0.buckets, $0.count, $0.sum) }
        let prefix = key.labels.isEmpty ? "" : key.labels + ","
        var running: Int64 = 0
        var lines: [String] = []
        for (bound, bucket) in zip(Self.bounds, buckets) {
            running += bucket
            lines.append("\(key.name)_bucket{\(prefix)le=\"\(bound)\"} \(running)")
        }
        lines.append("\(key.name)_bucket{\(prefix)le=\"+Inf\"} \(count)")
        lines.append("\(key.name)_sum\(MetricsRegistry.braced(key.labels)) \(sum)")
        lines.append("\(key.name)_count\(MetricsRegistry.braced(key.labels)) \(count)")
        return lines
    }
}
