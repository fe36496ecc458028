import CupelCore
import Gauntlet

/// The values of the gauntlet's page: what was found, what of it was none, and the latest assays.
struct GauntletPage {
    let totals: AssayTotals
    let assays: [JSON]

    /// Rows of the table of assays, and of rules.
    static let rows = 50
    static let ruleRows = 10

    /// What the page shows.
    var values: JSON {
        let rules = totals.worstRules.filter { $0.line.falseAlarms > 0 }.prefix(Self.ruleRows)
        return [
            "tiles": .array(tiles),
            "layers": .array(
                totals.layers.filter { $0.layer != .lint }.map { Self.row($0.layer.rawValue, nil, $0.line) }
            ),
            "rules": .array(rules.map { Self.row($0.rule, $0.layer, $0.line) }), "hasRules": .bool(!rules.isEmpty),
            "assays": .array(assays.map(Self.row)), "hasAssays": .bool(!assays.isEmpty),
        ]
    }

    private var tiles: [JSON] {
        let files: (FileOutcome) -> String = { "\(totals.outcomes[$0] ?? 0)" }
        return [
            ("\(totals.assays)", "assays"), ("\(totals.files)", "files"), (files(.processed), "went through"),
            (files(.lowQuality), "of low quality"), (files(.malicious), "malicious"), (files(.secrets), "with secrets"),
            (files(.licence), "held for their licence"),
        ].map { ["figure": .string($0.0), "label": .string($0.1)] }
    }

    private static func row(_ name: String, _ layer: String?, _ line: AssayTotals.Line) -> JSON {
        let tenths = Int((line.rate * 1000).rounded())
        return [
            "name": .string(name), "layer": layer.map { .string($0) } ?? .null, "findings": .string("\(line.findings)"),
            "alarms": .string("\(line.falseAlarms)"),
            "rate": .string(line.findings == 0 ? "–" : "\(tenths / 10).\(tenths % 10) %"),
        ]
    }

    private static func row(_ assay: JSON) -> JSON {
        let found = (assay["findings_by_layer"]?.members ?? []).map { "\($0.1.intValue ?? 0) \($0.0)" }
        let statistics = assay["statistics"]
        let owner = assay["belongs_to"]?["kind"]?.stringValue
        var row = AssayPage.standing(assay)
        row["id"] = assay["id"] ?? ""
        row["at"] = assay["created_at"] ?? ""
        row["path"] = .string(AssayPage.name(assay))
        row["owner"] = owner.map { .string("of a \($0)") } ?? .null
        row["found"] = .string(found.isEmpty ? "–" : found.joined(separator: ", "))
        row["files"] = .string("\(statistics?["files"]?.intValue ?? 1)")
        row["bytes"] = .string(AssayPage.size(statistics?["bytes"]?.intValue ?? assay["bytes"]?.intValue ?? 0))
        row["time"] = .string(AssayPage.time(statistics?["elapsed_microseconds"]?.intValue))
        return row
    }
}

/// The values of an assay's page: what the layers did, and its findings, a page at a time.
struct AssayPage {
    let assay: JSON
    /// The page of findings, from 1.
    let page: Int

    /// Findings on one page.
    static let findingsShown = 100

    /// What the page shows.
    var values: JSON {
        let findings = assay["findings"]?.arrayValue ?? []
        let first = min((page - 1) * Self.findingsShown, findings.count)
        let shown = findings[first..<min(first + Self.findingsShown, findings.count)]
        var values = Self.standing(assay)
        values["path"] = .string(Self.name(assay))
        values["reason"] = assay["reason"] ?? .null
        values["layers"] = .array(layers)
        values["speed"] = .string(speed)
        values["outcomes"] = .string(outcomes)
        values["facts"] = .string(facts)
        values["findings"] = .array(shown.map(row))
        values["range"] = .string(
            findings.isEmpty ? "" : "\(first + 1) to \(first + shown.count) of \(findings.count)"
        )
        let isDone = values["waits"]?.boolValue != true
        values["isEmpty"] = shown.isEmpty ? .string(isDone ? "Nothing was found." : "Nothing yet.") : .null
        values["newer"] = page > 1 ? .string("\(page - 1)") : .null
        values["older"] = first + shown.count < findings.count ? .string("\(page + 1)") : .null
        return values
    }

    /// Where an assay stands: its verdict, or its job's state.
    static func standing(_ assay: JSON) -> JSON {
        let status = assay["status"]?.stringValue ?? "done"
        let percent = assay["progress"]?.doubleValue.map { " \(Int($0 * 100)) %" } ?? ""
        return [
            "verdict": status == "done" ? assay["verdict"] ?? .null : .null, "waits": .bool(status != "done"),
            "status": .string(status + percent),
            "stateClass": .string(status == "failed" ? "failed" : status == "running" ? "running" : "paused"),
            "problem": assay["error"]?["message"] ?? .null,
        ]
    }

    /// What was looked at.
    static func name(_ assay: JSON) -> String {
        let path = assay["path"]?.stringValue ?? ""
        return path.isEmpty ? "without a name" : path
    }

    private var layers: [JSON] {
        let statistics = assay["statistics"]
        let lines = (statistics?["layers"]?.members ?? []).map { name, line -> JSON in
            [
                "name": .string(name), "files": .string("\(line["files"]?.intValue ?? 0)"),
                "findings": .string("\(line["findings"]?.intValue ?? 0)"),
                "time": .string(Self.time(line["microseconds"]?.intValue)),
            ]
        }
        guard let pass = statistics?["pass_microseconds"]?.intValue else { return lines }
        return lines + [["name": "the pass they share", "files": "", "findings": "", "time": .string(Self.time(pass))]]
    }

    private var speed: String {
        guard let statistics = assay["statistics"], let rate = statistics["bytes_per_second"]?.intValue, rate > 0 else {
            return ""
        }
        return
            "\(Self.size(statistics["bytes"]?.intValue ?? 0)) in \(Self.time(statistics["elapsed_microseconds"]?.intValue)), \(Self.size(rate)) a second"
    }

    private var outcomes: String {
        guard let statistics = assay["statistics"] else { return "" }
        let words: [(FileOutcome, String)] = [
            (.processed, "went through"), (.lowQuality, "of low quality"), (.malicious, "malicious"),
            (.secrets, "with secrets"), (.licence, "held for their licence"),
        ]
        let parts = words.map { ($0.1, statistics[$0.0.rawValue]?.intValue ?? 0) }.filter { $0.1 > 0 }
        return "Of \(statistics["files"]?.intValue ?? 0) files: "
            + (parts.isEmpty ? "none" : parts.map { "\($0.1) \($0.0)" }.joined(separator: ", "))
    }

    private var facts: String {
        var facts: [String] = []
        if let licence = assay["licence"]?.stringValue { facts.append("licence \(licence)") }
        if let score = assay["quality"]?["score"]?.doubleValue ?? assay["quality"]?["mean"]?.doubleValue {
            let hundredths = Int(score * 100)
            facts.append("quality \(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)")
        }
        if let rules = assay["rule_pack"]?.stringValue { facts.append("rules \(rules)") }
        if let digest = assay["digest"]?.stringValue { facts.append(digest) }
        return facts.joined(separator: " · ")
    }

    private func row(_ finding: JSON) -> JSON {
        func text(_ name: String) -> String { finding[name]?.stringValue ?? "" }
        let scalars = Array((finding["excerpt"]?["text"]?.stringValue ?? "").unicodeScalars)
        let start = min(max(0, finding["excerpt"]?["start"]?.intValue ?? 0), scalars.count)
        let end = min(start + max(0, finding["excerpt"]?["length"]?.intValue ?? 0), scalars.count)
        func part(_ range: Range<Int>) -> JSON { .string(String(String.UnicodeScalarView(scalars[range]))) }
        let severity = text("severity")
        let tone = ["critical", "high"].contains(severity) ? "block" : severity == "medium" ? "review" : "none"
        let alarm: JSON = finding["false_alarm"].map { ["by": $0["by"] ?? "", "why": $0["reason"] ?? ""] } ?? .null
        let id = assay["id"]?.stringValue ?? ""
        return [
            "severity": .string(severity), "tone": .string(tone), "rule": .string(text("rule")),
            "layer": .string(text("layer")), "place": .string("\(text("path")):\(finding["line"]?.intValue ?? 0)"),
            "message": .string(text("message")), "hasExcerpt": .bool(!scalars.isEmpty), "before": part(0..<start),
            "marked": part(start..<end), "after": part(end..<scalars.count), "alarm": alarm,
            "link": .string("/api/v1/assays/\(id)/findings/\(text("fingerprint"))/false-alarm"),
        ]
    }

    /// Bytes as people read them.
    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<10_000: "\(bytes) B"
        case ..<10_000_000: "\(bytes / 1000) kB"
        default: "\(bytes / 1_000_000) MB"
        }
    }

    /// Microseconds as people read them.
    static func time(_ microseconds: Int?) -> String {
        guard let microseconds else { return "–" }
        return microseconds < 1000 ? "\(microseconds) µs" : Figure.age(.microseconds(Int64(microseconds)))
    }
}
