import ArgumentParser
import CupelCore
import CupelServer

struct JobsQueues: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queues",
        abstract: "List the queues: what stands in them and how fast they move."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let queues = try await Session.run(options) { try await $0.get("/api/v1/queues") }
        if options.json { return Terminal.standard.print(queues.text(.pretty)) }
        Terminal.standard.print(Terminal.standard.table(QueueTable.rows(queues)))
    }
}

struct JobsWorkers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "List the workers that are known."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let workers = try await Session.run(options) { try await $0.get("/api/v1/workers") }
        if options.json { return Terminal.standard.print(workers.text(.pretty)) }
        let rows = (workers["items"]?.arrayValue ?? []).map { item in
            [
                item["id"]?.stringValue ?? "", item["name"]?.stringValue ?? "",
                "\(item["running"]?.intValue ?? 0)/\(item["concurrency"]?.intValue ?? 0)",
                QueueTable.age(item["beat_age_seconds"]),
                (item["queues"]?.arrayValue ?? []).compactMap(\.stringValue).joined(separator: ", "),
            ]
        }
        guard !rows.isEmpty else { return Terminal.standard.say("No worker runs; jobs are kept, and none starts.") }
        Terminal.standard.print(Terminal.standard.table([["ID", "NAME", "RUNNING", "BEAT", "QUEUES"]] + rows))
    }
}

struct JobsPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Start nothing more of a queue; what runs goes on."
    )

    @Argument(help: "The queue.") var queue: String
    @OptionGroup var options: CommonOptions

    func run() async throws { try await QueueTable.change(queue, ["paused": true], options, said: "paused") }
}

struct JobsResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Start jobs of a queue again.")

    @Argument(help: "The queue.") var queue: String
    @OptionGroup var options: CommonOptions

    func run() async throws { try await QueueTable.change(queue, ["paused": false], options, said: "resumed") }
}

struct JobsLimit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limit",
        abstract: "Limit a queue over all workers; none takes a limit away."
    )

    @Argument(help: "The queue.") var queue: String
    @Option(help: ArgumentHelp("Jobs of it that run at once.", valueName: "n|none")) var concurrency: String?
    @Option(help: ArgumentHelp("Jobs of it that start in a minute.", valueName: "n|none")) var rate: String?
    @OptionGroup var options: CommonOptions

    func validate() throws {
        guard concurrency != nil || rate != nil else { throw ValidationError("Give --concurrency or --rate.") }
        for text in [concurrency, rate].compactMap({ $0 }) where text != "none" && Int64(text) == nil {
            throw ValidationError("A limit is a whole number or none, not '\(text)'.")
        }
    }

    func run() async throws {
        var change: JSON = [:]
        if let concurrency { change["concurrency"] = Int64(concurrency).map { .integer($0) } ?? .null }
        if let rate { change["rate_per_minute"] = Int64(rate).map { .integer($0) } ?? .null }
        try await QueueTable.change(queue, change, options, said: "limits of")
    }
}
