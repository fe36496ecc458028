import CupelCore
@testable import Gauntlet
import Testing

@Suite struct ReportTests {
    private static var report: TreeReport {
        TreeReport(
            findings: [
                GauntletFixture.finding(.high, path: "a.yml", line: 3),
                GauntletFixture.finding(.low, path: "b.yml", line: 12),
            ],
            allowances: [Allowance(rule: "jwt", path: "c", line: 1, reason: "why")],
            problems: [TreeProblem(path: "big", kind: .tooLarge, detail: "17 bytes")],
            passedOver: [.tooLarge: 1],
            files: 3,
            bytes: 12_345,
            layers: [.secrets],
            rulePackVersion: "1+x"
        )
    }

    @Test func `the terminal report is as it always was`() {
        let expected = """
            a.yml
              high     some-rule  3:7  This looks like something
                3 | pw: [redacted]
                  |     ^^^^^^^^^^

            b.yml
              low      some-rule  12:7  This looks like something
                12 | pw: [redacted]
                   |     ^^^^^^^^^^

            Not looked at
              big: too large (17 bytes)

            block: some-rule (secrets, high) at a.yml:3 blocks
            3 files, 12 kB: 1 high, 1 low, 1 allowed with a reason

            """
        #expect(TextReport().render(Self.report) == expected)
    }

    @Test func `colours come only when asked for`() {
        #expect(!TextReport().render(Self.report).contains("\u{1B}"))
        #expect(TextReport(isColoured: true).render(Self.report).contains("\u{1B}[31mhigh\u{1B}[0m"))
    }

    @Test func `the JSON report is one object that reads back`() throws {
        let json = try JSON(parsing: Self.report.json().text())
        #expect(json["verdict"] == "block")
        #expect(json["counts"]?["high"] == 1)
        #expect(json["passed_over"]?["too_large"] == 1)
        #expect(json["findings"]?.arrayValue?.count == 2)
        #expect(try Finding(json: try #require(json["findings"]?[0])) == Self.report.findings[0])
    }

    @Test func `fail-on looks at severities at or above`() {
        #expect(Self.report.hasFindings(atOrAbove: .high))
        #expect(!Self.report.hasFindings(atOrAbove: .critical))
        #expect(!TreeReport().hasFindings(atOrAbove: .info))
    }
}
