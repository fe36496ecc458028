import Testing

@testable import Gauntlet

@Suite struct TokenTests {
    @Test func `CRC-32 gives its published check value`() {
        #expect(CRC32.checksum(of: Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(CRC32.base62(of: []) == "000000")
    }

    @Test(arguments: [("Zm9v", "foo"), ("Zm8=", "fo"), ("Zg", "f"), ("", ""), ("_-8", "\u{FFFD}\u{FFFD}")])
    func `Base64 decodes as RFC 4648 says`(_ text: String, _ expected: String) throws {
        #expect(String(decoding: try #require(Base64.decode(text.utf8)), as: UTF8.self) == expected)
    }

    @Test(arguments: ["Z", "Zm9v!", "Zg==a", "Zg==="])
    func `what is not Base64 is refused`(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test func `entropy runs from none to eight bits`() {
        #expect(Entropy.bits([UInt8]()) == 0)
        #expect(Entropy.bits(Array("aaaa".utf8)) == 0)
        #expect(Entropy.bits(Array("abcd".utf8)) == 2)
        #expect(Entropy.bits(Array(0...255 as ClosedRange<UInt8>)) == 8)
    }

    @Test func `words are told from random letters`() {
        #expect(WordLikeness.share("authentication") > 0.7)
        #expect(WordLikeness.share("xkqzjvwpfh") < 0.2)
    }

    @Test(arguments: [
        "changeme", "${X}", "{{ x }}", "$X", "%(x)s", "<secret>", "xxxxxxxx", "********", "password", "abcabcabcabc",
        "12345678", "YOUR-TOKEN", "sample_value_1", "$(cmd)", "!vault",
    ])
    func `a placeholder is known as one`(_ text: String) {
        #expect(Placeholder.isOne(text))
    }

    @Test func `a password that begins with a sign is no reference`() {
        #expect(!Placeholder.isOne("$k9-Lq!7vT" + "@2"))
        #expect(!Placeholder.isOne(GauntletFixture.password))
    }
}
