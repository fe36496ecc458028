import CupelCore
import Policy
import Testing

@Suite struct ArtefactPolicyTests {
    private func read(_ lines: String) throws -> ArtefactPolicy {
        try PolicyFile("version: 1\nartefacts:\n" + lines).artefacts
    }

    @Test func `every key is read`() throws {
        let policy = try read(
            """
              thresholds:
                secrets: {review: low, block: critical}
                quality: {review: never, block: never}
              quality: {least: 0.8}
              licences: {allow: [MIT, "BSD-*"], review: [MPL-2.0], block: ["GPL-*"], unknown: block}
              rules:
                off: [key-quoted, "aws-*"]
                severity: {jwt: low}
                packs: [rules/ours.yaml]
              paths: {ignore: ["vendor/"]}
              exceptions:
                - {rule: "key-*", path: "tests/**", reason: made up, owner: ana, expires: 2027-01-31}
            """
        )
        #expect(policy.thresholds["secrets"]?.review == "low" && policy.thresholds["secrets"]?.block == "critical")
        let quality = try #require(policy.thresholds["quality"])
        #expect(quality.review == nil && quality.block == nil)
        #expect(policy.leastQuality == 0.8)
        let licences = policy.licences
        #expect(licences.allow == ["MIT", "BSD-*"] && licences.review == ["MPL-2.0"] && licences.block == ["GPL-*"])
        #expect(licences.unknown == "block")
        #expect(policy.rulesOff.map(\.text) == ["key-quoted", "aws-*"])
        #expect(policy.severities == ["jwt": "low"])
        #expect(policy.packs == ["rules/ours.yaml"] && policy.ignoredPaths == ["vendor/"])
        let exception = try #require(policy.exceptions.first)
        #expect(exception.rule.text == "key-*" && exception.path == "tests/**" && exception.owner == "ana")
        // It holds through its last day.
        #expect(exception.expires.description.hasPrefix("2027-02-01T00:00:00"))
        #expect(exception.location?.line == 14)
    }

    @Test(arguments: [
        ("  thresholds: {secrets: {review: lo, block: high}}\n", "did you mean low"),
        ("  thresholds: {secrets: {review: low}}\n", "artefacts.thresholds.secrets.block is missing"),
        ("  thresholds: {malware: {review: low, block: high}}\n", "there are quality, malice"),
        ("  quality: {least: 7}\n", "from 0 to 1"),
        ("  licences: {unknown: maybe}\n", "one of pass, review, block"),
        ("  rules: {severity: {jwt: awful}}\n", "artefacts.rules.severity.jwt must be one of"),
        ("  rules: {packs: {a: b}}\n", "list of at most"),
        ("  exceptions: [{rule: x, path: y}]\n", "needs reason, owner, expires"),
        (
            "  exceptions: [{rule: x, path: y, reason: r, owner: o, expires: soon}]\n",
            "must be a day, as 2027-06-30"
        ),
        ("  exceptions: {}\n", "must be a list"),
        ("  exeptions: []\n", "did you mean exceptions"),
    ]) func `what is wrong is named with its place`(lines: String, words: String) throws {
        let error = #expect(throws: CupelError.self) { try read(lines) }
        let problems = error?.fields ?? []
        #expect(problems.contains { $0.message.contains(words) }, "\(problems)")
        #expect(problems.allSatisfy { $0.field.hasPrefix("line ") })
    }

    @Test func `a section without keys is the standard`() throws {
        #expect(try read("\n") == .standard)
        #expect(try PolicyFile("version: 1\ncalls: {}\n").artefacts == .standard)
    }
}
