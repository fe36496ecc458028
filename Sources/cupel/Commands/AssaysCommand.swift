import ArgumentParser
import CupelCore
import CupelServer

struct AssaysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assays",
        abstract: "Read what the gauntlet found, and say which findings are false alarms.",
        subcommands: [
            AssaysList.self, AssaysShow.self, AssaysMark.self, AssaysUnmark.self, AssaysStatistics.self,
        ]
    )
}

struct AssaysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List assays, newest first.")

    @Option(help: "How many, at most 200.") var limit = 20
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = Query.path("/api/v1/assays", [("limit", "\(limit)")])
        let page = try await Session.run(options) { try await $0.get(path) }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let rows = (page["items"]?.arrayValue ?? []).map { item in
            [
                item["id"]?.stringValue ?? "", item["status"]?.stringValue ?? "", item["verdict"]?.stringValue ?? "-",
                "\(item["finding_count"]?.intValue ?? 0)", item["path"]?.stringValue ?? "",
                item["error"]?["message"]?.stringValue ?? item["reason"]?.stringValue ?? "",
            ]
        }
        guard !rows.isEmpty else { return Terminal.standard.say("No assay yet.") }
        let head = ["ID", "STATUS", "VERDICT", "FINDINGS", "OF", "WHY"]
        Terminal.standard.print(Terminal.standard.table([head] + rows))
    }
}

struct AssaysShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print an assay's findings, or its whole record with --json."
    )

    @Argument(help: "The assay's id.") var id: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = "/api/v1/assays/" + Query.escaped(id)
        let assay = try await Session.run(options) { try await $0.get(path) }
        if options.json { return Terminal.standard.print(assay.text(.pretty)) }
        let rows = (assay["findings"]?.arrayValue ?? []).map { finding in
            [
                finding["fingerprint"]?.stringValue ?? "", finding["severity"]?.stringValue ?? "",
                finding["rule"]?.stringValue ?? "",
                "\(finding["path"]?.stringValue ?? ""):\(finding["line"]?.intValue ?? 0)",
                finding["false_alarm"]?["reason"]?.stringValue.map { "false alarm: \($0)" } ?? "",
            ]
        }
        if !rows.isEmpty {
            let head = ["FINGERPRINT", "SEVERITY", "RULE", "PLACE", ""]
            Terminal.standard.print(Terminal.standard.table([head] + rows))
        }
        let verdict = assay["verdict"]?.stringValue ?? assay["status"]?.stringValue ?? ""
        let reason = assay["error"]?["message"]?.stringValue ?? assay["reason"]?.stringValue ?? ""
        Terminal.standard.say("\(verdict): \(reason)")
    }
}

/// The assay that has a finding: the one that is named, or the newest that does.
struct FindingOptions: ParsableArguments {
    @Argument(help: "The finding's fingerprint.") var fingerprint: String
    @Option(help: ArgumentHelp("The assay that has it. Default: the newest that does.", valueName: "id"))
    var assay: String?

    /// Assays that are looked through, at most.
    private static let maximumAssays = 200

    /// The path of its false alarm.
    func path(_ client: APIClient) async throws -> String {
        let tail = "/findings/\(Query.escaped(fingerprint))/false-alarm"
        if let assay { return "/api/v1/assays/\(Query.escaped(assay))" + tail }
        let page = try await client.get("/api/v1/assays?limit=\(Self.maximumAssays)")
        for item in page["items"]?.arrayValue ?? [] where (item["finding_count"]?.intValue ?? 0) > 0 {
            let id = item["id"]?.stringValue ?? ""
            let findings = try await client.get("/api/v1/assays/\(id)")["findings"]?.arrayValue ?? []
            if findings.contains(where: { $0["fingerprint"]?.stringValue == fingerprint }) {
                return "/api/v1/assays/\(id)" + tail
            }
        }
        throw CupelError(
            .notFound,
            "None of the newest \(Self.maximumAssays) assays has a finding \(fingerprint); name one with --assay."
        )
    }
}

struct AssaysMark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark",
        abstract: "Say that a finding is a false alarm. It counts in the statistics and changes no verdict."
    )

    @OptionGroup var finding: FindingOptions
    @Option(help: "Why.") var reason: String
    @Option(help: "Who says so.") var by: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        var body: JSON = ["reason": .string(reason)]
        if let by { body["by"] = .string(by) }
        let (finding, request) = (finding, body)
        let marked = try await Session.run(options) { try await $0.post(try await finding.path($0), request) }
        if options.json { return Terminal.standard.print(marked.text(.pretty)) }
        Terminal.standard.say("\(marked["rule"]?.stringValue ?? "") is a false alarm here: \(reason)")
    }
}

struct AssaysUnmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmark",
        abstract: "Take back that a finding is a false alarm."
    )

    @OptionGroup var finding: FindingOptions
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let finding = finding
        let unmarked = try await Session.run(options) { try await $0.delete(try await finding.path($0)) }
        if options.json { return Terminal.standard.print(unmarked.text(.pretty)) }
        Terminal.standard.say("\(unmarked["rule"]?.stringValue ?? "") is a finding again")
    }
}

struct AssaysStatistics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statistics",
        abstract: "What all assays found by layer, and how much of it people called false alarms."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let totals = try await Session.run(options) { try await $0.get("/api/v1/assays/statistics") }
        if options.json { return Terminal.standard.print(totals.text(.pretty)) }
        func row(_ name: String, _ line: JSON?) -> [String] {
            let hundredths = Int(((line?["false_alarm_rate"]?.doubleValue ?? 0) * 1000).rounded())
            return [
                name, "\(line?["findings"]?.intValue ?? 0)", "\(line?["false_alarms"]?.intValue ?? 0)",
                "\(hundredths / 10).\(hundredths % 10) %",
            ]
        }
        let layers = ["quality", "malice", "secrets", "licence"].map { row($0, totals["layers"]?[$0]) }
        let rules = (totals["rules"]?.arrayValue ?? []).filter { ($0["false_alarms"]?.intValue ?? 0) > 0 }
            .map { row($0["rule"]?.stringValue ?? "", $0) }
        Terminal.standard.print(
            Terminal.standard.table([["LAYER OR RULE", "FINDINGS", "FALSE ALARMS", "RATE"]] + layers + rules)
        )
        let names = ["processed", "skipped_low_quality", "skipped_malicious", "skipped_secrets", "skipped_license"]
        let counts = names.map { "\($0) \(totals[$0]?.intValue ?? 0)" }.joined(separator: ", ")
        Terminal.standard.say(
            "\(totals["assays"]?.intValue ?? 0) assays, \(totals["files"]?.intValue ?? 0) files: \(counts)"
        )
    }
}
