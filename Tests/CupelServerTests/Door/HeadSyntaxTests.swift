import NIOHTTP1
import Testing

@testable import CupelServer

struct HeadSyntaxTests {
    @Test(arguments: ["a", "localhost:8080", "127.0.0.1", "[::1]", "[::1]:80", "a.b-c_d~e", "a:", "a%20b"])
    func `a host with an optional port is one`(_ host: String) {
        #expect(HeadSyntax.isHost(host))
    }

    @Test(arguments: [
        "", ":80", "a b", "a,b", "a/b", "a?b", "a#b", "a\\b", "u@a", "a:b", "a:123456", "[::1", "[]", "[g]", "[::1]a",
    ])
    func `anything else is not a host`(_ host: String) {
        #expect(!HeadSyntax.isHost(host))
    }

    @Test func `a host may be as long as its bound and no longer`() {
        #expect(HeadSyntax.isHost(String(repeating: "a", count: HeadSyntax.maximumHostBytes)))
        #expect(!HeadSyntax.isHost(String(repeating: "a", count: HeadSyntax.maximumHostBytes + 1)))
    }

    @Test func `a length may have as many digits as its bound and no more`() {
        #expect(HeadSyntax.isLength(String(repeating: "9", count: HeadSyntax.maximumLengthDigits)))
        #expect(!HeadSyntax.isLength(String(repeating: "9", count: HeadSyntax.maximumLengthDigits + 1)))
        #expect(!HeadSyntax.isLength(""))
    }

    @Test(arguments: [
        ("/v1", true), ("/v1/", true), ("/v1/a", true), ("/v1?a", true), ("/v1x", false), ("/v", false), ("/", false),
    ])
    func `a prefix takes whole path segments`(_ target: String, _ isTaken: Bool) {
        #expect(DoorEngine(prefix: "/v1") { EchoEngine(name: "", gauge: Gauge()) }.takes(target) == isTaken)
        #expect(DoorEngine(prefix: "/") { EchoEngine(name: "", gauge: Gauge()) }.takes(target))
    }

    @Test func `only HTTP/1.1 with a body is told to continue`() throws {
        let headers: HTTPHeaders = ["Host": "a", "Expect": "100-Continue", "Content-Length": "1"]
        #expect(
            try HeadFacts(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: headers)).expectsContinue
        )
        #expect(
            try !HeadFacts(HTTPRequestHead(version: .http1_0, method: .POST, uri: "/", headers: headers))
                .expectsContinue
        )
        let empty: HTTPHeaders = ["Host": "a", "Expect": "100-continue", "Content-Length": "0"]
        #expect(
            try !HeadFacts(HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: empty)).expectsContinue
        )
    }

    @Test func `a body may be drained up to its bound once the answer is complete`() throws {
        let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: ["Host": "a"])
        var exchange = Exchange(try HeadFacts(head))
        _ = exchange.answerStarted(status: 200, announcesClose: false, hasLength: true)
        let whileAnswering = exchange.bodyArrived(DoorSettings.maximumDrainBytes * 2)
        let outcome = exchange.answerCompleted()
        let atBound = exchange.bodyArrived(DoorSettings.maximumDrainBytes)
        let overBound = exchange.bodyArrived(1)
        #expect(outcome == .waitForRequest)
        #expect((whileAnswering, atBound, overBound) == (true, true, false))
    }
}
