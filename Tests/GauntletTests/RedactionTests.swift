import CupelCore
import Gauntlet
import Testing

@Suite struct RedactionTests {
    @Test func `no excerpt, message or fingerprint holds a secret of any rule`() throws {
        let engine = try GauntletFixture.engine.get()
        var generator = SeededGenerator(seed: 3)
        for rule in engine.rules.rules where rule.groups != [0] {
            for template in rule.examples.match {
                let text = ExampleTemplate(template).expand(using: &generator)
                let line = "x = 1; " + text + " # and " + text
                let scan = engine.scan(Array(line.utf8), path: "notes.unknown")
                let longest = text.split { !$0.isLetter && !$0.isNumber }.max { $0.count < $1.count } ?? ""
                guard longest.count >= 20 else { continue }
                for finding in scan.findings {
                    #expect(!finding.json.text().contains(longest), "\(rule.id) shows its secret")
                }
            }
        }
    }

    @Test func `every echo of a secret on a shown line is masked`() throws {
        let secret = GauntletFixture.password
        let text = "password: \"\(secret)\"  # was \(secret), then \(GauntletFixture.awsKey())\n"
        for finding in try GauntletFixture.scan(text, path: "a.yml").findings {
            #expect(!finding.excerpt.text.contains(secret))
            #expect(!finding.excerpt.text.contains(GauntletFixture.awsKey()))
            #expect(finding.excerpt.text.contains("[redacted]"))
        }
    }

    @Test func `the mask stands where the excerpt says`() throws {
        let text = "\n  # é\n  db_password: \"\(GauntletFixture.password)\"\n"
        let finding = try #require(try GauntletFixture.scan(text, path: "a.yml").findings.first)
        #expect(finding.line == 3)
        #expect(finding.column == 17)
        #expect(finding.excerpt == Excerpt(text: "db_password: \"[redacted]\"", start: 14, length: 10))
    }

    @Test func `control characters and long lines are made safe`() throws {
        let text =
            "\u{1B}[2J\u{202E}" + String(repeating: "é", count: 500) + " password=\"\(GauntletFixture.password)\" "
            + String(repeating: "z", count: 500)
        let finding = try #require(try GauntletFixture.scan(text, path: "a.py").findings.first)
        #expect(finding.excerpt.text.unicodeScalars.count <= 240)
        #expect(finding.excerpt.text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
        #expect(!finding.excerpt.text.unicodeScalars.contains("\u{FFFD}"))
    }

    @Test func `a fingerprint is stable, and tells files, rules and secrets apart`() throws {
        func print(_ text: String, _ path: String) throws -> String {
            try #require(try GauntletFixture.scan(text, path: path).findings.first).fingerprint
        }
        let one = try print("key = " + GauntletFixture.awsKey(0), "a.txt")
        #expect(one == (try print("\n\n# moved\n    key = " + GauntletFixture.awsKey(0), "a.txt")))
        #expect(one != (try print("key = " + GauntletFixture.awsKey(1), "a.txt")))
        #expect(one != (try print("key = " + GauntletFixture.awsKey(0), "b.txt")))
        #expect(one.utf8.count == 32)
    }

    @Test func `a comment with a reason allows one rule on its line or the next`() throws {
        let line = "password: \"\(GauntletFixture.password)\""
        let allowed = try GauntletFixture.scan(
            line + "  # cupel:allow password-assigned made for a test\n",
            path: "a.yml"
        )
        #expect(allowed.findings == [])
        #expect(allowed.allowances.map(\.reason) == ["made for a test"])
        let above = try GauntletFixture.scan("# cupel:allow password-assigned a test\n" + line, path: "a.yml")
        #expect(above.allowances.count == 1)
        let other = try GauntletFixture.scan(line + "  # cupel:allow jwt a test\n", path: "a.yml")
        #expect(other.findings.count == 1)
        let without = try GauntletFixture.scan(line + "  # cupel:allow password-assigned\n", path: "a.yml")
        #expect(without.findings.first?.message.contains("needs a reason") == true)
        let far = try GauntletFixture.scan("# cupel:allow password-assigned a test\n\n" + line, path: "a.yml")
        #expect(far.findings.count == 1)
    }
}
