import Testing

@testable import Gauntlet

@Suite struct MaliceHiddenTests {
    private static let plain = "a few plain words that are packed before they are encoded, and again and again"
    private static let zlib =
        "eJw9i9sJgDAQBFvZAmxqzW2MKJeQHAS79/Hh38zAEFkT7eTumLXbQBQG2IXGdMiwKtfHouj6sjxVky2gG7i94083TckbwQ=="
    private static let gzip =
        "H4sIAAAAAAACAz2L2wmAMBAEW9kCbGrNbYwol5AcBLv38eHfzMAQWRPt5O6YtdtAFAbYhcZ0yLAq18ei6PqyPFWTLaAbuL3jTzdguyV5TgAAAA=="

    @Test(arguments: [zlib, gzip, String(zlib.reversed())])
    func `a text that was packed and then encoded is read`(_ encoded: String) {
        let pieces = Decoder.pieces(in: Array("x = '\(encoded)'\n".utf8))
        #expect(pieces.map { String(decoding: $0.bytes, as: UTF8.self) } == [Self.plain])
        #expect(pieces.first?.encoding == .deflated)
    }

    @Test func `packed bytes that are damaged give what they still hold or nothing`() throws {
        var generator = SeededGenerator(seed: 41)
        let packed = try #require(Base64.decode(Array(Self.zlib.utf8)))
        for _ in 0..<600 {
            var bytes = packed
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            #expect((DeflatedText.inflate(bytes)?.count ?? 0) <= DeflatedText.maximumBytes)
        }
    }

    @Test(arguments: [
        "reqeusts", "request-s", "reqests", "beautifulsoup", "colourama", "crossenv", "cros-env", "loadash", "djnago",
        "python_dateutils", "discordjs",
    ])
    func `a name that differs little from a well-known one is noticed`(_ name: String) {
        #expect(LookalikeName.resembles(name))
    }

    @Test(arguments: [
        "requests", "lodash", "cupel", "flask-cors", "numexpr", "my-company-tool", "Django", "a", "", "six",
    ])
    func `a name of its own is not`(_ name: String) {
        #expect(!LookalikeName.resembles(name))
    }

    @Test func `a lookalike package is a signal and blocks nothing alone`() throws {
        let manifest = "{\"name\": \"loadash\", \"version\": \"1.0.0\"}"
        #expect(try GauntletFixture.scan(manifest, path: "p/package.json").findings == [])
    }

    @Test func `what must be seen often is counted among what lives`() {
        var hits = SignalHits()
        for offset in 1...6 { hits.add(3, at: offset * 10, rule: 1, minimum: 4) }
        #expect(hits.set.contains(3))
        var few = hits
        few.filter { _, offset in offset > 30 }
        #expect(!few.set.contains(3))
        hits.filter { _, offset in offset > 20 }
        #expect(hits.set.contains(3) && hits.places(of: hits.set).map(\.offset) == [60])
    }
}
