import CupelCore
@testable import Gauntlet
import Testing

@Suite struct SARIFTests {
    private static let paths = [
        "a.py", "./b.py", "/abs/c.py", "with space.py", "größe/日本.py", "100%.py", "a#b?.py", "C:\\x\\y.bat", "a:b.py",
        "q\"uote'<>.py", "[x]{y}|^`.py", "tab\tnew\nline.py", "../up.py", "z.zip!/in/side.py", "<stdin>", "%41.py",
        "🦊.py",
    ]

    private func report(_ findings: [Finding], problems: [TreeProblem] = [], version: String = "1.2.3") throws -> JSON {
        var report = TreeReport(layers: Layer.allCases)
        report.findings = findings
        report.problems = problems
        report.rulePackVersion = "2026.11+abc"
        let input = ReportInput(
            report,
            VerdictPolicy.standard.judge(findings),
            descriptions: try RulePack.builtIn().cards,
            version: version
        )
        return try JSON(parsing: Array(input.rendered(as: .sarif).utf8))
    }

    @Test func `reports over all layers, severities and odd paths are as the schema wants them`() throws {
        var findings: [Finding] = []
        for (index, path) in Self.paths.enumerated() {
            for layer in Layer.allCases {
                let severity = Severity.allCases[index % Severity.allCases.count]
                var finding = GauntletFixture.finding(severity, layer: layer, rule: "\(layer.rawValue)-r", path: path)
                finding.message = "odd: \u{1} \"\\ \n 💥 \(path)"
                finding.excerpt = Excerpt(text: "x\ty", start: 0, length: index % 3)
                finding.line = index
                finding.column = index
                findings.append(finding)
            }
        }
        let problems = zip(Self.paths, TreeProblem.Kind.allCases).map {
            TreeProblem(path: $0, kind: $1, detail: "because <of> \($0)")
        }
        #expect(SARIFSchema.problems(try report(findings, problems: problems)) == [])
    }

    @Test func `rules of the binary and an empty report are as the schema wants them`() throws {
        let rules = try RulePack.builtIn().rules
        let findings = rules.map { GauntletFixture.finding($0.severity, layer: $0.layer, rule: $0.id) }
        #expect(SARIFSchema.problems(try report(findings)) == [])
        #expect(SARIFSchema.problems(try report([], version: "")) == [])
    }

    @Test(arguments: [
        ("$.runs[0].tool", "no tool"), ("$.runs[0].results[0].level", "level"),
        ("$.runs[0].results[0].ruleIndex", "index"), ("$.runs[0].results[0].extra", "member"),
        ("$.runs[0].results[0].locations[0].physicalLocation.region.startLine", "line"),
        ("$.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri", "URI"),
    ])
    func `the check finds what the schema refuses`(_ path: String, _ what: String) throws {
        var json = try report([GauntletFixture.finding(.high)])
        func changed(_ value: JSON, _ keys: ArraySlice<String>, _ new: JSON?) -> JSON {
            guard let key = keys.first else { return value }
            if case .array(var items) = value, let index = Int(key) {
                items[index] = keys.count == 1 ? new ?? .null : changed(items[index], keys.dropFirst(), new)
                return .array(items)
            }
            var value = value
            value[key] = keys.count == 1 ? new : changed(value[key] ?? .null, keys.dropFirst(), new)
            return value
        }
        let keys = path.split { ".[]".contains($0) }.map(String.init).dropFirst()
        let wrong: [String: JSON] = [
            "level": "bad", "index": 7, "member": true, "line": 0, "URI": "a b.py",
        ]
        json = changed(json, keys, what == "no tool" ? nil : wrong[what])
        #expect(!SARIFSchema.problems(json).isEmpty)
    }
}
