import ArgumentParser
import CupelCore
import CupelServer

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say what callers may do, and what another policy would change.",
        subcommands: [PolicyCheck.self, PolicyShow.self, PolicyReload.self]
    )
}

struct PolicyCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a policy file, and show which recorded calls would have gone another way.",
        discussion: "Nothing is changed. Exit code 2 when the file is wrong."
    )

    @Argument(help: "The file.") var file: String
    @Option(help: "How many of the newest calls are put to it, at most 20000.") var calls = 1000
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let body: JSON = [
            "text": .string(try BoundedFile.text(at: file, limit: 1 << 20)), "calls": .integer(Int64(calls)),
        ]
        let answer = try await Session.run(options) { try await $0.post("/api/v1/admin/policy/check", body) }
        if options.json { Terminal.standard.print(answer.text(.pretty)) }
        guard answer["valid"]?.boolValue == true else { return try refuse(answer) }
        if !options.json { show(answer) }
    }

    private func refuse(_ answer: JSON) throws {
        if !options.json {
            for problem in answer["problems"]?.arrayValue ?? [] {
                let (field, message) = (problem["field"]?.stringValue ?? "", problem["message"]?.stringValue ?? "")
                Terminal.standard.say("\(file): \(field): \(message)")
            }
        }
        throw ExitCode(2)
    }

    private func show(_ answer: JSON) {
        let differences = answer["differences"]?.arrayValue ?? []
        if !differences.isEmpty {
            let rows = differences.map { item in
                [
                    item["call"]?.stringValue ?? "", item["change"]?.stringValue ?? "",
                    item["explanation"]?.stringValue ?? "",
                ]
            }
            Terminal.standard.print(Terminal.standard.table([["CALL", "WOULD BE", "WHY"]] + rows))
        }
        let counts = answer["counts"]
        func count(_ name: String) -> Int { counts?[name]?.intValue ?? 0 }
        let rules = answer["rules"]?.arrayValue?.count ?? 0
        Terminal.standard.say(
            """
            \(file) is valid, with \(rules) rules. Of \(answer["checked"]?.intValue ?? 0) recorded calls it would \
            refuse \(count("refused")) that went through, let through \(count("allowed")) that were refused, and \
            change \(count("changed")). Tools are not recorded, so rules about them were not tried.
            """
        )
    }
}

struct PolicyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Print the policy in force.")

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let policy = try await Session.run(options) { try await $0.get("/api/v1/admin/policy") }
        if options.json { return Terminal.standard.print(policy.text(.pretty)) }
        let file = policy["file"]?.stringValue ?? "no file: secrets are redacted, all else is allowed"
        Terminal.standard.say("version \(policy["version"]?.stringValue?.prefix(12) ?? ""), \(file)")
        Terminal.standard.print(policy["text"]?.stringValue ?? "")
    }
}

struct PolicyReload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Read the policy's file again; when it is wrong, the policy in force stays."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let policy = try await Session.run(options) { try await $0.post("/api/v1/admin/policy/reload") }
        if options.json { return Terminal.standard.print(policy.text(.pretty)) }
        Terminal.standard.say("version \(policy["version"]?.stringValue?.prefix(12) ?? "") is in force")
    }
}
