import CupelCore
import Foundation
import Gauntlet
import Testing

@Suite struct HallmarkTests {
    private let content = Digest(of: "what passed")

    private func statement(_ verdict: Verdict = .pass, approver: String? = nil) -> HallmarkStatement {
        HallmarkStatement(
            subjects: [.init(name: "site.yml", digest: content)],
            verdict: verdict,
            reason: "Nothing was found",
            policy: Digest(of: "").description,
            rulePack: "2026.11+abc",
            layers: [.secrets, .malice],
            model: "smollm2",
            call: "c1",
            approver: approver,
            time: Timestamp(microseconds: 1_800_000_000_123_456),
            program: "cupel 1.0.0"
        )
    }

    @Test func `what is signed can be read again and holds with its key alone`() throws {
        let signer = HallmarkSigner()
        let hallmark = try Hallmark(statement(), signedWith: signer)
        let read = try Hallmark(parsing: hallmark.json.bytes())
        #expect(read == hallmark && read.statement == statement())
        #expect(read.verify(with: [signer.verifier], content: [("site.yml", content)]) == [])
        // The key as it is kept and as others hold it are the same key.
        let kept = try HallmarkSigner(signer.secret)
        let published = try HallmarkVerifier(pem: signer.verifier.pem)
        #expect(kept.verifier.identifier == published.identifier)
        #expect(read.verify(with: [published]) == [])
        #expect(read.verify(with: [HallmarkSigner().verifier]) == [.otherKey([signer.verifier.identifier])])
        #expect(read.verify(with: []) == [.otherKey([signer.verifier.identifier])])
    }

    @Test func `a changed file, a changed statement and what did not pass are told apart`() throws {
        let signer = HallmarkSigner()
        let hallmark = try Hallmark(statement(), signedWith: signer)
        let changed = Digest(of: "something else")
        let faults = hallmark.verify(with: [signer.verifier], content: [("site.yml", changed)])
        #expect(faults == [.otherContent(name: "site.yml", digest: changed)])

        let other = try Hallmark(statement(.pass, approver: "eve"), signedWith: signer)
        var forged = hallmark.json
        forged["payload"] = other.json["payload"]
        #expect(try Hallmark(parsing: forged.bytes()).verify(with: [signer.verifier]) == [.wrongSignature])

        let review = try Hallmark(statement(.review), signedWith: signer)
        #expect(review.verify(with: [signer.verifier]) == [.notPassed(.review, "Nothing was found")])
        let approved = try Hallmark(statement(.review, approver: "ana"), signedWith: signer)
        #expect(approved.verify(with: [signer.verifier]) == [])
        let blocked = try Hallmark(statement(.block, approver: "ana"), signedWith: signer)
        #expect(blocked.verify(with: [signer.verifier]) == [.notPassed(.block, "Nothing was found")])
    }

    @Test func `the payload is an in-toto statement in a DSSE envelope`() throws {
        let json = try Hallmark(statement(), signedWith: HallmarkSigner()).json
        #expect(json["payloadType"]?.stringValue == "application/vnd.in-toto+json")
        let payload = try #require(json["payload"]?.stringValue.flatMap { Data(base64Encoded: $0) })
        let inner = try JSON(parsing: Array(payload))
        #expect(inner["_type"]?.stringValue == "https://in-toto.io/Statement/v1")
        #expect(inner["subject"]?.arrayValue?.first?["digest"]?["sha256"]?.stringValue == content.hex)
        #expect(inner["predicate"]?["verdict"]?.stringValue == "pass")
    }

    @Test(arguments: 1...60) func `no damage to an envelope crashes or passes`(seed: UInt64) throws {
        let signer = HallmarkSigner()
        var generator = SeededGenerator(seed: seed)
        let whole = try Hallmark(statement(), signedWith: signer).json.bytes()
        for _ in 0..<50 {
            var bytes = whole
            if Bool.random(using: &generator) {
                bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            } else {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] ^= UInt8.random(in: 1...255, using: &generator)
            }
            guard let read = try? Hallmark(parsing: bytes) else { continue }
            // What still verifies says what was signed; a changed key name or unread member changes nothing.
            if read.verify(with: [signer.verifier]).isEmpty { #expect(read.statement == statement()) }
        }
    }

    @Test(arguments: ["", "short", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
    func `what is no key is refused with words`(text: String) {
        #expect(throws: CupelError.self) { try HallmarkVerifier(pem: text) }
        #expect(throws: CupelError.self) { try HallmarkSigner(Secret(text)) }
    }
}
