import CupelCore
import Foundation
import FoundationXML
@testable import Gauntlet
import Testing

@Suite struct ReportFormatTests {
    /// A report with what is hard to write down: markup, line breaks, percent signs and other scripts.
    private func input() -> ReportInput {
        var report = TreeReport()
        report.files = 3
        report.bytes = 1200
        report.rulePackVersion = "2026.11+abc"
        var nasty = GauntletFixture.finding(.high)
        nasty.path = "a b/<x>&\"%é,:.py"
        nasty.message = "100% <b>bad</b>\n& | `worse`"
        nasty.excerpt = Excerpt(text: "if a < b && c: [redacted]", start: 15, length: 10)
        var plain = GauntletFixture.finding(.low)
        plain.path = "/abs/b.sh"
        report.findings = [nasty, plain]
        report.problems = [TreeProblem(path: "c.bin", kind: .tooLarge, detail: "17 MB")]
        return ReportInput(report, VerdictPolicy.standard.judge(report.findings), version: "1.2.3")
    }

    @Test func `SARIF has what the standard asks for`() throws {
        let json = try JSON(parsing: Array(input().rendered(as: .sarif).utf8))
        #expect(json["version"]?.stringValue == "2.1.0")
        let run = try #require(json["runs"]?.arrayValue?.first)
        let rules = try #require(run["tool"]?["driver"]?["rules"]?.arrayValue)
        let results = try #require(run["results"]?.arrayValue)
        #expect(results.count == 2)
        for result in results {
            let index = try #require(result["ruleIndex"]?.intValue)
            #expect(rules[index]["id"] == result["ruleId"])
            #expect(["error", "warning", "note"].contains(result["level"]?.stringValue ?? ""))
            let place = try #require(result["locations"]?.arrayValue?.first?["physicalLocation"])
            let region = try #require(place["region"])
            #expect((region["startLine"]?.intValue ?? 0) >= 1)
            #expect((region["endColumn"]?.intValue ?? 0) > (region["startColumn"]?.intValue ?? 0))
            let uri = try #require(place["artifactLocation"]?["uri"]?.stringValue)
            #expect(URL(string: uri) != nil && !uri.contains(" ") && !uri.contains("<"))
        }
        let uris = results.map { $0["locations"]?.arrayValue?.first?["physicalLocation"]?["artifactLocation"]?["uri"] }
        #expect(uris[0]?.stringValue == "a%20b/%3Cx%3E%26%22%25%C3%A9%2C%3A.py")
        #expect(uris[1]?.stringValue == "file:///abs/b.sh")
        let notes = run["invocations"]?.arrayValue?.first?["toolExecutionNotifications"]?.arrayValue
        #expect(notes?.first?["message"]?["text"]?.stringValue?.contains("c.bin") == true)
    }

    @Test func `each line of JSON lines is an object of its kind`() throws {
        let lines = input().rendered(as: .jsonLines).split(separator: "\n")
        let types = try lines.map { try JSON(parsing: Array($0.utf8))["type"]?.stringValue }
        #expect(types == ["finding", "finding", "problem", "summary"])
    }

    @Test(arguments: [ReportFormat.junit, .html]) func `markup is well-formed whatever the finding says`(
        format: ReportFormat
    ) throws {
        let text = input().rendered(as: format)
        #expect(!text.contains("<b>bad</b>") && text.contains("&lt;b&gt;bad&lt;/b&gt;"))
        guard format == .junit else { return }
        let parser = XMLParser(data: Data(text.utf8))
        let isParsed = parser.parse()
        #expect(isParsed, "\(String(describing: parser.parserError))")
    }

    @Test func `a workflow command is one line and its properties are escaped`() {
        let lines = input().rendered(as: .github).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("::error file=a b/<x>&\"%25é%2C%3A.py,line="))
        #expect(lines[0].hasSuffix("::100%25 <b>bad</b>%0A& | `worse`"))
        #expect(lines[2].hasPrefix("::error title=cupel::block"))
    }

    @Test func `a row of Markdown stays one row`() {
        let rows = input().rendered(as: .markdown).split(separator: "\n").filter { $0.hasPrefix("| high") }
        #expect(rows.count == 1)
        #expect(rows.first?.contains("&amp; \\| \\`worse\\`") == true)
    }
}
