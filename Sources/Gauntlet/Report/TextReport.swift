import CupelCore

/// Findings as a person reads them on a terminal: grouped by file, the masked line with a caret below it.
package struct TextReport: Sendable {
    private let isColoured: Bool

    /// A renderer, with ANSI colours when asked for.
    package init(isColoured: Bool = false) { self.isColoured = isColoured }

    /// The report on a tree under a policy, ending with a newline.
    package func render(_ report: TreeReport, policy: VerdictPolicy = .standard) -> String {
        render(ReportInput(report, report.judgement(under: policy)))
    }

    /// The report with all that was made of it, ending with a newline.
    package func render(_ input: ReportInput) -> String {
        let report = input.report
        var output = ""
        var path: String?
        for finding in report.findings {
            if finding.path != path {
                if path != nil { output += "\n" }
                output += paint(Self.shown(finding.path), .bold) + "\n"
                path = finding.path
            }
            output += render(finding)
        }
        if !report.findings.isEmpty { output += "\n" }
        output += problems(report)
        return output + staleExceptions(input) + summary(input)
    }

    /// One finding: severity, rule, place, message, and the line with a caret.
    package func render(_ finding: Finding) -> String {
        let severity = finding.severity.rawValue
        let padding = String(repeating: " ", count: max(0, 8 - severity.count))
        let line = String(finding.line)
        let gutter = String(repeating: " ", count: line.count)
        let caret =
            String(repeating: " ", count: finding.excerpt.start)
            + String(repeating: "^", count: max(1, finding.excerpt.length))
        return "  " + paint(severity, colour(of: finding.severity)) + padding + " " + paint(finding.rule, .bold)
            + "  \(line):\(finding.column)  \(finding.message)\n"
            + "    \(line) | \(finding.excerpt.text)\n"
            + "    \(gutter) | " + paint(caret, colour(of: finding.severity)) + "\n"
    }

    private func problems(_ report: TreeReport) -> String {
        guard !report.problems.isEmpty else { return "" }
        let lines = report.problems.map { problem in
            let detail = problem.detail.isEmpty ? "" : " (\(problem.detail))"
            let kind = problem.kind.rawValue.split(separator: "_").joined(separator: " ")
            return "  \(Self.shown(problem.path)): \(kind)\(detail)\n"
        }
        return paint("Not looked at", .bold) + "\n" + lines.joined() + "\n"
    }

    private func staleExceptions(_ input: ReportInput) -> String {
        var lines = input.stale.map { stale in
            let why =
                stale.cause == .expired
                ? "is over since \(stale.exception.expires.description.prefix(10))" : "matches nothing here"
            return "  \(stale.exception.rule.text) in \(stale.exception.path) (\(stale.exception.owner)) \(why)\n"
        }
        if input.gone > 0 {
            lines.append("  \(input.gone) of the baseline were not found again; write it anew with --write-baseline\n")
        }
        return lines.isEmpty ? "" : paint("Stale exceptions", .bold) + "\n" + lines.joined() + "\n"
    }

    private func summary(_ input: ReportInput) -> String {
        let (report, judgement) = (input.report, input.judgement)
        let counts = input.counts.map { "\($0.count) \($0.severity.rawValue)" }
        let found = counts.isEmpty ? "no findings" : counts.joined(separator: ", ")
        let allowed =
            (report.allowances.isEmpty ? "" : ", \(report.allowances.count) allowed with a reason")
            + (input.known == 0 ? "" : ", \(input.known) known by the baseline")
        let cut = report.isTruncated ? "\nA limit was reached: there may be more than is shown." : ""
        return paint(judgement.verdict.rawValue, colour(of: judgement.verdict)) + ": \(judgement.reason)\n"
            + "\(report.files) files, \(Self.size(report.bytes)): \(found)\(allowed)\(cut)\n"
    }

    static func size(_ bytes: Int) -> String {
        if bytes < 1000 { return "\(bytes) bytes" }
        let (unit, divisor) =
            bytes < 1_000_000 ? ("kB", 1000) : bytes < 1_000_000_000 ? ("MB", 1_000_000) : ("GB", 1_000_000_000)
        let tenths = bytes * 10 / divisor
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\(tenths / 10) \(unit)"
    }

    private static func shown(_ path: String) -> String {
        String(String.UnicodeScalarView(path.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }

    private enum Colour: String {
        case bold = "1"
        case red = "31"
        case boldRed = "1;31"
        case yellow = "33"
        case cyan = "36"
        case green = "32"
        case grey = "90"
    }

    private func colour(of severity: Severity) -> Colour {
        switch severity {
        case .critical: .boldRed
        case .high: .red
        case .medium: .yellow
        case .low: .cyan
        case .info: .grey
        }
    }

    private func colour(of verdict: Verdict) -> Colour {
        switch verdict {
        case .pass: .green
        case .review: .yellow
        case .block: .boldRed
        }
    }

    private func paint(_ text: String, _ colour: Colour) -> String {
        isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}
