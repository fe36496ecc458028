import CupelCore
import Gauntlet
import Policy
import Testing

@Suite struct GauntletPolicyTests {
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)

    private func finding(_ rule: String, _ path: String, _ severity: Severity = .high) -> Finding {
        var finding = GauntletFixture.finding(severity)
        finding.rule = rule
        finding.path = path
        finding.fingerprint = "\(rule):\(path)"
        return finding
    }

    private func policy(_ exceptions: [FindingException]) -> VerdictPolicy {
        var policy = VerdictPolicy.standard
        policy.exceptions = exceptions
        return policy
    }

    private func exception(_ rule: String, _ path: String, expires: Duration = .seconds(10)) throws -> FindingException
    {
        let glob = try #require(Glob(rule))
        return try #require(
            FindingException(
                rule: glob,
                path: path,
                reason: "made up",
                owner: "ana",
                expires: now + expires
            )
        )
    }

    @Test(arguments: [
        ("key-*", "tests/**", "key-quoted", "tests/a/b.py", true),
        ("key-*", "tests/", "key-quoted", "tests/b.py", true),
        ("key-*", "*.py", "key-quoted", "src/b.py", true), ("key-*", "/b.py", "key-quoted", "src/b.py", false),
        ("jwt", "tests/**", "key-quoted", "tests/b.py", false), ("*", "tests/**", "jwt", "testsuite/b.py", false),
    ]) func `an exception covers its rules in its files`(
        rule: String,
        path: String,
        found: String,
        place: String,
        isCovered: Bool
    ) throws {
        let filtered = policy([try exception(rule, path)]).filter([finding(found, place)], at: now)
        #expect(filtered.findings.isEmpty == isCovered)
        #expect(filtered.allowances.map(\.reason) == (isCovered ? ["made up (policy; ana)"] : []))
        #expect(filtered.stale.map(\.cause) == (isCovered ? [] : [.unused]))
        // The same, of a tree that was named by its path.
        let below = policy([try exception(rule, path)]).filter(
            [finding(found, "/w/x/" + place)],
            below: "/w/x",
            at: now
        )
        #expect(below.findings.isEmpty == isCovered)
    }

    @Test func `an exception whose day is over covers nothing and is told`() throws {
        let filtered = policy([try exception("*", "**", expires: .zero)]).filter([finding("jwt", "a")], at: now)
        #expect(filtered.findings.count == 1 && filtered.stale.map(\.cause) == [.expired])
    }

    @Test func `a baseline knows what was there and says what has gone`() throws {
        let old = [finding("jwt", "a"), finding("jwt", "b")]
        let baseline = try Baseline(json: Baseline.json(of: old, rulePack: "1"))
        let filtered = VerdictPolicy.standard.filter([old[0], finding("jwt", "c")], baseline: baseline, at: now)
        #expect(filtered.findings.map(\.path) == ["c"] && filtered.known == 1 && filtered.gone == 1)
        #expect(throws: CupelError.self) { try Baseline(json: ["version": 2, "findings": []]) }
        #expect(throws: CupelError.self) { try Baseline(json: ["version": 1, "findings": [["rule": "x"]]]) }
    }

    @Test func `a file's thresholds, severities and switches are the policy's`() throws {
        let file = try PolicyFile(
            """
            version: 1
            artefacts:
              thresholds: {secrets: {review: critical, block: never}}
              rules: {off: ["aws-*"], severity: {key-quoted: info}}
            """
        ).artefacts
        let policy = VerdictPolicy(file)
        #expect(policy.thresholds[.secrets] == Thresholds(review: .critical, block: nil))
        #expect(policy.thresholds[.malice] == VerdictPolicy.standard.thresholds[.malice])
        let filtered = policy.filter([finding("key-quoted", "a")], at: now)
        #expect(filtered.findings.map(\.severity) == [.info])
        let pack = try RulePack.builtIn()
        let ids = pack.under(file).rules.map(\.id)
        #expect(pack.rules.contains { $0.id.hasPrefix("aws-") } && !ids.contains { $0.hasPrefix("aws-") })
        #expect(!ids.isEmpty)
    }

    @Test func `the policy's words are the gauntlet's`() {
        #expect(ArtefactPolicy.layers == Layer.allCases.map(\.rawValue))
        #expect(ArtefactPolicy.severityWords == Severity.allCases.map(\.rawValue))
        #expect(ArtefactPolicy.verdictWords == Verdict.allCases.map(\.rawValue))
    }
}
