import ArgumentParser
import CupelCore
import CupelServer

struct UpstreamsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upstreams",
        abstract: "Show the providers that calls go to, and how they do."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let page = try await Session.run(options) { try await $0.get("/api/v1/upstreams") }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let rows = (page["items"]?.arrayValue ?? []).map(Self.row)
        guard !rows.isEmpty else {
            return Terminal.standard.say("No provider is configured; set a key, as OPENAI_API_KEY, and start again.")
        }
        let head = ["NAME", "SPEAKS", "ADDRESS", "CALLS TODAY", "FIRST BYTE", "STATE"]
        Terminal.standard.print(Terminal.standard.table([head] + rows))
    }

    private static func row(_ item: JSON) -> [String] {
        func text(_ name: String) -> String? { item[name]?.stringValue }
        func number(_ name: String) -> String? { item[name]?.intValue.map { "\($0)" } }
        let latency = number("first_byte_ms").map { $0 + " ms" }
        return [
            text("name") ?? "", text("dialect") ?? "", text("address") ?? "", number("calls_today") ?? "0",
            latency ?? "-", text("why_not") ?? text("breaker") ?? "",
        ]
    }
}

struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the running server read its policy and its registry of models again; SIGHUP does the same."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let answer = try await Session.run(options) { try await $0.post("/api/v1/admin/reload") }
        if options.json { return Terminal.standard.print(answer.text(.pretty)) }
        Terminal.standard.say("policy and registry were read again; \(answer["models"]?.intValue ?? 0) models")
    }
}
