import ArgumentParser
import CupelCore
import CupelServer
import Glibc
import UnixSignals

struct JobsWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch queues and running jobs live; on a pipe, a line an event.",
        discussion: "Ends with Ctrl-C. --json prints each event as a line of JSON."
    )

    @Option(help: "Only this queue.") var queue: String?
    @Option(help: "On a pipe or with --json: only events of this kind: state, progress, refused.") var kind: String?
    @Option(help: "On a pipe or with --json: from after this sequence, not from now on.") var after: Int?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let terminal = Terminal.standard
        let isScreen = terminal.isScreen && !options.json
        let (queue, isJSON) = (queue, options.json)
        let path = Query.path("/api/v1/events", [("queue", queue), ("kind", kind), ("after", after.map { "\($0)" })])
        try await Session.run(options) { client in
            try await Self.untilStopped {
                if isScreen { return try await WatchScreen(client: client, terminal: terminal, queue: queue).run() }
                try await client.events(path) { event in
                    terminal.print(isJSON ? event.text() : Self.line(event, terminal))
                }
            }
        }
    }

    /// An event as a line.
    private static func line(_ event: JSON, _ terminal: Terminal) -> String {
        let data = event["data"] ?? .null
        let state = data["state"]?.stringValue
        var what = state ?? ""
        if let progress = data["progress"]?.doubleValue { what = "\(Int((progress * 100).rounded()))%" }
        let said = data["error"]?["message"] ?? data["note"] ?? data["reason"]
        let words = [
            event["at"]?.stringValue, event["job"]?.stringValue, event["queue"]?.stringValue ?? "-",
            event["kind"]?.stringValue, terminal.styled(what, terminal.style(state: what)),
            said?.stringValue.map(Terminal.plain),
        ]
        return words.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: "  ")
    }

    /// Works until the person has had enough.
    private static func untilStopped(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals { return } }
            group.addTask { try await work() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
