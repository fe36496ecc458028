import CupelCore
import Jobs
import Metrics
import Synchronization

/// What stands in the queues, as gauges that are brought up to date when they are read.
final class JobGauges: Sendable {
    private let overview: QueueOverview
    private let known = Mutex<Set<String>>([])

    /// Queues that have a gauge of their own.
    static let maximumQueues = 200

    init(overview: QueueOverview) { self.overview = overview }

    /// Brings the gauges up to date; when the store does not answer they stay as they are.
    func refresh() async {
        guard let reports = try? await overview.reports(),
            let demand = try? await overview.demand(target: QueueOverview.defaultTarget)
        else { return }
        let now = overview.queue.time.now
        // A queue that is gone has none waiting; its gauge must not stand where it stood.
        let gone = known.withLock { known in
            let names = Set(reports.prefix(Self.maximumQueues).map(\.name))
            defer { known = names }
            return known.subtracting(names)
        }
        for name in gone { Gauge(label: "cupel_jobs_waiting", dimensions: [("queue", name)]).record(0) }
        for report in reports.prefix(Self.maximumQueues) {
            Gauge(label: "cupel_jobs_waiting", dimensions: [("queue", report.name)]).record(report.waiting)
        }
        let oldest = reports.map { $0.oldestAge(at: now) }.max() ?? .zero
        Gauge(label: "cupel_jobs_running").record(reports.map(\.running).reduce(0, +))
        Gauge(label: "cupel_jobs_dead").record(reports.map(\.dead).reduce(0, +))
        Gauge(label: "cupel_jobs_oldest_waiting_seconds").record(oldest / .seconds(1))
        Gauge(label: "cupel_jobs_workers_wanted").record(demand.workers)
    }
}
