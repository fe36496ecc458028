import Testing

@testable import Gauntlet

@Suite("Broken words")
struct MaliceBrokenWordsTests {
    private func joined(_ text: String, _ language: Language) -> [String] {
        Array(text.utf8).withUnsafeBytes { BrokenWords.pieces(in: $0, language: language) }
            .map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test(
        "are put together as their language would",
        arguments: [
            (Language.javascript, "f('ab'+'cd')", "f('abcd')"),
            (.python, "x = \"ab\" + \"cd\"", "x = \"abcd\""),
            (.python, "subprocess.run(['ab', 'cd'])", "subprocess.run(['ab cd'])"),
            (.powershell, "a`bc 'd'+'e'", "abc 'de'"),
            (.batch, "a^b^c x", "abc x"),
            (.vbscript, "x = \"ab\" & \"cd\"", "x = \"abcd\""),
        ]
    )
    func joins(language: Language, text: String, expected: String) {
        #expect(joined(text, language) == [expected])
    }

    @Test("leave text alone that has none", arguments: [Language.javascript, .python, .powershell, .batch, .go])
    func leavesAlone(language: Language) {
        #expect(joined("a = b + c\nx = [1, 2]\n", language).isEmpty)
    }

    @Test("put short variables of a command file in their places")
    func variables() {
        #expect(joined("set x=ab\nset y=cd\n%x%%Y% e\n", .batch) == ["abcd e"])
    }

    @Test("stay bounded and whole on any bytes", arguments: 0..<40)
    func anyBytes(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        let signs = Array("'\"+&,`^%[( aset=\n\r".utf8)
        let bytes = (0..<600).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return signs[Int(state >> 33) % signs.count]
        }
        for language in [Language.javascript, .powershell, .batch, .vbscript, .unknown] {
            let pieces = bytes.withUnsafeBytes { BrokenWords.pieces(in: $0, language: language) }
            #expect(pieces.count <= 2 * BrokenWords.maximumPieces)
            #expect(pieces.allSatisfy { $0.range.upperBound <= bytes.count })
        }
    }
}
