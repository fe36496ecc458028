import ArgumentParser
import CupelCore
import CupelServer
import Gateway

struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show what calls used and cost.",
        subcommands: [UsageShow.self, UsageReconcile.self],
        defaultSubcommand: UsageShow.self
    )
}

struct UsageShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Sum calls, tokens and money by what you name.",
        discussion: "Example: cupel usage --by key,model,day --from 2026-03-01 --csv > march.csv"
    )

    @Option(help: "day, month, key, person, team, project, model, upstream; several with commas.") var by = "model"
    @Option(help: "The first day, UTC, as 2026-03-01. Default: 30 days up to the last.") var from: String?
    @Option(help: "The last day. Default: today.") var to: String?
    @Flag(help: "CSV instead of a table.") var csv = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let format = csv ? "csv" : nil
        let path = Query.path("/api/v1/usage", [("by", by), ("from", from), ("to", to), ("format", format)])
        if csv {
            let text = try await Session.run(options) { try await $0.text(path) }
            return Terminal.standard.write(text, 1)
        }
        let report = try await Session.run(options) { try await $0.get(path) }
        if options.json { return Terminal.standard.print(report.text(.pretty)) }
        show(report)
    }

    private func show(_ report: JSON) {
        let names = (report["by"]?.arrayValue ?? []).compactMap(\.stringValue)
        let sums = ["calls", "input_tokens", "output_tokens", "cost"]
        func cells(_ line: JSON) -> [String] {
            sums.map { name in line[name]?.stringValue ?? line[name]?.intValue.map { "\($0)" } ?? "" }
        }
        let lines = (report["items"]?.arrayValue ?? []).map { line in
            names.map { name in
                let value = line[name]?.stringValue ?? ""
                return value.isEmpty ? "-" : value
            } + cells(line)
        }
        let total = report["total"] ?? [:]
        let last = ["total"] + names.dropFirst().map { _ in "" } + cells(total)
        let head = names.map { $0.uppercased() } + ["CALLS", "IN", "OUT", "COST $"]
        Terminal.standard.print(Terminal.standard.table([head] + lines + [last]))
        let unpriced = total["unpriced_calls"]?.intValue ?? 0
        guard unpriced > 0 else { return }
        Terminal.standard.say(
            "\(unpriced) calls went to models without a known price; their cost is not in these sums."
        )
    }
}

struct UsageReconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Put a provider's bill beside the ledger, by day and model.",
        discussion: """
            The file is CSV with a day, a model, and a cost or tokens, under the names of OpenAI's or Anthropic's exports \
            or as date, model, cost, input_tokens, output_tokens. Exit code 1 when the money differs.
            """
    )

    @Argument(help: "The bill, as CSV.") var file: String
    @Option(help: "Only calls to this provider, whose bill it is.") var upstream: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        var body: JSON = ["invoice": .string(try BoundedFile.text(at: file, limit: Invoice.maximumBytes))]
        if let upstream { body["upstream"] = .string(upstream) }
        let answer = try await Session.run(options) { [body] in try await $0.post("/api/v1/usage/reconcile", body) }
        if options.json {
            Terminal.standard.print(answer.text(.pretty))
        } else {
            show(answer)
        }
        let difference = answer["total"]?["difference"]?.stringValue
        if let difference, difference != Money.zero.sixPlaces { throw ExitCode(1) }
    }

    private func show(_ answer: JSON) {
        func money(_ line: JSON?) -> [String] {
            ["ours", "theirs", "difference"].map { line?[$0]?.stringValue ?? "-" }
        }
        let tokens = ["our_input_tokens", "their_input_tokens", "our_output_tokens", "their_output_tokens"]
        let counts = tokens + ["interrupted_calls", "estimated_calls"]
        let rows = (answer["items"]?.arrayValue ?? []).map { line in
            [line["day"]?.stringValue ?? "", line["model"]?.stringValue ?? ""] + money(line)
                + counts.map { line[$0]?.intValue.map { "\($0)" } ?? "-" }
        }
        let total = ["total", ""] + money(answer["total"]) + counts.map { _ in "" }
        let head = [
            "DAY", "MODEL", "OURS $", "THEIRS $", "DIFFERENCE", "IN", "THEIRS", "OUT", "THEIRS", "INTERRUPTED",
            "ESTIMATED",
        ]
        Terminal.standard.print(Terminal.standard.table([head] + rows + [total]))
    }
}
