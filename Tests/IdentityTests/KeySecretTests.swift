import CupelCore
import CupelTesting
import Identity
import Testing

@Suite struct KeySecretTests {
    private func digest(_ text: String) -> ShortDigest? {
        var text = text
        return text.withUTF8 { KeySecret.digest(of: UnsafeRawBufferPointer($0)) }
    }

    @Test func `the digest of a block is that of the streamed hash, at every length`() throws {
        for length in 0...ShortDigest.maximumBytes {
            let text = String(repeating: "a", count: length)
            #expect(ShortDigest(of: text) == ShortDigest(Digest(of: text)))
        }
        #expect(ShortDigest(of: String(repeating: "a", count: ShortDigest.maximumBytes + 1)) == nil)
    }

    @Test func `only what looks like a key of ours is looked up`() {
        var generator = SeededGenerator(seed: 7)
        let secret = KeySecret.make(using: &generator).expose()
        #expect(digest(secret) == ShortDigest(Digest(of: secret)))
        for wrong in ["", "ck-", String(secret.dropLast()), secret + "x", "xx" + secret.dropFirst(2)] {
            #expect(digest(wrong) == nil)
        }
    }

    @Test func `two secrets are never alike`() {
        var generator = SystemRandomNumberGenerator()
        let secrets = Set((0..<1000).map { _ in KeySecret.make(using: &generator).expose() })
        #expect(secrets.count == 1000)
    }
}
