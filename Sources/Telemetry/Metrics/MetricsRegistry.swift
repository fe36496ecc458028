package import CoreMetrics
import Synchronization

/// Keeps metrics in memory and prints them as Prometheus reads them (text format 0.0.4).
package final class MetricsRegistry: MetricsFactory {
    struct Key: Hashable {
        var name: String
        var labels: String
    }

    private let counters = Mutex<[Key: CounterCell]>([:])
    private let gauges = Mutex<[Key: GaugeCell]>([:])
    private let histograms = Mutex<[Key: HistogramCell]>([:])

    /// Series of one kind; beyond it new ones are counted together under the label `overflow`.
    package static let maximumSeries = 5000

    /// The registry of this process; swift-metrics has one factory a process, and this is ours.
    package static let shared = MetricsRegistry()

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        cell(counters, label, dimensions) { CounterCell() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        cell(gauges, label, dimensions) { GaugeCell() }
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? cell(histograms, label, dimensions) { HistogramCell() } : cell(gauges, label, dimensions) { GaugeCell() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(histograms, label + "_seconds", dimensions) { HistogramCell() }
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// Everything, in Prometheus' text format.
    package func text() -> String {
        var lines: [String] = []
        lines += Self.lines(counters.withLock { $0 }, "counter") { key, cell in
            ["\(key.name)\(Self.braced(key.labels)) \(cell.value)"]
        }
        lines += Self.lines(gauges.withLock { $0 }, "gauge") { key, cell in
            ["\(key.name)\(Self.braced(key.labels)) \(cell.value)"]
        }
        lines += Self.lines(histograms.withLock { $0 }, "histogram") { $1.lines($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func cell<Cell: Sendable>(
        _ cells: borrowing Mutex<[Key: Cell]>,
        _ label: String,
        _ dimensions: [(String, String)],
        make: () -> Cell
    ) -> Cell {
        let name = Self.name(label)
        let labels = dimensions.sorted { $0.0 < $1.0 }.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" }
        let key = Key(name: name, labels: labels.joined(separator: ","))
        return cells.withLock { cells in
            if let found = cells[key] { return found }
            let kept = cells.count < Self.maximumSeries ? key : Key(name: name, labels: "overflow=\"true\"")
            let made = cells[kept] ?? make()
            cells[kept] = made
            return made
        }
    }

    private static func lines<Cell>(
        _ cells: [Key: Cell],
        _ type: String,
        _ each: (Key, Cell) -> [String]
    ) -> [String] {
        let names = Dictionary(grouping: cells.keys, by: \.name)
        return names.keys.sorted().flatMap { name in
            ["# TYPE \(name) \(type)"]
                + (names[name] ?? []).sorted { $0.labels < $1.labels }.flatMap { key in
                    cells[key].map { each(key, $0) } ?? []
                }
        }
    }

    static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

    private static func name(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ":") ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
