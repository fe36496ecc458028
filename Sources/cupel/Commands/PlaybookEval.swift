import ArgumentParser
import CupelCore
import CupelServer

struct PlaybookEval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Run a file of asks with expectations and print how they went."
    )

    @Argument(help: "A file of asks, as evaluation/asks.yaml.") var file: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let text = try BoundedFile.text(at: file, limit: 1 << 19)
        let result = try await Session.run(options) { client in
            let job = try await client.post("/api/v1/playbooks/evaluations", ["cases": .string(text)])
            return try await client.follow(job["id"]?.stringValue ?? "") { event in
                if let note = event["data"]?["note"]?.stringValue { Terminal.standard.say(note) }
            }
        }
        guard let report = result["result"]?["report"] else {
            throw CupelError(
                .generationFailed,
                result["error"]?["message"]?.stringValue ?? "The evaluation did not end."
            )
        }
        Terminal.standard.print(options.json ? report.text(.pretty) : result["result"]?["table"]?.stringValue ?? "")
    }
}
