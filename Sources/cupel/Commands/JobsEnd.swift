import ArgumentParser
import CupelCore
import CupelServer

struct JobsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End jobs: at once while they wait, soon when they run."
    )

    @Argument(help: "The jobs' ids.") var ids: [String]
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let ids = ids
        let jobs = try await Session.run(options) { client in
            var jobs: [JSON] = []
            for id in ids { jobs.append(try await client.post("/api/v1/jobs/\(Query.escaped(id))/cancel")) }
            return jobs
        }
        if options.json { return Terminal.standard.print(JSON.array(jobs).text(.pretty)) }
        for id in ids { Terminal.standard.say("cancelled \(id)") }
    }
}

/// Which jobs a command for many means.
struct SelectionOptions: ParsableArguments {
    @Argument(help: "The jobs' ids.") var ids: [String] = []
    @Flag(help: "All dead letters, or those that the filters let through.") var all = false
    @Option(help: "With --all: only of this queue.") var queue: String?
    @Option(help: "With --all: only of this kind.") var kind: String?
    @Option(help: "With --all: only those whose last error has this code.") var code: String?

    func validate() throws {
        guard all != !ids.isEmpty else { throw ValidationError("Give ids, or --all for the dead letters.") }
        guard all || (queue == nil && kind == nil && code == nil) else {
            throw ValidationError("--queue, --kind and --code go with --all.")
        }
    }

    /// The request's body.
    var body: JSON {
        if !all { return ["ids": .array(ids.map { .string($0) })] }
        var body: JSON = [:]
        if let queue { body["queue"] = .string(queue) }
        if let kind { body["kind"] = .string(kind) }
        if let code { body["code"] = .string(code) }
        return body
    }

    /// Does it, again while the server says that there are more, and tells what became of it.
    func run(_ verb: String, said: String, _ options: CommonOptions) async throws {
        let (body, isAll) = (body, all)
        let answers = try await Session.run(options) { client in
            var answers: [JSON] = []
            var hasMore = true
            while hasMore {
                let answer = try await client.post("/api/v1/jobs/\(verb)", body)
                answers.append(answer)
                hasMore = isAll && answer["more"]?.boolValue == true && (answer["done"]?.intValue ?? 0) > 0
            }
            return answers
        }
        let done = answers.flatMap { $0["ids"]?.arrayValue ?? [] }
        let refused = answers.flatMap { $0["refused"]?.arrayValue ?? [] }
        if options.json {
            let whole: JSON = [
                "done": .integer(Int64(done.count)), "ids": .array(done), "refused": .array(refused),
            ]
            Terminal.standard.print(whole.text(.pretty))
        } else {
            for one in refused {
                Terminal.standard.say("error: \(one["id"]?.stringValue ?? ""): \(one["message"]?.stringValue ?? "")")
            }
            Terminal.standard.say("\(said) \(done.count) \(done.count == 1 ? "job" : "jobs")")
        }
        if !refused.isEmpty { throw ExitCode(1) }
    }
}

struct JobsDiscard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Forget jobs that are over, with their errors and events."
    )

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var options: CommonOptions

    func run() async throws { try await selection.run("discard", said: "discarded", options) }
}

struct JobsRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run failed or cancelled jobs again; a single one is followed to its end."
    )

    @OptionGroup var selection: SelectionOptions
    @OptionGroup var options: CommonOptions

    func run() async throws {
        guard selection.ids.count == 1, let id = selection.ids.first else {
            return try await selection.run("retry", said: "waiting again:", options)
        }
        let job = try await Session.run(options) { client in
            _ = try await client.post("/api/v1/jobs/\(Query.escaped(id))/retry")
            return try await client.follow(id) { event in
                if let note = event["data"]?["note"]?.stringValue { Terminal.standard.say(note) }
            }
        }
        try JobsSubmit.tell(job, options)
    }
}
