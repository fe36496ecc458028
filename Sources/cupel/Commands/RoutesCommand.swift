import ArgumentParser
import CupelCore
import CupelServer

struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes",
        abstract: "Explain where calls go.",
        subcommands: [RoutesExplain.self]
    )
}

struct RoutesExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show every upstream a call could go to, why each is out, and the order of those left.",
        discussion: "Nothing is called. Example: cupel routes explain auto --contract 'tools, context>=200k, tier<=2'"
    )

    @Argument(help: "The model, as a call names it.") var model: String
    @Option(help: "What the call needs, as the header x-cupel-contract states it.") var contract: String?
    @Option(help: "Whose call it would be: a key's name or identifier. Default: the owner's.") var key: String?
    @Option(help: "chat.completions, messages, responses, embeddings or count_tokens.") var endpoint: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let plan = try await Session.run(options) { client in
            var body: JSON = ["model": .string(model)]
            if let contract { body["contract"] = .string(contract) }
            if let endpoint { body["endpoint"] = .string(endpoint) }
            if let key { body["key"] = .string(try await AccountName.identifier(of: key, "keys", client)) }
            return try await client.post("/api/v1/routes/explain", body)
        }
        if options.json { return Terminal.standard.print(plan.text(.pretty)) }
        let order = (plan["now"]?.arrayValue ?? []).compactMap(\.stringValue)
        let rows = (plan["candidates"]?.arrayValue ?? []).map { Self.row($0, order) }
        Terminal.standard.print(
            Terminal.standard.table([["TRY", "UPSTREAM", "MODEL THERE", "BREAKER", "FIRST BYTE", "WHY NOT"]] + rows)
        )
        let by = plan["by"]?.stringValue ?? ""
        Terminal.standard.say("found by \(by), \(plan["strategy"]?.stringValue ?? "")")
        if let note = plan["note"]?.stringValue { Terminal.standard.say(note) }
    }

    private static func row(_ candidate: JSON, _ order: [String]) -> [String] {
        let (provider, model) = (
            candidate["provider"]?.stringValue ?? "", candidate["upstream_model"]?.stringValue ?? ""
        )
        let place = order.firstIndex(of: "\(provider)/\(model)").map { "\($0 + 1)" } ?? "-"
        let upstream = candidate["upstream"]
        return [
            place, provider, model, upstream?["breaker"]?.stringValue ?? "",
            upstream?["first_byte_ms"]?.intValue.map { "\($0) ms" } ?? "-", candidate["out"]?.stringValue ?? "",
        ]
    }
}
