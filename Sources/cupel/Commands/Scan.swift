import ArgumentParser
import CupelCore
import CupelServer
import Gauntlet
import Glibc

struct Scan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Pass files through the gauntlet.",
        discussion: "Exit codes: 0 nothing at or above --fail-on; 1 findings; 2 the path cannot be read."
    )

    @Argument(help: "A file or a directory; - reads standard input.") var path = "."
    @Option(help: "Least severity that counts: info, low, medium, high, critical.") var failOn = "medium"
    @OptionGroup var options: CommonOptions

    func run() async throws {
        guard let severity = Severity(rawValue: failOn) else {
            let allowed = Severity.allCases.map(\.rawValue).joined(separator: ", ")
            throw CupelError(.validationError, "--fail-on must be one of \(allowed), not '\(failOn)'.")
        }
        let cache = try options.settings().data.directory + "/cache"
        let engine = try GauntletEngine(rules: try RulePack.builtIn(), cacheDirectory: cache)
        let report = try await tree(engine)
        let terminal = Terminal.standard
        if options.json {
            terminal.print(report.json().text(.pretty))
        } else {
            terminal.print(TextReport(isColoured: terminal.isColoured).render(report))
        }
        if report.hasFindings(atOrAbove: severity) { throw ExitCode(1) }
        // What was named and not read is no pass.
        guard report.files > 0 || report.problems.isEmpty else {
            let reasons = report.problems.prefix(3).map { "\($0.path): \($0.kind.rawValue) \($0.detail)" }
            throw CupelError(.validationError, "Nothing was scanned. \(reasons.joined(separator: "; "))")
        }
    }

    private func tree(_ engine: GauntletEngine) async throws -> TreeReport {
        let isWatched = isatty(STDERR_FILENO) == 1 && !options.json
        let report = try await engine.scanTree(at: path) { progress in
            guard isWatched else { return }
            let text = "\(progress.files) files, \(progress.bytes >> 20) MiB, \(progress.findings) findings"
            Terminal.standard.show("\r  \(text)")
        }
        if isWatched { Terminal.standard.show("\r\u{1B}[K") }
        return report
    }
}
