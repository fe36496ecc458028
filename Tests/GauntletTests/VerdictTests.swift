import CupelCore
import Gauntlet
import OrderedCollections
import Testing

@Suite struct VerdictTests {
    @Test(arguments: [
        (Severity.info, Verdict.pass), (.low, .pass), (.medium, .review), (.high, .block), (.critical, .block),
    ])
    func `a secret's severity decides by default`(_ severity: Severity, _ verdict: Verdict) {
        #expect(VerdictPolicy.standard.judge([GauntletFixture.finding(severity)]).verdict == verdict)
    }

    @Test func `the strictest finding decides and is named`() {
        let findings = [
            GauntletFixture.finding(.medium, rule: "weak"),
            GauntletFixture.finding(.critical, rule: "strong", path: "b.py", line: 9),
            GauntletFixture.finding(.high, rule: "other"),
        ]
        let judgement = VerdictPolicy.standard.judge(findings)
        #expect(judgement.verdict == .block)
        #expect(judgement.reason == "strong (secrets, critical) at b.py:9 and 1 more blocks")
        #expect(VerdictPolicy.standard.judge([]) == Judgement(.pass, "Nothing was found"))
    }

    @Test func `thresholds are by layer`() {
        let lenient = VerdictPolicy(thresholds: [.secrets: Thresholds(review: .critical, block: nil)])
        #expect(lenient.judge([GauntletFixture.finding(.critical)]).verdict == .review)
        #expect(lenient.judge([GauntletFixture.finding(.high)]).verdict == .pass)
        #expect(lenient.judge([GauntletFixture.finding(.high, layer: .malice)]).verdict == .block)
        #expect(lenient.judge([GauntletFixture.finding(.critical, layer: .lint)]).verdict == .review)
    }

    @Test func `an assay round-trips through JSON`() throws {
        let text = "password: \"\(GauntletFixture.password)\"\n"
        let assay = try GauntletFixture.engine.get().assay(Array(text.utf8), path: "site.yml")
        #expect(assay.verdict == .block)
        #expect(assay.digest == Digest(of: text))
        let read = try Assay(json: JSON(parsing: assay.json.text()))
        #expect(read == assay)
        #expect(!assay.json.text().contains(GauntletFixture.password))
    }

    @Test(arguments: ["rule", "layer", "severity", "line", "excerpt", "fingerprint"])
    func `a stored finding that lacks a member is refused by name`(_ name: String) throws {
        guard case .object(var members) = GauntletFixture.finding(.high).json else {
            Issue.record("a finding is an object")
            return
        }
        members[name] = nil
        let error = #expect(throws: CupelError.self) { try Finding(json: .object(members)) }
        #expect(error?.fields.first?.field == name)
    }
}
