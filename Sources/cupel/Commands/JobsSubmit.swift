import ArgumentParser
import CupelCore
import CupelServer
import Foundation

struct JobsSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submit a job by its kind.",
        discussion: """
            The payload is JSON: cupel jobs submit playbook.create '{"ask":"install nginx"}'. A payload of - is read \
            from standard input.
            """
    )

    @Argument(help: "The kind of job.") var kind: String
    @Argument(help: "What it is asked to do, as JSON; - for standard input.") var payload = "{}"
    @Option(help: "high, normal or low; default: as the kind says.") var priority: String?
    @Option(help: ArgumentHelp("Seconds before it may start.", valueName: "seconds")) var delay: Int?
    @Option(name: .customLong("at"), help: ArgumentHelp("Not before this RFC 3339 moment.", valueName: "moment"))
    var runAt: String?
    @Option(
        name: .customLong("key"),
        help: "While a job of the kind with this key waits or runs, no other is accepted."
    )
    var uniqueKey: String?
    @Option(help: ArgumentHelp("Only once this job has succeeded; may be repeated.", valueName: "id"))
    var after: [String] = []
    @Option(help: "Your own UUID of version 7: asking twice is asking once.") var id: String?
    @Flag(help: "Follow it to its end.") var follow = false
    @OptionGroup var options: CommonOptions

    /// The largest payload that is read from standard input, in bytes.
    private static let maximumInput = 1 << 20

    func run() async throws {
        let body = try body()
        let isFollowed = follow
        let job = try await Session.run(options) { client in
            let job = try await client.post("/api/v1/jobs", body)
            guard isFollowed else { return job }
            return try await client.follow(job["id"]?.stringValue ?? "") { event in
                if let note = event["data"]?["note"]?.stringValue { Terminal.standard.say(note) }
            }
        }
        if follow { return try Self.tell(job, options) }
        Terminal.standard.print(options.json ? job.text(.pretty) : job["id"]?.stringValue ?? "")
    }

    private func body() throws -> JSON {
        var text = payload
        if text == "-" {
            let data = try FileHandle.standardInput.read(upToCount: Self.maximumInput + 1) ?? Data()
            guard data.count <= Self.maximumInput else {
                throw CupelError(.payloadTooLarge, "The payload is over \(Self.maximumInput) bytes.")
            }
            text = String(decoding: data, as: UTF8.self)
        }
        var body: JSON = ["kind": .string(kind)]
        do {
            body["payload"] = try JSON(parsing: text)
        } catch {
            throw CupelError(.malformedRequest, "The payload is not JSON: \(error).")
        }
        if let priority { body["priority"] = .string(priority) }
        if let delay { body["delay_seconds"] = .integer(Int64(delay)) }
        if let runAt { body["run_at"] = .string(runAt) }
        if let uniqueKey { body["unique_key"] = .string(uniqueKey) }
        if !after.isEmpty { body["after"] = .array(after.map { .string($0) }) }
        if let id { body["id"] = .string(id) }
        return body
    }

    /// Tells how a job ended.
    /// - Throws: the exit code when it did not succeed.
    static func tell(_ job: JSON, _ options: CommonOptions) throws {
        if options.json { Terminal.standard.print(job.text(.pretty)) }
        guard job["state"]?.stringValue == "succeeded" else {
            Terminal.standard.say("error: \(job["error"]?["message"]?.stringValue ?? "it did not succeed")")
            throw ExitCode(1)
        }
        Terminal.standard.say("succeeded: \(job["result"]?.text() ?? "")")
    }
}
