import CupelCore
import Synchronization

/// Where all threads of a scan put what they find.
final class ReportSink: Sendable {
    private struct State: ~Copyable {
        var report: TreeReport
        var packages: PackageJudge
    }

    private let options: TreeOptions
    private let state: Mutex<State>
    private let cancelled = Atomic(false)
    private let time: any TimeSource
    private let start: Duration

    /// A sink for a scan of an engine.
    init(_ engine: GauntletEngine, _ options: TreeOptions) {
        self.options = options
        time = engine.time
        start = engine.time.monotonic
        state = Mutex(
            State(
                report: TreeReport(layers: engine.layers, rulePackVersion: engine.rulePackVersion),
                packages: PackageJudge(engine: engine)
            )
        )
    }

    /// Whether somebody wants the scan to end.
    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Ends the scan early; the report says so.
    func cancel() { cancelled.store(true, ordering: .relaxed) }

    func add(_ scan: Scan, of path: String, bytes: Int) {
        state.withLock {
            $0.report.add(scan, of: path, bytes: bytes, options: options)
            $0.packages.add(path: path, summary: scan.summary)
        }
    }

    func note(_ problem: TreeProblem) {
        state.withLock { $0.report.add(problem, limit: options.maximumProblems) }
    }

    /// Says that there may be more than is found.
    func truncate() { state.withLock { $0.report.isTruncated = true } }

    var progress: TreeProgress {
        state.withLock {
            TreeProgress(files: $0.report.files, bytes: $0.report.bytes, findings: $0.report.findings.count)
        }
    }

    /// The report, once nothing more comes.
    func finished() -> TreeReport {
        var result = state.withLock { state in
            let room = max(0, options.maximumFindings - state.report.findings.count)
            state.report.findings += state.packages.findings().prefix(room)
            return state.report
        }
        result.elapsed = (time.monotonic - start).wholeMicroseconds
        if isCancelled { result.isTruncated = true }
        result.sort()
        return result
    }
}
