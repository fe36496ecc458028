import CupelCore
import CupelTesting
import Policy
import Testing

@Suite struct PolicyFileTests {
    @Test func `the version is the digest of the text, and rules keep their order`() throws {
        let file = try PolicyFile(PolicyExamples.whole)
        #expect(file.version == Digest(of: PolicyExamples.whole) && file.calls.version == file.version)
        #expect(file.calls.ruleNames == ["no-shell", "interns", "local-sees-all", "no-old-models"])
    }

    @Test(arguments: [
        "version: 1", "version: 1\ncalls:", "version: 1\ncalls: {rules: }", "version: 1\ncalls: {rules: []}",
        "version: 1\ncalls: {secrets: off}", "version: 1\ncalls: {cache: off}", "# a comment\nversion: 1\n",
    ])
    func `a short policy is a policy`(_ text: String) throws {
        #expect(try PolicyFile(text).calls.ruleNames.isEmpty)
    }

    static let wrong: [(String, String, String)] = [
        ("", "policy", "is empty"),
        ("- a", "line 1, column 1", "must be a mapping"),
        ("calls: {}", "line 1, column 1", "version is missing"),
        ("version: 2", "line 1, column 10", "must be a whole number from 1 to 1"),
        ("version: 1\ncals: {}", "line 2, column 1", "did you mean calls?"),
        ("version: 1\ncalls: 7", "line 2, column 8", "must be a mapping"),
        ("version: 1\ncalls: {secrets: redakt}", "line 2, column 18", "did you mean redact?"),
        ("version: 1\ncalls: {record_bodies: 3}", "line 2, column 24", "true or false"),
        ("version: 1\ncalls: {cache: on}", "line 2, column 16", "must be off"),
        ("version: 1\ncalls: {cache: {}}", "line 2, column 16", "ttl_seconds is missing"),
        ("version: 1\ncalls: {cache: {ttl_seconds: 0}}", "line 2, column 30", "from 1 to"),
        ("version: 1\ncalls: {limits: {cost_per_call: -1}}", "line 2, column 33", "dollars over 0"),
        ("version: 1\ncalls: {limits: {cost_per_call: 0}}", "line 2, column 33", "dollars over 0"),
        ("version: 1\ncalls: {limits: {cost_per_call: 0.0000001}}", "line 2, column 33", "six places"),
        ("version: 1\ncalls: {limits: {input_tokens: 0}}", "line 2, column 32", "from 1 to"),
        ("version: 1\ncalls: {limits: {output_token: 1}}", "line 2, column 18", "did you mean output_tokens?"),
        ("version: 1\ncalls: {rules: x}", "line 2, column 16", "list of rules"),
        ("version: 1\ncalls: {rules: [x]}", "line 2, column 17", "must be a mapping"),
        ("version: 1\ncalls: {rules: [{deny: {}}]}", "line 2, column 17", "name is missing"),
        ("version: 1\ncalls: {rules: [{name: a}]}", "line 2, column 17", "does nothing"),
        ("version: 1\ncalls: {rules: [{name: '', deny: {}}]}", "line 2, column 24", "1 to 100 bytes"),
        (
            "version: 1\ncalls:\n  rules:\n  - {name: a, deny: {}}\n  - {name: a, deny: {}}", "line 5, column 5",
            "earlier rule"
        ),
        (
            "version: 1\ncalls: {rules: [{name: a, when: {team: [x]}, deny: {}}]}", "line 2, column 34",
            "did you mean teams?"
        ),
        (
            "version: 1\ncalls: {rules: [{name: a, when: {teams: {}}, deny: {}}]}", "line 2, column 41",
            "list of patterns"
        ),
        (
            "version: 1\ncalls: {rules: [{name: a, when: {teams: [[]]}, deny: {}}]}", "line 2, column 42",
            "must be a pattern"
        ),
        (
            "version: 1\ncalls: {rules: [{name: a, allow: {max_tier: 0}}]}", "line 2, column 45", "from 1 to 100"
        ),
        (
            "version: 1\ncalls: {rules: [{name: a, allow: {retention: some}}]}", "line 2, column 46",
            "must be one of none"
        ),
        (
            "version: 1\ncalls: {rules: [{name: a, deny: {max_tier: 1}}]}", "line 2, column 34", "is unknown"
        ),
        ("version: 1\ncalls: [", "line 3, column 1", "is not YAML"),
        ("version: 1\nversion: 1", "line 1, column 1", "occurs twice"),
        ("version: 1\ncalls: {rules: [{name: a, deny: {tools: [*x]}}]}", "line 2, column 42", "in quotes"),
        ("version: 1\ncalls: &a {}", "line 2, column 8", "anchors are not accepted"),
        ("version: 1\n---\nversion: 1", "line 2, column 1", "another document"),
    ]

    @Test(arguments: wrong) func `what is wrong is named by line and column`(
        _ text: String,
        _ place: String,
        _ words: String
    ) {
        let error = #expect(throws: CupelError.self, "\(text)") { try PolicyFile(text) }
        #expect(error?.code == .invalidPolicy)
        let found = error?.fields.contains { $0.field == place && $0.message.contains(words) }
        #expect(found == true, "\(text): \(error?.fields ?? [])")
    }

    @Test func `all problems are named at once, in the order of the file`() {
        let text = """
            version: 3
            calls:
              secrets: no
              rules:
                - name: a
                  deny: {modells: [x]}
                - deny: {}
            """
        let error = #expect(throws: CupelError.self) { try PolicyFile(text) }
        let places = error?.fields.map(\.field)
        #expect(places == ["line 1, column 10", "line 3, column 12", "line 6, column 14", "line 7, column 7"])
        #expect(error?.message.contains("4 problems") == true)
    }

    @Test func `a file, its rules, its lists and its depth are bounded`() throws {
        let head = "version: 1\ncalls:\n  rules:\n"
        func rules(_ count: Int) -> String { (0..<count).map { "  - {name: r\($0), deny: {}}\n" }.joined() }
        #expect(try PolicyFile(head + rules(CallPolicy.maximumRules)).calls.ruleNames.count == 1000)
        let filler = "#" + String(repeating: "x", count: 1 << 20)
        let patterns = (0..<1001).map { "p\($0)" }.joined(separator: ", ")
        let over: [(String, String)] = [
            (head + rules(CallPolicy.maximumRules + 1), "at most 1000 rules"),
            ("version: 1\n" + filler, "over 1 MiB"),
            (head + "  - {name: a, deny: {tools: [\(patterns)]}}", "at most 1000 patterns"),
            ("version: 1\ncalls: " + String(repeating: "[", count: 100_000), "nested deeper"),
            (String(repeating: "- ", count: 100_000), "indented by more"),
            (head + "  - {name: a, deny: {tools: [\(String(repeating: "x", count: 201))]}}", "must be a pattern"),
        ]
        for (text, words) in over {
            let error = #expect(throws: CupelError.self) { try PolicyFile(text) }
            #expect(error?.fields.contains { $0.message.contains(words) } == true, "\(words)")
        }
    }

    @Test func `of very many problems the first hundred are named`() {
        let text = "version: 1\ncalls:\n  rules:\n" + String(repeating: "  - 1\n", count: 500)
        let error = #expect(throws: CupelError.self) { try PolicyFile(text) }
        #expect(error?.fields.count == 100 && error?.message.contains("500") == true)
    }

    @Test func `every truncation and any flipped byte give a policy or a typed error`() {
        let good = Array(PolicyExamples.whole.utf8)
        for length in 0..<good.count { tries(good.prefix(length)) }
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[at] = UInt8.random(in: 0...255, using: &generator)
            }
            tries(bytes[...])
        }
        let marks = Array("[]{}:,-?&*!|>'\"%@`#\n \t~<".utf8)
        for _ in 0..<3000 {
            let count = Int.random(in: 1...60, using: &generator)
            tries((0..<count).map { _ in marks[Int.random(in: 0..<marks.count, using: &generator)] }[...])
        }
    }

    private func tries(_ bytes: ArraySlice<UInt8>) {
        do {
            _ = try PolicyFile(String(decoding: bytes, as: UTF8.self))
        } catch {
            let code = (error as? CupelError)?.code
            if code != .invalidPolicy { Issue.record("\(error) for \(String(decoding: bytes, as: UTF8.self))") }
        }
    }
}
