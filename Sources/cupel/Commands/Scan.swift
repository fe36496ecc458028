import ArgumentParser
import CupelCore
import CupelServer
import Gauntlet
import Glibc
import Policy

struct Scan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pass files through the gauntlet.",
        discussion:
            "Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 the path cannot be read, or an option is wrong."
    )

    @Argument(help: "A file or a directory; - reads standard input.") var path = "."
    @Option(help: "Least severity that counts: info, low, medium, high, critical.") var failOn = "medium"
    @Option(help: "text, json, jsonl, sarif, junit, github, markdown or html.") var format: String?
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write the report there, not to standard output.", valueName: "file")
    )
    var output: String?
    @Flag(help: "Show which rules and files took longest.") var profile = false
    @OptionGroup var source: ScanSource
    @OptionGroup var judging: ScanPolicyOptions
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let severity: Severity = try choice(failOn, "--fail-on")
        let format: ReportFormat = try choice(self.format ?? (options.json ? "json" : "text"), "--format")
        let settings = try options.settings()
        let baseline = try judging.readBaseline()
        let (policy, engine) = try judging.engine(settings)
        var tree = TreeOptions()
        tree.ignoredPaths = policy.artefacts.ignoredPaths
        tree.policy = VerdictPolicy(policy.artefacts)
        tree.profiles = profile
        let report = try await scan(engine, tree, isQuiet: format != .text)
        let input = judged(report, tree.policy, baseline, engine)
        if let file = judging.writeBaseline { return try write(baseline: input.report, to: file) }
        try show(input, as: format)
        if input.report.hasFindings(atOrAbove: severity) { throw ExitCode(1) }
        // What was named and not read is no pass.
        guard report.files > 0 || report.problems.isEmpty else {
            let reasons = report.problems.prefix(3).map { "\($0.path): \($0.kind.rawValue) \($0.detail)" }
            throw CupelError(.validationError, "Nothing was scanned. \(reasons.joined(separator: "; "))")
        }
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(_ word: String, _ option: String) throws -> Choice
    where Choice.RawValue == String {
        if let choice = Choice(rawValue: word) { return choice }
        let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw CupelError(.validationError, "\(option) must be one of \(allowed), not '\(word)'.")
    }

    private func scan(_ engine: GauntletEngine, _ tree: TreeOptions, isQuiet: Bool) async throws -> TreeReport {
        let isWatched = isatty(STDERR_FILENO) == 1 && !isQuiet
        let report = try await source.scan(path, with: engine, tree) { progress in
            guard isWatched else { return }
            let text = "\(progress.files) files, \(progress.bytes >> 20) MiB, \(progress.findings) findings"
            Terminal.standard.show("\r  \(text)")
        }
        if isWatched { Terminal.standard.show("\r\u{1B}[K") }
        return report
    }

    /// The report once exceptions and the baseline are taken into account.
    private func judged(
        _ report: TreeReport,
        _ policy: VerdictPolicy,
        _ baseline: Baseline?,
        _ engine: GauntletEngine
    ) -> ReportInput {
        let filtered = policy.filter(report.findings, below: path, baseline: baseline, at: SystemTime().now)
        var report = report
        report.findings = filtered.findings
        report.allowances += filtered.allowances
        return ReportInput(
            report,
            policy.judge(filtered.findings),
            policy: policy,
            descriptions: engine.rules.cards,
            stale: filtered.stale,
            known: filtered.known,
            gone: filtered.gone,
            version: Version.current
        )
    }

    private func show(_ input: ReportInput, as format: ReportFormat) throws {
        let terminal = Terminal.standard
        let text = input.rendered(as: format, isColoured: terminal.isColoured && output == nil)
        if let output {
            try BoundedFile.replace(output, with: Array(text.utf8))
            terminal.say("\(input.judgement.verdict.rawValue): \(input.judgement.reason); the report is in \(output)")
        } else {
            terminal.print(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        }
        if profile { terminal.say(input.report.profile.text) }
    }

    private func write(baseline report: TreeReport, to file: String) throws {
        let json = Baseline.json(of: report.findings, rulePack: report.rulePackVersion)
        try BoundedFile.replace(file, with: Array((json.text(.pretty) + "\n").utf8))
        Terminal.standard.say("\(report.findings.count) findings are known from now on, by \(file)")
    }
}
