import Testing

@testable import Gauntlet

@Suite("Words of shells")
struct MaliceShellWordsTests {
    private func joined(_ text: String, _ language: Language = .shell) -> [String] {
        Array(text.utf8).withUnsafeBytes { BrokenWords.pieces(in: $0, language: language) }
            .map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(
        "are read as the shell reads them",
        arguments: [
            ("w''get -q x", "wget -q x"), ("c\"\"url x", "curl x"), ("c\\url x", "curl x"),
            ("cat${IFS}file", "cat file"), ("cat$IFS$9file", "cat file"), ("c$@url x", "curl x"),
            ("a $'\\x6c\\x73'", "a ls"), ("a $'\\154\\163'", "a ls"), ("$(printf '\\x6c\\x73') -l", "ls -l"),
            ("{ls,-l,/tmp}", "ls -l /tmp"),
        ]
    )
    func reads(text: String, expected: String) {
        #expect(joined(text) == [expected])
    }

    @Test(
        "leave alone what people write",
        arguments: [
            "echo 'it''s'", "sed 's/\\s/a\\b/'", "x=\"${a}\" y=''", "printf '%s\\n' x", "${a,,} {a,b}.txt", "\\ls -l",
            "awk '{print $1}' f", "echo \"\"", "if [ \"$a\" = '' ]; then",
        ]
    )
    func leavesAlone(text: String) {
        #expect(joined(text).isEmpty)
    }

    @Test(
        "of PowerShell are spelled out",
        arguments: [
            ("$a = '{1}{0}' -f 'cd','ab'", "$a = 'abcd'"), ("$a = (\"{0}{1}\" -f 'ab', 'cd')", "$a = (\"abcd\")"),
            ("[char]105+[char]0x65", "'ie'"), ("x ([CHAR](105)+[char]101)", "x ('ie')"),
        ]
    )
    func spelled(text: String, expected: String) {
        #expect(joined(text, .powershell) == [expected])
    }

    @Test(
        "of PowerShell stay when nothing is spelled",
        arguments: ["$a = '{0} of {1}'", "$a -f 'b'", "[char]65", "'a' -f", "'{9}{8}' -f 'a'"]
    )
    func unspelled(text: String) {
        #expect(joined(text, .powershell).isEmpty)
    }

    @Test("stay bounded and whole on any bytes", arguments: 0..<40)
    func anyBytes(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 3
        let signs = Array("'\"\\${}@(),-fx41IFSprint [char]+\n".utf8)
        let bytes = (0..<600).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return signs[Int(state >> 33) % signs.count]
        }
        for language in [Language.shell, .powershell] {
            let pieces = bytes.withUnsafeBytes { BrokenWords.pieces(in: $0, language: language) }
            #expect(pieces.count <= ShellWords.maximumPieces)
            #expect(pieces.allSatisfy { $0.range.upperBound <= bytes.count })
        }
    }
}
