import CupelCore
import HTTPTypes
import HummingbirdCore
import Testing

@testable import CupelServer

/// A head that two readers could take for different requests.
struct Malformed: Sendable, CustomTestStringConvertible {
    let name: String
    let head: String
    var status = 400

    var testDescription: String { name }

    static let all: [Malformed] = [
        Malformed(
            name: "CL.TE",
            head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"
        ),
        Malformed(
            name: "TE.CL",
            head: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n"
        ),
        Malformed(
            name: "TE.TE",
            head:
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
        ),
        Malformed(
            name: "TE twice",
            head:
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        Malformed(
            name: "TE chunked, chunked",
            head: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"
        ),
        Malformed(
            name: "TE gzip",
            head: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
        ),
        Malformed(
            name: "TE xchunked",
            head: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
        ),
        Malformed(
            name: "TE with a vertical tab",
            head: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \u{0B}chunked\r\n\r\n0\r\n\r\n"
        ),
        Malformed(name: "TE empty", head: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"),
        Malformed(
            name: "TE with space before the colon",
            head: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"
        ),
        Malformed(
            name: "TE in HTTP/1.0",
            head: "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        Malformed(
            name: "two lengths",
            head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
        ),
        Malformed(
            name: "the same length twice",
            head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"
        ),
        Malformed(name: "a list of lengths", head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na"),
        Malformed(name: "a signed length", head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na"),
        Malformed(name: "a negative length", head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na"),
        Malformed(name: "a hexadecimal length", head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\na"),
        Malformed(
            name: "a length with too many digits",
            head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000001\r\n\r\na"
        ),
        Malformed(
            name: "an overflowing length",
            head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"
        ),
        Malformed(name: "no host", head: "GET / HTTP/1.1\r\n\r\n"),
        Malformed(name: "two hosts", head: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        Malformed(name: "the same host twice", head: "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"),
        Malformed(name: "an empty host", head: "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
        Malformed(name: "a host with a path", head: "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Malformed(name: "a host with a user", head: "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"),
        Malformed(name: "absolute form", head: "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "authority form", head: "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "two slashes", head: "GET //a/b HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "a star that is not OPTIONS", head: "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "a fragment", head: "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "a target with a high byte", head: "GET /é HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "a space in the target", head: "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "a folded header", head: "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n"),
        Malformed(name: "a first header that is folded", head: "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        Malformed(name: "a header folded with a tab", head: "GET / HTTP/1.1\r\nHost: a\r\nX-A:\r\n\tc\r\n\r\n"),
        Malformed(name: "bare LF after the request line", head: "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        Malformed(name: "bare LF after a header", head: "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n"),
        Malformed(name: "bare LF at the end", head: "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        Malformed(name: "bare CR in a value", head: "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rc\r\n\r\n"),
        Malformed(name: "NUL in a value", head: "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\u{0}c\r\n\r\n"),
        Malformed(name: "NUL in a name", head: "GET / HTTP/1.1\r\nHost: a\r\nX\u{0}A: b\r\n\r\n"),
        Malformed(name: "an empty name", head: "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"),
        Malformed(name: "no colon", head: "GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n"),
        Malformed(name: "HTTP/2.0", head: "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
        Malformed(name: "HTTP/1.2", head: "GET / HTTP/1.2\r\nHost: a\r\n\r\n"),
        Malformed(name: "HTTP/0.9", head: "GET /\r\n\r\n"),
        Malformed(name: "an unknown method", head: "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "a lower-case method", head: "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Malformed(name: "HTTP/2's preface", head: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Malformed(
            name: "a chunk size that is not one",
            head: "POST /engine-not HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
        ),
        Malformed(
            name: "an unknown expectation",
            head: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: tea\r\n\r\na",
            status: 417
        ),
    ]
}

@Suite(.timeLimit(.minutes(1))) struct MalformedHeadTests {
    @Test(arguments: Malformed.all)
    func `a malformed head is a problem, and nothing after it is read`(_ malformed: Malformed) async throws {
        // A chunk that is wrong comes after its head; who answers must not have begun.
        let answer = try await Door.open(responder: { request, writer, _ in
            for try await _ in request.body {}
            try await writer.writeResponse(.init(status: .ok))
        }) { door in
            try await door.ask(malformed.head + "GET /after HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(malformed.status) "), "\(answer.prefix(600))")
        #expect(answer.ranges(of: /HTTP\/1\.[01] [0-9]/).count == 1)
        #expect(answer.lowercased().contains("connection: close\r\n"))
        #expect(answer.contains("application/problem+json"))
        let body = try JSON(parsing: Array((answer.split(separator: "\r\n\r\n").last ?? "").utf8))
        #expect(body["type"]?.stringValue == "malformed_request")
        #expect(body["status"]?.intValue == malformed.status)
        #expect(body["detail"]?.stringValue?.isEmpty == false)
        #expect(body["title"]?.stringValue?.isEmpty == false)
        #expect(body["request_id"]?.stringValue?.isEmpty == false)
    }

    @Test func `a good request before a malformed one is answered first`() async throws {
        let answer = try await Door.open { door in
            try await door.ask(
                "GET /engine/a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\n\r\n"
            )
        }
        #expect(answer.components("HTTP/1.1 200 OK") == 2)
        #expect(answer.components("HTTP/1.1 400 Bad Request") == 1)
        let places = ["engine /engine/a", "hummingbird /b", " 400 "].map { answer.firstRange(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil } && places.compactMap(\.self).sorted() == places.compactMap(\.self))
    }

    @Test(arguments: [(0, 200), (1, 414)])
    func `a target may have its bound in bytes and no more`(_ over: Int, _ status: Int) async throws {
        let target = "/" + String(repeating: "a", count: DoorSettings.maximumTargetBytes - 1 + over)
        let head = "GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        #expect(try await Door.open { try await $0.ask(head) }.hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test(arguments: [(0, 200), (1, 431)])
    func `there may be so many header fields and no more`(_ over: Int, _ status: Int) async throws {
        let fields = String(repeating: "X-A: b\r\n", count: DoorSettings.maximumHeaderFields - 2 + over)
        let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n"
        #expect(try await Door.open { try await $0.ask(head) }.hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test(arguments: [(0, 200), (1, 431)])
    func `target and fields may have their bound in bytes together and no more`(_ over: Int, _ status: Int) async throws
    {
        // NIO counts the target, the names and the values.
        let counted = "/HostaConnectioncloseX-A".utf8.count
        let value = String(repeating: "b", count: DoorSettings.maximumHeaderBytes - counted + over)
        let head = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: \(value)\r\n\r\n"
        #expect(try await Door.open { try await $0.ask(head) }.hasPrefix("HTTP/1.1 \(status) "))
    }
}
