import CupelCore
import Gateway
import Metrics
import Synchronization

/// Upstreams and budgets as gauges that are brought up to date when they are read.
final class GatewayGauges: Sendable {
    private let director: GatewayDirector
    private let known = Mutex<Set<String>>([])

    /// Budgets that have gauges of their own, the fullest first.
    static let maximumBudgets = 200

    init(director: GatewayDirector) { self.director = director }

    /// Brings the gauges up to date.
    func refresh() {
        for (upstream, isAvailable) in director.availability {
            Gauge(label: "cupel_gateway_upstream_available", dimensions: [("upstream", upstream)])
                .record(isAvailable ? 1 : 0)
        }
        let standings = director.standings().prefix(Self.maximumBudgets)
        // A budget that is gone, or empty in its new window, must not stand where it stood.
        let names = Set(standings.map(\.name))
        let gone = known.withLock { known in
            defer { known = names }
            return known.subtracting(names)
        }
        for name in gone { record("spent", name, 0) }
        for standing in standings {
            record("spent", standing.name, standing.spent.microdollars)
            record("limit", standing.name, standing.limit.microdollars)
        }
    }

    private func record(_ what: String, _ budget: String, _ microdollars: Int64) {
        // A gauge is a floating-point number by its format; the ledger stays exact.
        Gauge(label: "cupel_gateway_budget_\(what)_dollars", dimensions: [("budget", budget)])
            .record(Double(microdollars) / 1_000_000)
    }
}
