import CupelCore
import Gauntlet
import Testing

@Suite struct RulePackTests {
    private static let good = """
        release: '1'
        layer: secrets
        category: test
        severity: high
        rules:
          - id: one
            description: a thing
            pattern: 'thing-[a-z]{4}'
            match: [thing-abcd]
            miss: [thing]
        """

    @Test func `a pack is read with its defaults`() throws {
        let pack = try RulePack(parsing: Array(Self.good.utf8), origin: "x.yaml")
        #expect(pack.rules.map(\.id) == ["one"])
        #expect(pack.rules[0].layer == .secrets)
        #expect(pack.version.hasPrefix("1+"))
    }

    @Test(arguments: [
        ("id: one", "id: One", "`id`"), ("pattern:", "patern:", "patern"), ("severity: high", "severity: huge", "huge"),
        ("rules:", "rulez:", "rules"), ("layer: secrets", "layer: dust", "dust"), ("- id: one", "- id: {", "YAML"),
        ("match: [thing-abcd]", "confirm: [magic]", "confirm"), ("description: a thing", "x: y", "'x'"),
    ])
    func `a broken pack is refused with what is wrong`(_ good: String, _ bad: String, _ named: String) {
        let text = Self.good.replacing(good, with: bad)
        let error = #expect(throws: CupelError.self) { try RulePack(parsing: Array(text.utf8), origin: "x.yaml") }
        #expect(error?.message.contains(named) == true)
        #expect(error?.message.contains("x.yaml") == true)
    }

    @Test func `an identifier that is there twice is refused`() throws {
        let pack = try RulePack(parsing: Array(Self.good.utf8), origin: "x.yaml")
        #expect(throws: CupelError.self) { try pack.adding(pack) }
    }

    @Test(arguments: ["(", "a(?=b)", "(a)\\1"])
    func `a pattern that the engines refuse names its rule`(_ pattern: String) throws {
        let text = Self.good.replacing("thing-[a-z]{4}", with: pattern)
        let pack = try RulePack(parsing: Array(text.utf8), origin: "x.yaml")
        let error = #expect(throws: CupelError.self) {
            try GauntletEngine(rules: pack, cacheDirectory: nil).checkRules()
        }
        #expect(error?.message.hasPrefix("one:") == true)
    }

    @Test func `a file is refused at one byte over its limit`() throws {
        let padding = RulePack.maximumBytes - Self.good.utf8.count - 2
        let text = Self.good + "\n#" + String(repeating: "x", count: padding)
        #expect(text.utf8.count == RulePack.maximumBytes)
        _ = try RulePack(parsing: Array(text.utf8), origin: "x.yaml")
        #expect(throws: CupelError.self) { try RulePack(parsing: Array((text + "x").utf8), origin: "x.yaml") }
    }

    @Test func `a pattern is refused at one byte over its limit`() throws {
        func pack(_ count: Int) throws -> RulePack {
            let text = Self.good.replacing("thing-[a-z]{4}", with: String(repeating: "p", count: count))
            return try RulePack(parsing: Array(text.utf8), origin: "x.yaml")
        }
        _ = try pack(RulePack.maximumPatternBytes)
        #expect(throws: CupelError.self) { try pack(RulePack.maximumPatternBytes + 1) }
    }

    @Test func `the version changes with a rule and not with its description`() throws {
        let pack = try RulePack(parsing: Array(Self.good.utf8), origin: "x")
        var other = pack
        other.rules[0].description = "another thing"
        #expect(other.version == pack.version)
        other.rules[0].pattern = "thing"
        #expect(other.version != pack.version)
        #expect(pack.without(["one"]).rules.isEmpty)
        #expect(pack.only([.malice]).rules.isEmpty)
    }
}
