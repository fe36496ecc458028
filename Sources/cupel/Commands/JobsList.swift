import ArgumentParser
import CupelCore
import CupelServer

struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs, newest first.")

    @Option(help: "Only jobs in this state: blocked, queued, running, succeeded, failed, cancelled.") var state: String?
    @Option(help: "Only jobs of this kind.") var kind: String?
    @Option(help: "Only jobs of this queue.") var queue: String?
    @Option(help: "Only jobs whose last error has this code.") var code: String?
    @Option(help: "How many, at most 200.") var limit = 20
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let filters = [("state", state), ("kind", kind), ("queue", queue), ("code", code)]
        let path = Query.path("/api/v1/jobs", [("limit", "\(limit)")] + filters)
        let page = try await Session.run(options) { try await $0.get(path) }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let rows = (page["items"]?.arrayValue ?? []).map { item in
            [
                item["id"]?.stringValue ?? "", item["state"]?.stringValue ?? "", item["kind"]?.stringValue ?? "",
                item["error"]?["message"]?.stringValue ?? item["note"]?.stringValue ?? "",
            ]
        }
        guard !rows.isEmpty else { return Terminal.standard.say("No such jobs.") }
        Terminal.standard.print(Terminal.standard.table([["ID", "STATE", "KIND", "NOTE"]] + rows))
    }
}

struct JobsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Print one job as JSON.")

    @Argument(help: "The job's id.") var id: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = "/api/v1/jobs/" + Query.escaped(id)
        let job = try await Session.run(options) { try await $0.get(path) }
        Terminal.standard.print(job.text(.pretty))
    }
}
