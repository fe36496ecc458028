import CupelCore
import Gauntlet
import Testing

@Suite struct RuleExamplesTests {
    /// How a token may stand in a file, with `@` in its place, and a path of that kind.
    private static let hosts: [(path: String, text: String)] = [
        ("a.unknown", "@"), ("a.py", "value = \"@\""), (".env", "VALUE=@\n"), ("a.yml", "x:\n  value: @\n"),
        ("a.json", "{\"value\": \"@\"}"), ("a.sh", "export VALUE='@'\n"), ("a.txt", "X-Value: @\r\nnext: line\r\n"),
        ("a.diff", "+value = \"@\"\n"), ("a.swift", "let value = [\"@\"]"),
    ]

    @Test func `every rule finds its examples and passes over its counter-examples`() throws {
        let engine = try GauntletFixture.engine.get()
        try engine.checkRules()
        var generator = SeededGenerator(seed: 7)
        for rule in engine.rules.rules where rule.signal == nil {
            let path = Self.path(for: rule)
            #expect(!rule.examples.match.isEmpty && !rule.examples.miss.isEmpty, "\(rule.id) has no examples")
            #expect(!rule.references.isEmpty, "\(rule.id) has no reference")
            for template in rule.examples.match {
                for round in 0..<5 {
                    let text = ExampleTemplate(template).expand(using: &generator)
                    let found = try GauntletFixture.scan(text, path: path).findings.map(\.rule)
                    #expect(found.contains(rule.id), "\(rule.id), round \(round): \(template) gave \(found)")
                }
            }
            for template in rule.examples.miss {
                let text = ExampleTemplate(template).expand(using: &generator)
                let found = try GauntletFixture.scan(text, path: path).findings.map(\.rule)
                #expect(!found.contains(rule.id), "\(rule.id) must not find \(template)")
            }
        }
    }

    /// A file of a language that the rule applies to.
    private static func path(for rule: Rule) -> String {
        let names: [(Language, String)] = [
            (.shell, "a.sh"), (.powershell, "a.ps1"), (.batch, "a.bat"), (.vbscript, "a.vbs"), (.python, "a.py"),
            (.javascript, "a.js"), (.php, "a.php"), (.ruby, "a.rb"), (.java, "a.java"), (.ansible, "tasks/a.yml"),
            (.workflow, ".github/workflows/a.yml"), (.markdown, "a.md"), (.yaml, "a.yaml"),
        ]
        return names.first { rule.languages.contains($0.0) }?.1 ?? "notes.unknown"
    }

    @Test func `tokens are found in every host syntax`() throws {
        let engine = try GauntletFixture.engine.get()
        var generator = SeededGenerator(seed: 11)
        for rule in engine.rules.rules
        where rule.layer == .secrets && !["context", "keys"].contains(rule.category) {
            for template in rule.examples.match where !template.contains("=") && !template.contains(" ") {
                let token = ExampleTemplate(template).expand(using: &generator)
                for host in Self.hosts {
                    let text = host.text.split(separator: "@", omittingEmptySubsequences: false).joined(
                        separator: token
                    )
                    let found = engine.scan(Array(text.utf8), path: host.path).findings.map(\.rule)
                    #expect(found.contains(rule.id), "\(rule.id) in \(host.path) gave \(found)")
                }
            }
        }
    }

    @Test func `the packs hold at least two hundred token formats and every identifier once`() throws {
        let rules = try RulePack.builtIn().rules
        #expect(rules.count { $0.layer == .secrets && !["context", "keys"].contains($0.category) } >= 200)
        #expect(Set(rules.map(\.id)).count == rules.count)
    }

    @Test func `examples in the packs are inert for our own scanner`() throws {
        let rules = try RulePack.builtIn().rules
        let examples = rules.flatMap { $0.examples.match + $0.examples.miss }
        let text = examples.map { "    match: ['\($0)']" }.joined(separator: "\n")
        let found = try GauntletFixture.scan(text, path: "pack.yaml").findings.map { "\($0.rule):\($0.excerpt.text)" }
        #expect(found == [])
    }

    @Test func `a template fills its holes and leaves variables alone`() {
        var generator = SeededGenerator(seed: 1)
        let text = ExampleTemplate("a${}b ${digit:4} ${HOME} ${nl}${uuid}").expand(using: &generator)
        #expect(text.hasPrefix("ab "))
        #expect(text.contains("${HOME} \n"))
        #expect(text.utf8.count == "ab 1234 ${HOME} \n".utf8.count + 36)
    }
}
