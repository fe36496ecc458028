import CupelCore

/// How many runs a queue needs side by side, for an autoscaler.
///
/// By Little's law (J. D. C. Little, "A Proof for the Queuing Formula L = λW", 1961) as many runs are under way as jobs
/// arrive in the time that one takes: `L = λ · W`. To be rid of `B` waiting jobs within `T` seconds as well, `B / T`
/// more must start each second:
///
///     lanes = ⌈(λ + B / T) · W⌉
///
/// bounded by the queue's limits: with a rate limit of `r` a second no more than `r` start, with a concurrency limit of
/// `c` no more than `c` run; a paused queue needs none. What runs now is never taken away, and a queue with work wants
/// at least one.
package struct WorkerDemand: Sendable, Equatable {
    /// Jobs that wait: `B`.
    package var waiting: Int
    /// Jobs that run now.
    package var running: Int
    /// Jobs that arrive in a second: `λ`.
    package var arrivals: Double
    /// Seconds that a run takes: `W`.
    package var meanRun: Double
    /// Runs that are wanted side by side.
    package let lanes: Int

    /// Seconds that a run is taken to need before any has ended.
    package static let assumedRun = 1.0
    /// Minutes over which arrivals are averaged.
    package static let window = 5

    /// What a queue needs to be rid of its backlog in `target` seconds.
    package init(_ report: QueueReport, arrivals: Double, target: Double) {
        waiting = report.waiting
        running = report.running
        self.arrivals = arrivals
        let measured = (report.lastMinute.meanRun ?? report.lastHour.meanRun).map { $0 / .seconds(1) }
        meanRun = measured ?? Self.assumedRun
        var starts = arrivals + Double(report.waiting) / max(target, 1)
        if let rate = report.control.ratePerMinute { starts = min(starts, Double(rate) / 60) }
        // A hundred-millionth less, so that what is whole but for rounding is not one more.
        let wanted = Int((min(starts * meanRun, 1e6) - 1e-8).rounded(.up))
        let least = report.waiting > 0 ? 1 : 0
        let allowed = report.control.isPaused ? 0 : min(max(wanted, least), report.control.concurrency ?? .max)
        lanes = max(report.running, allowed)
    }

    /// Workers that have so many lanes together.
    package static func workers(lanes: Int, each concurrency: Int) -> Int {
        let each = max(1, concurrency)
        return lanes / each + (lanes % each > 0 ? 1 : 0)
    }

    /// Jobs of each queue that arrived in a second, over the last minutes.
    package static func arrivals(_ minutes: [QueueMinute], now: Int64) -> [String: Double] {
        let current = now / QueueMinute.microseconds
        let seconds = Double(window * 60) + Double(now % QueueMinute.microseconds) / 1e6
        return minutes.reduce(into: [:]) { rates, minute in
            guard minute.minute.microseconds / QueueMinute.microseconds >= current - Int64(window) else { return }
            rates[minute.queue, default: 0] += Double(minute.counts[.accepted] ?? 0) / seconds
        }
    }
}
