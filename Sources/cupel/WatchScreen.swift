import CupelCore
import CupelServer
import Synchronization

/// The live view of `cupel jobs watch`: queues, and what runs with its progress, drawn over itself.
struct WatchScreen: Sendable {
    let client: APIClient
    let terminal: Terminal
    let queue: String?

    /// The shortest time between two drawings.
    static let drawInterval = Duration.milliseconds(250)
    /// Drawings after which all is read again though nothing was heard of.
    static let drawsPerPoll = 4
    /// Characters of a progress bar.
    static let barWidth = 20

    /// Draws until the task is cancelled, and leaves the terminal as it was.
    func run() async throws {
        terminal.enterScreen()
        defer { terminal.leaveScreen() }
        let news = News()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await client.events(Query.path("/api/v1/events", [("queue", queue)])) { _ in news.note() }
            }
            group.addTask { try await draw(news) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func draw(_ news: News) async throws {
        var drawn = 0
        while true {
            if news.take() || drawn % Self.drawsPerPoll == 0 {
                let queues = try await client.get(queues)
                let running = try await client.get(Query.path("/api/v1/jobs?state=running&limit=50", []) + filter)
                terminal.draw(lines(queues, running))
            }
            drawn += 1
            try await SystemTime().sleep(for: Self.drawInterval)
        }
    }

    private var filter: String { queue.map { "&queue=" + Query.escaped($0) } ?? "" }
    private var queues: String { queue.map { "/api/v1/queues/" + Query.escaped($0) } ?? "/api/v1/queues" }

    private func lines(_ queues: JSON, _ running: JSON) -> [String] {
        let list: JSON = queue == nil ? queues : ["items": [queues]]
        let table = terminal.table(QueueTable.rows(list)).split(separator: "\n").map(String.init)
        let jobs = running["items"]?.arrayValue ?? []
        let head = terminal.styled("cupel jobs", .strong) + terminal.styled("  Ctrl-C ends", .faint)
        let rows = jobs.map { job -> [String] in
            [
                String((job["id"]?.stringValue ?? "").suffix(8)), bar(job["progress"]?.doubleValue ?? 0),
                Terminal.plain(job["kind"]?.stringValue ?? ""), Terminal.plain(job["note"]?.stringValue ?? ""),
            ]
        }
        let below =
            rows.isEmpty
            ? [terminal.styled("Nothing runs now.", .faint)]
            : terminal.table([["JOB", "PROGRESS", "KIND", "STEP"]] + rows).split(separator: "\n").map(String.init)
        return [head, ""] + table + [""] + below
    }

    private func bar(_ progress: Double) -> String {
        let share = min(1, max(0, progress))
        let full = Int((share * Double(Self.barWidth)).rounded())
        let percent = "\(Int((share * 100).rounded()))%"
        return String(repeating: "█", count: full) + String(repeating: "░", count: Self.barWidth - full) + " " + percent
    }
}

/// Whether something was heard of since the last drawing.
private final class News: Sendable {
    private let isThere = Mutex(true)

    func note() { isThere.withLock { $0 = true } }

    func take() -> Bool {
        isThere.withLock { isThere in
            defer { isThere = false }
            return isThere
        }
    }
}
