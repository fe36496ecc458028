import CupelCore
import Gauntlet
import Metrics

/// What is counted of assays in this process, through swift-metrics.
enum AssayMetrics {
    /// Counts one assay: `cupel_gauntlet_assays_total` by verdict, `_files_total` by outcome (they add up), `_bytes_total`,
    /// `_findings_total` by layer and severity, and the times `_layer_seconds` by layer and `_assay_seconds`.
    static func count(_ assay: NewAssay) {
        let statistics = assay.statistics
        Counter(label: "cupel_gauntlet_assays_total", dimensions: [("verdict", assay.verdict.rawValue)]).increment()
        for (outcome, files) in statistics.outcomes where files > 0 {
            Counter(label: "cupel_gauntlet_files_total", dimensions: [("outcome", outcome.rawValue)])
                .increment(by: files)
        }
        Counter(label: "cupel_gauntlet_bytes_total").increment(by: statistics.bytes)
        for (kind, findings) in Dictionary(grouping: assay.findings, by: { [$0.layer.rawValue, $0.severity.rawValue] })
        {
            Counter(label: "cupel_gauntlet_findings_total", dimensions: [("layer", kind[0]), ("severity", kind[1])])
                .increment(by: findings.count)
        }
        for (layer, line) in statistics.layers {
            Timer(label: "cupel_gauntlet_layer", dimensions: [("layer", layer.rawValue)])
                .recordNanoseconds(line.microseconds * 1000)
        }
        Timer(label: "cupel_gauntlet_layer", dimensions: [("layer", "pass")])
            .recordNanoseconds(statistics.pass * 1000)
        Timer(label: "cupel_gauntlet_assay").recordNanoseconds(statistics.elapsed * 1000)
    }
}

/// What people said of findings, as gauges that are brought up to date when they are read.
struct AssayGauges: Sendable {
    let store: AssayStore

    /// Brings the gauges up to date; when the store does not answer they stay as they are.
    func refresh() async {
        guard let totals = try? await store.statistics() else { return }
        for (layer, line) in totals.layers {
            let dimension = [("layer", layer.rawValue)]
            Gauge(label: "cupel_gauntlet_known_findings", dimensions: dimension).record(line.findings)
            Gauge(label: "cupel_gauntlet_false_alarms", dimensions: dimension).record(line.falseAlarms)
            Gauge(label: "cupel_gauntlet_false_alarm_rate", dimensions: dimension).record(line.rate)
        }
    }
}
