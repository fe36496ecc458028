import Testing

@testable import Gauntlet

@Suite struct IgnoreTests {
    /// Pattern, path, and whether git would ignore it.
    @Test(arguments: [
        ("*.log", "a.log", true), ("*.log", "x/a.log", true), ("*.log", "a.logs", false), ("/a", "a", true),
        ("/a", "x/a", false), ("a/b", "a/b", true), ("a/b", "x/a/b", false), ("**/b", "a/x/b", true),
        ("**/b", "b", true),
        ("a/**", "a/x/y", true), ("a/**", "a", false), ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true),
        ("a/**/b", "a/x/y/c", false), ("?.c", "a.c", true), ("?.c", "ab.c", false), ("[a-c].c", "b.c", true),
        ("[!a-c].c", "b.c", false), ("[^a].c", "b.c", true), ("[]]", "]", true), ("[x", "[x", true),
        ("\\#a", "#a", true),
        ("\\!a", "!a", true), ("a\\ ", "a ", true), ("a ", "a", true), ("*", "anything", true),
        ("*a*b*", "xaxxbx", true),
        ("# c", "# c", false), ("", "a", false), ("a*/b", "axx/b", true), ("a*/b", "a/x/b", false),
    ])
    func `a pattern matches as git says`(_ pattern: String, _ path: String, _ expected: Bool) {
        let parts = path.split(separator: "/").map { Array($0.utf8) }
        let found = GlobPattern(line: pattern)?.matches(parts, isDirectory: false) ?? false
        #expect(found == expected)
    }

    @Test func `a final slash means directories alone`() {
        let pattern = GlobPattern(line: "build/")
        #expect(pattern?.matches([Array("build".utf8)], isDirectory: true) == true)
        #expect(pattern?.matches([Array("build".utf8)], isDirectory: false) == false)
    }

    @Test func `a pattern over its limit is passed over`() {
        #expect(GlobPattern(line: String(repeating: "a", count: GlobPattern.maximumBytes)) != nil)
        #expect(GlobPattern(line: String(repeating: "a", count: GlobPattern.maximumBytes + 1)) == nil)
    }

    @Test func `stars cannot make a match take long`() {
        let stars = String(repeating: "a*", count: 200) + "b"
        let name = Array(String(repeating: "a", count: 255).utf8)
        #expect(GlobPattern(line: stars)?.matches([name], isDirectory: false) == false)
        let deep = String(repeating: "**/a/", count: 100) + "b"
        #expect(GlobPattern(line: deep)?.matches(Array(repeating: [0x61], count: 128), isDirectory: false) == false)
    }
}
