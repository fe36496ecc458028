import CupelCore
import OrderedCollections

/// A JSON object a line: findings as they are, allowances and problems by their kind, the summary last.
enum JSONLinesReport {
    static func render(_ input: ReportInput) -> String {
        var lines: [JSON] = input.report.findings.map { tagged("finding", $0.json) }
        lines += input.report.allowances.map { tagged("allowance", $0.json) }
        lines += input.report.problems.map {
            tagged(
                "problem",
                ["path": .string($0.path), "kind": .string($0.kind.rawValue), "detail": .string($0.detail)]
            )
        }
        var summary = input.json
        for key in ["findings", "allowances", "problems"] { summary[key] = nil }
        lines.append(tagged("summary", summary))
        return lines.map { $0.text() + "\n" }.joined()
    }

    private static func tagged(_ type: String, _ value: JSON) -> JSON {
        var result: JSON = ["type": .string(type)]
        for (key, member) in value.objectValue ?? [:] { result[key] = member }
        return result
    }
}

/// Workflow commands of GitHub Actions (docs.github.com, "Workflow commands for GitHub Actions").
enum GitHubReport {
    /// Annotations that one step may make of each kind; more are dropped by GitHub.
    private static let usual = 10

    static func render(_ input: ReportInput) -> String {
        // The worst first, since only the first few are shown.
        let ordered = input.report.findings.enumerated().sorted {
            ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
        }
        let lines = ordered.map { _, finding in
            let file = property(finding.path.hasPrefix("./") ? String(finding.path.dropFirst(2)) : finding.path)
            return "::\(command(finding.severity)) file=\(file),line=\(finding.line),col=\(finding.column),"
                + "title=\(property(finding.rule))::\(data(finding.message))"
        }
        let verdict = input.judgement
        let left = lines.count > usual ? " GitHub shows the first \(usual) of each kind." : ""
        let word = verdict.verdict == .block ? "error" : verdict.verdict == .review ? "warning" : "notice"
        return (lines + ["::\(word) title=cupel::\(data("\(verdict.verdict.rawValue): \(verdict.reason).\(left)"))"])
            .map { $0 + "\n" }.joined()
    }

    private static func command(_ severity: Severity) -> String {
        switch severity {
        case .critical, .high: "error"
        case .medium: "warning"
        case .low, .info: "notice"
        }
    }

    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }
}

/// JUnit's XML as CI systems read it: a test case a file, a failure a finding that counts.
enum JUnitReport {
    static func render(_ input: ReportInput) -> String {
        let files = input.byFile
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text +=
            "<testsuites name=\"cupel\" tests=\"\(max(1, files.count))\" failures=\"\(input.report.findings.count)\">\n"
        text +=
            "  <testsuite name=\"gauntlet\" tests=\"\(max(1, files.count))\" failures=\"\(input.report.findings.count)\""
        text += " errors=\"0\" skipped=\"0\">\n"
        if files.isEmpty {
            text += "    <testcase classname=\"gauntlet\" name=\"\(input.report.files) files\"/>\n"
        }
        for (path, findings) in files {
            text += "    <testcase classname=\"gauntlet\" name=\"\(path.escapedForMarkup)\">\n"
            for finding in findings {
                text += "      <failure type=\"\(finding.rule.escapedForMarkup)\""
                text += " message=\"\(finding.message.escapedForMarkup)\">"
                text +=
                    "\(finding.severity.rawValue) \(finding.layer.rawValue) \(path):\(finding.line):\(finding.column)\n"
                    .escapedForMarkup
                text += finding.excerpt.text.escapedForMarkup + "</failure>\n"
            }
            text += "    </testcase>\n"
        }
        return text + "  </testsuite>\n</testsuites>\n"
    }
}
