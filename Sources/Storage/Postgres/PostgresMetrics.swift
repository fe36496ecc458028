import CoreMetrics
import CupelCore

/// What the pool counts, under names that begin with `cupel_database_pool_`.
struct PostgresMetrics: Sendable {
    private let used: Gauge
    private let idle: Gauge
    private let waiters: Gauge
    private let waited: Timer
    let opened: Counter
    let closed: Counter
    let recycled: Counter
    let failed: Counter
    let timeouts: Counter

    init(_ factory: any MetricsFactory) {
        used = Gauge(label: "cupel_database_pool_used", dimensions: [], factory: factory)
        idle = Gauge(label: "cupel_database_pool_idle", dimensions: [], factory: factory)
        waiters = Gauge(label: "cupel_database_pool_waiters", dimensions: [], factory: factory)
        waited = Timer(label: "cupel_database_pool_wait_seconds", dimensions: [], factory: factory)
        opened = Counter(label: "cupel_database_pool_opened_total", dimensions: [], factory: factory)
        closed = Counter(label: "cupel_database_pool_closed_total", dimensions: [], factory: factory)
        recycled = Counter(label: "cupel_database_pool_recycled_total", dimensions: [], factory: factory)
        failed = Counter(label: "cupel_database_pool_failed_total", dimensions: [], factory: factory)
        timeouts = Counter(label: "cupel_database_pool_timeouts_total", dimensions: [], factory: factory)
    }

    func record(_ state: PostgresPoolState) {
        used.record(state.leasedCount)
        idle.record(state.idleCount)
        waiters.record(state.waiterCount)
    }

    /// Records the wait of a body that found no connection at once.
    func record(wait: Duration) { waited.recordNanoseconds(wait.wholeMicroseconds * 1000) }
}
