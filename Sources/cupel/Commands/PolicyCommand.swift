import ArgumentParser
import CupelCore
import CupelServer
import Gauntlet
import Policy
import Storage

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Say what callers may do and what findings mean, and what another policy would change.",
        subcommands: [PolicyCheck.self, PolicyExplain.self, PolicyShow.self, PolicyReload.self]
    )
}

struct PolicyCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a policy file, and show which recorded calls would have gone another way.",
        discussion: """
            The file alone is checked, without a server, unless one runs here or --calls is given. Nothing is changed. \
            Exit code 2 when the file is wrong, or with --strict when something in it is likely a mistake.
            """
    )

    @Argument(help: "The file.") var file: String
    @Option(help: "How many of the newest calls are put to it, at most 20000. Default: 1000 when a server runs here.")
    var calls: Int?
    @Flag(help: "What is likely a mistake makes the file wrong.") var strict = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let text = try BoundedFile.text(at: file, limit: PolicyFile.maximumBytes)
        let policy: PolicyFile
        do {
            policy = try PolicyFile(text)
        } catch let error as CupelError where error.code == .invalidPolicy {
            return try refuse(error.fields.map { ($0.field, $0.message) }, [])
        }
        let directory = PolicyFileOption.directory(of: file)
        let remarks = try PolicyReview(policy.artefacts, packsFrom: directory, at: SystemTime().now).remarks
        if remarks.contains(where: { $0.isError || strict }) { return try refuse([], remarks) }
        var answer = try await compared(text)
        answer["valid"] = true
        answer["version"] = .string(policy.version.hex)
        answer["rules"] = .array(policy.calls.ruleNames.map { .string($0) })
        answer["remarks"] = .array(remarks.map(\.json))
        if options.json { return Terminal.standard.print(answer.text(.pretty)) }
        tell(remarks)
        show(answer)
    }

    /// What the file would change of recorded calls; nothing where nobody asks and no server runs.
    private func compared(_ text: String) async throws -> JSON {
        let directory = try options.settings().data.directory
        let isServed = DataDirectory.owner(of: directory) != nil
        guard calls != nil || isServed else { return [:] }
        let body: JSON = ["text": .string(text), "calls": .integer(Int64(calls ?? 1000))]
        return try await Session.run(options) { try await $0.post("/api/v1/admin/policy/check", body) }
    }

    private func refuse(_ problems: [(field: String, message: String)], _ remarks: [PolicyReview.Remark]) throws {
        if options.json {
            let answer: JSON = [
                "valid": false,
                "problems": .array(problems.map { ["field": .string($0.field), "message": .string($0.message)] }),
                "remarks": .array(remarks.map(\.json)),
            ]
            Terminal.standard.print(answer.text(.pretty))
        } else {
            for problem in problems { Terminal.standard.say("\(file): \(problem.field): \(problem.message)") }
            tell(remarks)
        }
        throw ExitCode(2)
    }

    private func tell(_ remarks: [PolicyReview.Remark]) {
        for remark in remarks {
            let place = remark.location.map { ": line \($0.line), column \($0.column)" } ?? ""
            Terminal.standard.say("\(file)\(place): \(remark.isError ? "" : "warning: ")\(remark.message)")
        }
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
        let rules = answer["rules"]?.arrayValue?.count ?? 0
        guard let counts = answer["counts"] else {
            return Terminal.standard.say("\(file) is valid, with \(rules) rules. It was not put to recorded calls.")
        }
        func count(_ name: String) -> Int { counts[name]?.intValue ?? 0 }
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
