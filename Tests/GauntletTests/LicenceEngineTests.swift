import Gauntlet
import Testing

@Suite struct LicenceEngineTests {
    private static let engine: Result<GauntletEngine, any Error> = Result {
        try GauntletEngine(
            rules: RulePack(release: "test", rules: []),
            cacheDirectory: nil,
            licences: LicenceFixture.scanner()
        )
    }

    private func scan(_ text: String, path: String) throws -> Scan {
        try Self.engine.get().scan(Array(text.utf8), path: path)
    }

    @Test func `a notice that the policy blocks is a finding at its line`() throws {
        let code = "int a;\n" + String(repeating: "int b;\n", count: 400)
        let notice = LicenceFixture.gnuNotice(LicenceFixture.gnu, "3", later: true)
        let scan = try scan(code + "// " + notice.replacing("\n", with: "\n// ") + "\n" + code, path: "main.c")
        #expect(scan.findings.map(\.rule) == ["licence-gpl"])
        #expect(scan.findings.first?.severity == .high)
        #expect(scan.findings.first?.line == 402)
        #expect(scan.findings.first?.layer == .licence)
        #expect(VerdictPolicy.standard.judge(scan.findings).verdict == .block)
    }

    @Test func `a permissive licence is known and no finding`() throws {
        let scan = try scan(try LicenceFixture.ownLicence(), path: "LICENSE")
        #expect(scan.licences.map(\.expression.description) == ["Apache-2.0"])
        #expect(scan.findings.isEmpty)
    }

    @Test func `a mention is reviewed and never blocks`() throws {
        let scan = try scan("This library is compatible with the " + "G" + "PL and with others.\n", path: "README.md")
        #expect(VerdictPolicy.standard.judge(scan.findings).verdict < .block)
    }

    @Test(arguments: [
        "Freely redistributable, which doesn't mean that we're distributing it under the " + "G" + "PL.",
        "It may be combined with works under licenses such as the GNU General " + "Public License.",
        "See the file LICENSE for the licence of this program.",
    ])
    func `talk of licences blocks nothing`(text: String) throws {
        let scan = try scan(text, path: "README.md")
        #expect(VerdictPolicy.standard.judge(scan.findings).verdict < .block)
    }

    @Test func `a policy of one's own decides`() throws {
        let notice = Array(LicenceFixture.gnuNotice(LicenceFixture.gnu, "2", later: false).utf8)
        let engine = try Self.engine.get()
        var lenient = VerdictPolicy.standard
        lenient.licences = LicencePolicy(allow: [LicenceFixture.named("GNU-*")])
        let allowed = engine.scan(notice, path: "a.c", policy: lenient)
        #expect(allowed.findings.isEmpty)
        #expect(allowed.licences.count == 1)
    }

    @Test func `a comment with a reason lets a licence pass`() throws {
        let text =
            "// cupel:allow licence-gpl used by the build alone\n// SPDX-License-" + "Identifier: "
            + LicenceFixture.named("GNU-2.0-only\n")
        let scan = try scan(text, path: "a.c")
        #expect(scan.findings.isEmpty)
        #expect(scan.allowances.map(\.rule) == ["licence-gpl"])
    }

    @Test func `files without a trigger are not looked at`() throws {
        #expect(try scan("int main(void) { return 0; }\n", path: "main.c").licences.isEmpty)
    }

    @Test func `a tree declares what its top says`() throws {
        let file = { (path: String, text: String) in (path: path, matches: try LicenceFixture.matches(text, path: path))
        }
        let own = try LicenceFixture.ownLicence()
        let tree = [
            try file("LICENSE", own), try file("Cargo.toml", "license = \"MIT OR Apache-2.0\"\n"),
            try file("vendor/x/COPYING", LicenceFixture.gnuNotice(LicenceFixture.gnu, "2", later: true)),
        ]
        #expect(LicenceDeclaration.ofTree(tree)?.description == "MIT OR Apache-2.0")
        #expect(LicenceDeclaration.ofTree([tree[0]])?.description == "Apache-2.0")
        #expect(LicenceDeclaration.ofTree([]) == nil)
    }

    @Test func `windows are joined, in order and bounded`() {
        let reach = LicenceTriggers.reach
        #expect(
            LicenceTriggers.windows(around: [10, 20, 5000], count: 10_000) == [
                0..<20 + reach, 5000 - reach..<5000 + reach,
            ]
        )
        let many = LicenceTriggers.windows(around: stride(from: 0, to: 10_000_000, by: 5000), count: 10_000_000)
        #expect(many.reduce(0) { $0 + $1.count } <= LicenceTriggers.maximumWindowBytes + 2 * reach)
    }
}
