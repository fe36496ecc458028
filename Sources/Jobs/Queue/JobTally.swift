package import CupelCore
import Metrics
import Synchronization

/// What happens in the queues, counted in this process: as metrics, and by minute for the pages' charts.
package final class JobTally: Sendable {
    /// What is counted.
    package enum Event: String, Sendable, CaseIterable {
        case accepted, started, succeeded, failed, retried, refused
    }

    private struct Meters {
        let counters: [Event: Counter]
        let waited: Metrics.Timer
        let ran: Metrics.Timer

        init(queue: String) {
            let dimension = [("queue", queue)]
            counters = Event.allCases.reduce(into: [:]) { counters, event in
                counters[event] = Counter(label: "cupel_jobs_\(event.rawValue)_total", dimensions: dimension)
            }
            waited = Metrics.Timer(label: "cupel_jobs_wait", dimensions: dimension)
            ran = Metrics.Timer(label: "cupel_jobs_run", dimensions: dimension)
        }
    }

    private struct State {
        var meters: [String: Meters] = [:]
        var pending: [String: QueueMinute] = [:]

        mutating func meters(of queue: String) -> Meters {
            if let found = meters[queue] { return found }
            // Names come from declared kinds and from operators; a bound keeps a mistake from filling memory.
            let made = Meters(queue: meters.count < JobTally.maximumQueues ? queue : "other")
            if meters.count < JobTally.maximumQueues { meters[queue] = made }
            return made
        }
    }

    /// Queues that have metrics of their own.
    static let maximumQueues = 200
    private let state = Mutex(State())

    init() {}

    /// Counts an event of a queue.
    package func count(_ event: Event, _ queue: String) {
        let counter = state.withLock { state in
            state.pending[queue, default: QueueMinute(queue: queue)].counts[event, default: 0] += 1
            return state.meters(of: queue).counters[event]
        }
        counter?.increment()
    }

    /// Counts a start, with the time that the job waited after it could have run.
    package func started(_ queue: String, waited: Duration) {
        let timer = state.withLock { state in
            state.pending[queue, default: QueueMinute(queue: queue)].waited += waited
            return state.meters(of: queue).waited
        }
        count(.started, queue)
        timer.recordNanoseconds(waited.wholeMicroseconds * 1000)
    }

    /// Adds the time that a run took.
    package func ran(_ queue: String, for duration: Duration) {
        let timer = state.withLock { state in
            state.pending[queue, default: QueueMinute(queue: queue)].ran += duration
            return state.meters(of: queue).ran
        }
        timer.recordNanoseconds(duration.wholeMicroseconds * 1000)
    }

    /// What was counted since the last call.
    func take() -> [QueueMinute] {
        state.withLock { state in
            defer { state.pending = [:] }
            return state.pending.values.sorted { $0.queue < $1.queue }
        }
    }

    /// Counts again what could not be kept.
    func putBack(_ minutes: [QueueMinute]) {
        state.withLock { state in
            for minute in minutes { state.pending[minute.queue, default: QueueMinute(queue: minute.queue)].add(minute) }
        }
    }
}

/// What happened in a queue within a minute.
package struct QueueMinute: Sendable, Equatable {
    package let queue: String
    /// The minute's start; set when it is kept.
    package var minute = Timestamp(microseconds: 0)
    package var counts: [JobTally.Event: Int] = [:]
    /// The time that the jobs which started had waited, together.
    package var waited = Duration.zero
    /// The time that the runs which ended took, together.
    package var ran = Duration.zero

    /// Nothing happened yet.
    package init(queue: String) { self.queue = queue }

    mutating func add(_ other: QueueMinute) {
        counts.merge(other.counts, uniquingKeysWith: +)
        waited += other.waited
        ran += other.ran
    }
}
