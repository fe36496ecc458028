import CupelCore
import Testing

@Suite struct IdentityTests {
    @Test func `identifiers are version 7, sort by time and round-trip`() throws {
        let early = Identifier<Int>(at: Timestamp(microseconds: 1_700_000_000_000_000))
        let late = Identifier<Int>(at: Timestamp(microseconds: 1_700_000_000_000_300))
        #expect(early < late)
        #expect(early.description < late.description)
        #expect(Array(early.description)[14] == "7")
        #expect("89ab".contains(Array(early.description)[19]))
        #expect(try #require(Identifier<Int>(early.description)) == early)
    }

    @Test(arguments: ["", "0198", "0198f2a4-0000-7000-8000-00000000000", "0198f2a4x0000-7000-8000-000000000000"])
    func `what is no UUID is refused`(_ text: String) {
        #expect(Identifier<Int>(text) == nil)
    }

    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `SHA-256 gives the published vectors`(_ text: String, _ hex: String) {
        #expect(Digest(of: text).hex == hex)
    }

    @Test func `SHA-256 gives the published vector of a million letters`() {
        let digest = Digest(of: String(repeating: "a", count: 1_000_000))
        #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `a digest round-trips through its text`() throws {
        let digest = Digest(of: "cupel")
        #expect(Digest(digest.description) == digest)
        #expect(Digest(digest.hex) == digest)
        #expect(Digest("sha256:12") == nil)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (1_772_357_400_123_456, "2026-03-01T09:30:00.123456Z"),
        (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
    ])
    func `timestamps print as RFC 3339`(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
    }
}
