import CupelCore
import Jobs

/// The values of the jobs page.
struct JobsPage {
    let reports: [QueueReport]
    let minutes: [QueueMinute]
    let running: [JobRecord]
    let dead: [JobRecord]
    let workers: [WorkerCard]
    let now: Timestamp

    /// Rows of each table.
    static let rows = 50

    /// What the page shows.
    var values: JSON {
        let charts = Dictionary(grouping: minutes, by: \.queue)
        let held = running.reduce(into: [WorkerID: Int]()) { counts, job in
            if let worker = job.entry.worker { counts[worker, default: 0] += 1 }
        }
        return [
            "tiles": .array(tiles), "queues": .array(reports.map { row($0, charts[$0.name] ?? []) }),
            "running": .array(running.map(row)), "hasRunning": .bool(!running.isEmpty),
            "dead": .array(dead.map(deadRow)), "hasDead": .bool(!dead.isEmpty),
            "deadCount": .string("\(reports.map(\.dead).reduce(0, +))"),
            "workers": .array(workers.map { row($0, held[$0.id] ?? 0) }), "hasWorkers": .bool(!workers.isEmpty),
        ]
    }

    private var tiles: [JSON] {
        let sum: (KeyPath<QueueReport, Int>) -> String = { path in "\(reports.map { $0[keyPath: path] }.reduce(0, +))" }
        let oldest = reports.map { $0.oldestAge(at: now) }.max() ?? .zero
        let done = reports.map { $0.lastHour.counts[.succeeded] ?? 0 }.reduce(0, +)
        return [
            (sum(\.waiting), "waiting"), (sum(\.running), "running"), (sum(\.blocked), "blocked by others"),
            (sum(\.dead), "dead letters"), (Figure.age(oldest), "oldest waiting"),
            ("\(done)", "succeeded in the last hour"),
            ("\(workers.count)", workers.count == 1 ? "worker" : "workers"),
        ].map { ["figure": .string($0.0), "label": .string($0.1)] }
    }

    private func row(_ report: QueueReport, _ minutes: [QueueMinute]) -> JSON {
        var limits: [String] = []
        if let concurrency = report.control.concurrency { limits.append("at most \(concurrency) at once") }
        if let rate = report.control.ratePerMinute { limits.append("\(rate) a minute") }
        let chart = Sparkline(minutes, now: now)
        return [
            "name": .string(report.name), "paused": .bool(report.control.isPaused),
            "limits": .string(limits.isEmpty ? "none" : limits.joined(separator: ", ")),
            "waiting": .string("\(report.waiting)"), "running": .string("\(report.running)"),
            "dead": .string("\(report.dead)"), "blocked": report.blocked > 0 ? .string("\(report.blocked)") : .null,
            "oldest": .string(report.waiting > 0 ? Figure.age(report.oldestAge(at: now)) : "–"),
            "rate": .string("\(report.lastMinute.counts[.succeeded] ?? 0)"),
            "meanRun": .string(report.lastHour.meanRun.map(Figure.age) ?? "–"), "chart": chart.values,
        ]
    }

    private func row(_ job: JobRecord) -> JSON {
        let age = job.startedAt.map { Figure.age(max(.zero, now - $0)) } ?? "–"
        return [
            "id": .string(job.id.description), "short": .string(String(job.id.description.suffix(8))),
            "kind": .string(job.kind), "queue": .string(job.queue), "note": .string(job.note),
            "attempt": .string("\(job.attempt)"), "age": .string(age),
            "percent": .string("\(Int((job.progress * 100).rounded()))"),
            "width": .string("\(Int((job.progress * 120).rounded()))"), "ending": .bool(job.entry.isCancelRequested),
        ]
    }

    private func deadRow(_ job: JobRecord) -> JSON {
        let history = (job.history.arrayValue ?? []).map { entry -> JSON in
            [
                "attempt": .string("\(entry["attempt"]?.intValue ?? 0)"), "at": entry["at"] ?? "",
                "code": entry["code"] ?? "", "message": entry["message"] ?? "",
            ]
        }
        let ended = (job.finishedAt ?? job.createdAt).description
        return [
            "id": .string(job.id.description), "short": .string(String(job.id.description.suffix(8))),
            "kind": .string(job.kind), "queue": .string(job.queue), "at": .string(ended),
            "code": .string(job.error?.code ?? "unknown"), "message": .string(job.error?.message ?? job.note),
            "attempts": .string("\(job.attempt)"), "history": .array(history), "hasHistory": .bool(!history.isEmpty),
            "payload": .string(String(job.payload.text(.pretty).prefix(4000))),
        ]
    }

    private func row(_ worker: WorkerCard, _ held: Int) -> JSON {
        [
            "name": .string(worker.name), "short": .string(String(worker.id.description.suffix(8))),
            "queues": .string(worker.queues.joined(separator: ", ")), "held": .string("\(held)"),
            "lanes": .string("\(worker.concurrency)"), "started": .string(worker.startedAt.description),
            "beat": .string(Figure.age(max(.zero, now - worker.seenAt))),
        ]
    }
}

extension Figure {
    /// A length of time as people read it.
    static func age(_ duration: Duration) -> String {
        let milliseconds = Int(duration.inMilliseconds)
        switch milliseconds {
        case ..<1000: return "\(milliseconds) ms"
        case ..<60_000: return "\(seconds(Double(milliseconds))) s"
        case ..<3_600_000: return "\(milliseconds / 60_000) min \(milliseconds / 1000 % 60) s"
        case ..<86_400_000: return "\(milliseconds / 3_600_000) h \(milliseconds / 60_000 % 60) min"
        default: return "\(milliseconds / 86_400_000) d \(milliseconds / 3_600_000 % 24) h"
        }
    }
}
