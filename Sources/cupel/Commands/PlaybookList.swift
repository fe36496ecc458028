import ArgumentParser
import CupelCore
import CupelServer

struct PlaybookList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List playbooks, newest first.")

    @Option(help: "How many, at most 200.") var limit = 20
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let (limit, isJSON) = (limit, options.json)
        let page = try await Session.run(options) { try await $0.get("/api/v1/playbooks?limit=\(limit)") }
        if isJSON { return Terminal.standard.print(page.text(.pretty)) }
        let rows = (page["items"]?.arrayValue ?? []).map { item in
            ["id", "verdict", "created_at", "ask"].map { item[$0]?.stringValue ?? "" }
        }
        guard !rows.isEmpty else {
            return Terminal.standard.say("No playbooks yet: cupel playbook create \"install nginx\"")
        }
        Terminal.standard.print(Terminal.standard.table([["ID", "VERDICT", "MADE", "ASK"]] + rows))
    }
}
