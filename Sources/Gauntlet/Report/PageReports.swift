import CupelCore

/// Findings as Markdown, for a comment on a change or the summary of a run.
enum MarkdownReport {
    /// Rows of a report; a comment of a code host holds 65,536 characters.
    private static let maximumRows = 200

    static func render(_ input: ReportInput) -> String {
        let report = input.report
        var text = "## cupel: \(input.judgement.verdict.rawValue)\n\n\(cell(input.judgement.reason)).\n\n"
        text += "\(report.files) files, \(TextReport.size(report.bytes)), rules \(report.rulePackVersion)\n"
        guard !report.findings.isEmpty else { return text }
        text += "\n| severity | rule | place | what |\n| --- | --- | --- | --- |\n"
        for finding in report.findings.sorted(by: { $0.severity > $1.severity }).prefix(maximumRows) {
            text +=
                "| \(finding.severity.rawValue) | \(finding.rule) | \(cell("\(finding.path):\(finding.line)")) | "
                + "\(cell(finding.message)) |\n"
        }
        let left = report.findings.count - maximumRows
        return left > 0 ? text + "\n\(left) more are not shown.\n" : text
    }

    private static func cell(_ text: String) -> String {
        text.escapedForMarkup.replacing("|", with: "\\|").replacing("\n", with: " ").replacing("`", with: "\\`")
    }
}

/// Findings as one page that needs nothing else, for whoever was sent it.
enum HTMLReport {
    private static let style = """
        :root{color-scheme:light dark;--line:#d6d3cc;--soft:#6b675e;--bg:#fbfaf7;--fg:#23211c;--card:#fff}
        @media(prefers-color-scheme:dark){:root{--line:#3a382f;--soft:#a5a093;--bg:#181712;--fg:#eceae3;--card:#211f19}}
        body{margin:0 auto;max-width:70rem;padding:2rem 1rem;font:16px/1.5 system-ui,sans-serif;background:var(--bg);
        color:var(--fg)}h1{font-size:1.6rem;margin:0}h2{font:600 1rem ui-monospace,monospace;margin:2rem 0 .5rem;
        overflow-wrap:anywhere}p{margin:.3rem 0}.soft{color:var(--soft)}article{background:var(--card);
        border:1px solid var(--line);border-radius:.5rem;padding:.7rem 1rem;margin:.5rem 0}pre{margin:.4rem 0 0;
        overflow-x:auto;font:13px/1.5 ui-monospace,monospace}.s{display:inline-block;min-width:4.5rem;font-weight:600}
        .critical,.high,.block{color:#b3261e}.medium,.review{color:#8a5a00}.low{color:#0b6bcb}.pass{color:#18794e}
        @media(prefers-color-scheme:dark){.critical,.high,.block{color:#ff8f85}.medium,.review{color:#f0c060}
        .low{color:#7fb8ff}.pass{color:#6fd3a1}}mark{background:#ffe08a;color:#23211c}
        """

    static func render(_ input: ReportInput) -> String {
        let report = input.report
        let verdict = input.judgement.verdict.rawValue
        let counts = input.counts.map { "\($0.count) \($0.severity.rawValue)" }.joined(separator: ", ")
        var page = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        page += "<meta name=\"viewport\" content=\"width=device-width\"><title>cupel: \(verdict)</title>"
        page += "<style>\(style)</style></head><body>\n"
        page += "<h1 class=\"\(verdict)\">\(verdict)</h1><p>\(input.judgement.reason.escapedForMarkup).</p>\n"
        page += "<p class=\"soft\">\(report.files) files, \(TextReport.size(report.bytes)), "
        page += "\(counts.isEmpty ? "no findings" : counts), rules \(report.rulePackVersion.escapedForMarkup)</p>\n"
        for (path, findings) in input.byFile {
            page += "<h2>\(path.escapedForMarkup)</h2>\n" + findings.map(article).joined()
        }
        if !report.problems.isEmpty {
            page += "<h2>Not looked at</h2>\n<ul>"
            page +=
                report.problems.map { problem in
                    "<li>\(problem.path.escapedForMarkup): \(problem.kind.rawValue) \(problem.detail.escapedForMarkup)</li>"
                }.joined() + "</ul>\n"
        }
        return page + "</body></html>\n"
    }

    private static func article(_ finding: Finding) -> String {
        let scalars = Array(finding.excerpt.text.unicodeScalars)
        let start = min(max(0, finding.excerpt.start), scalars.count)
        let end = min(start + max(0, finding.excerpt.length), scalars.count)
        func text(_ range: Range<Int>) -> String {
            String(String.UnicodeScalarView(scalars[range])).escapedForMarkup
        }
        return "<article><span class=\"s \(finding.severity.rawValue)\">\(finding.severity.rawValue)</span>"
            + "<b>\(finding.rule.escapedForMarkup)</b> <span class=\"soft\">\(finding.layer.rawValue), line "
            + "\(finding.line)</span><p>\(finding.message.escapedForMarkup)</p><pre>\(text(0..<start))<mark>"
            + "\(text(start..<end))</mark>\(text(end..<scalars.count))</pre></article>\n"
    }
}
