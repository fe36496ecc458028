import ArgumentParser
import CupelCore
import CupelServer

struct PlaybookCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Write a playbook from plain words.",
        discussion: "Exit codes: 0 written and passed; 1 not written, or held back by the gauntlet; 2 the ask is wrong."
    )

    @Argument(help: "What should change on the host; several asks are done in order.")
    var asks: [String]

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let (asks, isJSON) = (asks, options.json)
        let isPassed = try await Session.run(options) { client in
            var results: [JSON] = []
            for ask in asks { results.append(try await Self.create(ask, client, isJSON)) }
            if isJSON { Terminal.standard.print(JSON.array(results).text(.pretty)) }
            return results.allSatisfy { $0["verdict"]?.stringValue == "pass" }
        }
        if !isPassed { throw ExitCode(1) }
    }

    private static func create(_ ask: String, _ client: APIClient, _ isJSON: Bool) async throws -> JSON {
        let story = PlaybookStory(terminal: .standard, isQuiet: isJSON)
        story.begin(ask)
        let accepted = try await client.post("/api/v1/playbooks", ["ask": .string(ask)])
        let id = accepted["id"]?.stringValue ?? ""
        let job = try await client.follow(id) { story.tell($0) }
        guard let playbook = job["result"]?["playbook"]?.stringValue else {
            let code = ErrorCode.all.first { $0.rawValue == job["error"]?["code"]?.stringValue } ?? .internalError
            throw CupelError(
                code,
                (job["error"]?["message"]?.stringValue ?? "The job ended as \(job["state"]?.stringValue ?? "").")
                    + " The ask is kept as job \(id); `cupel jobs retry \(id)` runs it again."
            )
        }
        let record = try await client.get("/api/v1/playbooks/\(playbook)")
        story.end(record, job: id)
        return record
    }
}
