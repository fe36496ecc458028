import CupelCore
import Testing

@Suite struct GlobTests {
    @Test(arguments: [
        ("*", "", true), ("*", "anything", true), ("a", "a", true), ("a", "ab", false), ("a", "", false),
        ("gpt-*", "gpt-4o", true), ("gpt-*", "gpt-", true), ("gpt-*", "xgpt-4", false), ("*mini", "o4-mini", true),
        ("*mini", "mini-x", false), ("*mini*", "gpt-mini-x", true), ("*mini*", "min-i", false),
        ("a*b*c", "abc", true), ("a*b*c", "axxbyyc", true), ("a*b*c", "acb", false), ("a*a", "a", false),
        ("a*a", "aa", true), ("*ab*ab*", "abab", true), ("*ab*ab*", "aba", false), ("*aab*", "aaaab", true),
        ("**", "x", true), ("a**b", "ab", true), ("GPT", "gpt", false), ("é*", "été", true),
        ("*abab*c", "abacababxc", true),
    ])
    func `a star is any run of bytes, all else is itself`(_ pattern: String, _ text: String, _ expected: Bool) throws {
        #expect(try #require(Glob(pattern)).matches(text) == expected)
    }

    @Test func `it agrees with a plain recursive matcher`() throws {
        func plain(_ pattern: Substring, _ text: Substring) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            if first == "*" {
                return plain(pattern.dropFirst(), text) || (!text.isEmpty && plain(pattern, text.dropFirst()))
            }
            return text.first == first && plain(pattern.dropFirst(), text.dropFirst())
        }
        var patterns = [""]
        for _ in 0..<5 { patterns += patterns.flatMap { [$0 + "a", $0 + "b", $0 + "*"] } }
        var texts = [""]
        for _ in 0..<4 { texts += texts.flatMap { [$0 + "a", $0 + "b"] } }
        for pattern in Set(patterns) where !pattern.isEmpty {
            let glob = try #require(Glob(pattern))
            for text in Set(texts) where glob.matches(text) != plain(pattern[...], text[...]) {
                Issue.record("\(pattern) and \(text)")
            }
        }
    }

    @Test func `a pattern has a bound`() {
        #expect(Glob("") == nil)
        #expect(Glob(String(repeating: "a", count: Glob.maximumBytes)) != nil)
        #expect(Glob(String(repeating: "a", count: Glob.maximumBytes + 1)) == nil)
    }
}
