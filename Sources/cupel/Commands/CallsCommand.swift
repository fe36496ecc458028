import ArgumentParser
import CupelCore
import CupelServer

struct CallsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calls",
        abstract: "Look at recorded calls; what was said is not in them.",
        subcommands: [CallsList.self, CallsShow.self]
    )
}

struct CallsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List calls, newest first.")

    @Option(help: "Only calls with this key.") var key: String?
    @Option(help: "Only calls of this team.") var team: String?
    @Option(help: "Only calls of this model.") var model: String?
    @Option(help: "Only calls to this upstream.") var upstream: String?
    @Option(help: "answered, cancelled, interrupted, open, or an error's code.") var outcome: String?
    @Option(help: "Only calls that began then or later, as 2026-03-01T09:30:00Z.") var since: String?
    @Option(help: "Only calls that began earlier.") var until: String?
    @Option(help: "How many, at most 200.") var limit = 50
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = Query.path(
            "/api/v1/calls",
            [
                ("key", key), ("team", team), ("model", model), ("upstream", upstream), ("outcome", outcome),
                ("since", since), ("until", until), ("limit", "\(limit)"),
            ]
        )
        let page = try await Session.run(options) { try await $0.get(path) }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let rows = (page["items"]?.arrayValue ?? []).map(Self.row)
        guard !rows.isEmpty else { return Terminal.standard.say("No calls.") }
        let head = ["ID", "BEGAN", "KEY", "MODEL", "UPSTREAM", "IN", "OUT", "COST $", "OUTCOME"]
        Terminal.standard.print(Terminal.standard.table([head] + rows))
    }

    private static func row(_ call: JSON) -> [String] {
        func text(_ name: String) -> String {
            call[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? call[name]?.intValue.map { "\($0)" } ?? "-"
        }
        let cost = call["cost_microdollars"]?.intValue.map { Money(microdollars: Int64($0)).description.dropFirst() }
        return [
            text("id"), String(text("started_at").prefix(19)) + "Z", text("key_name"), text("model_asked"),
            text("upstream"), text("input_tokens"), text("output_tokens"), cost.map(String.init) ?? "-",
            text("outcome"),
        ]
    }
}

struct CallsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one call.")

    @Argument(help: "The call, as x-request-id of its answer names it.") var id: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let call = try await Session.run(options) { try await $0.get("/api/v1/calls/" + Query.escaped(id)) }
        Terminal.standard.print(call.text(.pretty))
    }
}
