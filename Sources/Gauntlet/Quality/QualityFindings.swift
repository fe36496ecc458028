import CupelCore

extension Scan {
    /// Measures the file and notes what it lacks, unless a comment on its first line allows that.
    mutating func addQuality(of source: SourceContext, least: Double) {
        guard case .score(let score) = QualityScanner.outcome(source) else { return }
        quality = score
        guard let finding = score.finding(path: source.path, threshold: least) else { return }
        let allow = AllowComment.around(line: 0, in: source.text, rule: finding.rule)
        if let allow, !allow.reason.isEmpty {
            let allowance = Allowance(rule: finding.rule, path: source.path, line: 1, reason: allow.reason)
            allowances.insert(allowance, at: 0)
        } else {
            findings.insert(finding, at: 0)
        }
    }
}

extension QualityScore {
    /// The finding of a file under the threshold; `nil` for one that is good enough.
    func finding(path: String, threshold: Double = Self.threshold) -> Finding? {
        guard value < threshold else { return nil }
        let rule = rule
        return Finding(
            rule: rule,
            layer: .quality,
            severity: value < Self.poor ? .medium : .low,
            path: path,
            line: 1,
            column: 1,
            excerpt: Excerpt(text: "", start: 0, length: 0),
            fingerprint: FindingWriter.fingerprint(rule, path: path, hint: ""),
            message: message
        )
    }

    private var rule: String {
        switch kind {
        case .generated: return "quality-generated"
        case .minified: return "quality-minified"
        default:
            let parses = signals.first { $0.name == "parses" }
            return (parses?.value ?? 1) < 0.5 ? "quality-unparsable" : "quality-low"
        }
    }

    private var message: String {
        let what =
            switch kind {
            case .generated: "This was written by a tool"
            case .minified: "This is minified code"
            case .data: "This is data in the form of code"
            default: "This is hard to read and to keep up"
            }
        let reasons = costliest().map(\.words).filter { !$0.isEmpty }.joined(separator: "; ")
        return "\(what): quality \(shown) of 1" + (reasons.isEmpty ? "" : "; \(reasons)")
    }
}
