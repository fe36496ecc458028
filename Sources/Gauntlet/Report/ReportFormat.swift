import CupelCore

/// The forms in which a scan can be told.
package enum ReportFormat: String, Sendable, Hashable, CaseIterable {
    /// For a person at a terminal.
    case text
    /// One JSON object.
    case json
    /// A JSON object a line: each finding, then the summary.
    case jsonLines = "jsonl"
    /// SARIF 2.1.0, which code hosts show beside the code.
    case sarif
    /// JUnit's XML, which CI systems show as tests.
    case junit
    /// Workflow commands of GitHub Actions, which show up at the lines of a pull request.
    case github
    /// A comment or a summary page.
    case markdown
    /// One page that needs nothing else.
    case html
}

/// What the writers of reports are given: the scan, what was made of it, and by what.
package struct ReportInput: Sendable {
    package var report: TreeReport
    package var judgement: Judgement
    /// What it was judged by.
    package var policy: VerdictPolicy
    /// What each rule is about, by identifier, where it is known.
    package var descriptions: [String: RuleCard]
    /// Exceptions that no longer do anything.
    package var stale: [StaleException]
    /// How many findings a baseline knows, and how many of its own were not found again.
    package var known: Int
    package var gone: Int
    /// The version of the program.
    package var version: String

    /// A report's input.
    package init(
        _ report: TreeReport,
        _ judgement: Judgement,
        policy: VerdictPolicy = .standard,
        descriptions: [String: RuleCard] = [:],
        stale: [StaleException] = [],
        known: Int = 0,
        gone: Int = 0,
        version: String = ""
    ) {
        self.report = report
        self.judgement = judgement
        self.policy = policy
        self.descriptions = descriptions
        self.stale = stale
        self.known = known
        self.gone = gone
        self.version = version
    }

    /// The report in a format, ending with a newline where it is not empty.
    /// - Parameter isColoured: Whether the terminal's colours are used; the text alone has some.
    package func rendered(as format: ReportFormat, isColoured: Bool = false) -> String {
        switch format {
        case .text: TextReport(isColoured: isColoured).render(self)
        case .json: json.text(.pretty) + "\n"
        case .jsonLines: JSONLinesReport.render(self)
        case .sarif: SARIFReport.json(self).text(.pretty) + "\n"
        case .junit: JUnitReport.render(self)
        case .github: GitHubReport.render(self)
        case .markdown: MarkdownReport.render(self)
        case .html: HTMLReport.render(self)
        }
    }

    /// Findings by file, in the order of the report.
    var byFile: [(path: String, findings: [Finding])] {
        var result: [(path: String, findings: [Finding])] = []
        for finding in report.findings {
            if result.last?.path == finding.path {
                result[result.count - 1].findings.append(finding)
            } else {
                result.append((finding.path, [finding]))
            }
        }
        return result
    }

    /// How many findings there are of each severity, the worst first; those of which there are none left out.
    var counts: [(severity: Severity, count: Int)] {
        Severity.allCases.reversed().map { severity in
            (severity, report.findings.count { $0.severity == severity })
        }.filter { $0.count > 0 }
    }
}

/// What a rule is about, for reports that list rules.
package struct RuleCard: Sendable, Hashable {
    package var description: String
    package var category: String
    package var references: [String]

    /// A card.
    package init(description: String, category: String, references: [String]) {
        self.description = description
        self.category = category
        self.references = references
    }
}

extension RulePack {
    /// The rules' cards by identifier.
    package var cards: [String: RuleCard] {
        Dictionary(
            rules.map {
                ($0.id, RuleCard(description: $0.description, category: $0.category, references: $0.references))
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

extension String {
    /// The text for XML and HTML; characters that XML 1.0 does not know become U+FFFD.
    var escapedForMarkup: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
