import ArgumentParser
import CupelCore
import CupelServer

struct PlaybookShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print a playbook's YAML, or its whole record with --json."
    )

    @Argument(help: "The playbook's id.") var id: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let id = id
        let record = try await Session.run(options) { try await $0.get("/api/v1/playbooks/\(id)") }
        if options.json { return Terminal.standard.print(record.text(.pretty)) }
        Terminal.standard.say("\(record["ask"]?.stringValue ?? "") (\(record["verdict"]?.stringValue ?? ""))")
        Terminal.standard.print(record["yaml"]?.stringValue ?? "")
    }
}
