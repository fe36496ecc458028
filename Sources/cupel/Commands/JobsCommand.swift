import ArgumentParser
import CupelCore
import CupelServer
import Foundation

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "See what runs, retry what failed.",
        subcommands: [JobsList.self, JobsShow.self, JobsCancel.self, JobsRetry.self]
    )
}

struct JobsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs, newest first.")

    @Option(help: "Only jobs in this state: queued, running, succeeded, failed, cancelled.") var state: String?
    @Option(help: "How many, at most 200.") var limit = 20
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let filter = state.flatMap { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) }
        let path = "/api/v1/jobs?limit=\(limit)" + (filter.map { "&state=\($0)" } ?? "")
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
        let id = id
        let job = try await Session.run(options) { try await $0.get("/api/v1/jobs/\(id)") }
        Terminal.standard.print(job.text(.pretty))
    }
}

struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "cancel", abstract: "End a job.")

    @Argument(help: "The job's id.") var id: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let id = id
        _ = try await Session.run(options) { try await $0.post("/api/v1/jobs/\(id)/cancel") }
        Terminal.standard.say("cancelled \(id)")
    }
}

struct JobsRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run a failed or cancelled job again and follow it."
    )

    @Argument(help: "The job's id.") var id: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let id = id
        let job = try await Session.run(options) { client in
            _ = try await client.post("/api/v1/jobs/\(id)/retry")
            return try await client.follow(id) { event in
                if let note = event["data"]?["note"]?.stringValue { Terminal.standard.say(note) }
            }
        }
        if options.json { Terminal.standard.print(job.text(.pretty)) }
        guard job["state"]?.stringValue == "succeeded" else {
            Terminal.standard.say("error: \(job["error"]?["message"]?.stringValue ?? "it did not succeed")")
            throw ExitCode(1)
        }
        Terminal.standard.say("succeeded: \(job["result"]?.text() ?? "")")
    }
}
