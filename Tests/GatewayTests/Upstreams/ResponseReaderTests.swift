import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(2))) struct ResponseReaderTests {
    /// What a reader made of bytes.
    struct Reading: Equatable {
        var status: Int?
        var isKeepAlive: Bool?
        var bytes: [UInt8] = []
        var body: String { String(decoding: bytes, as: UTF8.self) }
        var isOver = false
        var problem: String?
        var left = 0
    }

    /// Reads pieces one after the other, as they come from a socket.
    private func read(_ pieces: [[UInt8]]) -> Reading {
        var reader = ResponseReader()
        var buffer = ByteBuffer()
        var reading = Reading()
        do {
            for piece in pieces {
                buffer.writeBytes(piece)
                loop: while !reading.isOver, let found = try reader.next(&buffer) {
                    switch found {
                    case .head(let head): (reading.status, reading.isKeepAlive) = (head.status, head.isKeepAlive)
                    case .body(let bytes): reading.bytes += bytes.readableBytesView
                    case .end: reading.isOver = true
                    }
                }
            }
        } catch {
            reading.problem = error.problem
        }
        reading.left = buffer.readableBytes
        return reading
    }

    private func read(_ text: String) -> Reading { read([Array(text.utf8)]) }

    private static let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n5\r\nhello\r\n1;a=b\r\n \r\n00B\r\nworld, good\r\n0\r\nT: 1\r\n\r\n"

    @Test func `an answer in chunks is the same however it is split`() {
        let bytes = Array(Self.chunked.utf8)
        let whole = read([bytes])
        #expect(whole == Reading(status: 200, isKeepAlive: true, bytes: Array("hello world, good".utf8), isOver: true))
        for first in 0...bytes.count {
            #expect(read([Array(bytes[..<first]), Array(bytes[first...])]) == whole)
        }
        #expect(read(bytes.map { [$0] }) == whole)
    }

    @Test func `an answer of a stated length ends there and the rest is left`() {
        let reading = read("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef")
        #expect(reading.body == "abc" && reading.isOver && reading.left == 3)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true, true),
        ("HTTP/1.1 204 No Content\r\n\r\n", true, true),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", true, true),
        ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", true, false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\ncontent-length: 0\r\n\r\n", true, true),
        ("HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n", true, false),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            true, true
        ),
        ("HTTP/1.1 200 OK\n\n", false, true),
    ]) func `a head says whether a body follows and whether the connection stays`(
        text: String,
        isOver: Bool,
        stays: Bool
    ) {
        let reading = read(text)
        #expect(reading.isOver == isOver && reading.isKeepAlive == stays && reading.problem == nil)
    }

    @Test(arguments: [
        "HTP/1.1 200 OK\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 X\r\n\r\n",
        "HTTP/1.1 099 X\r\n\r\n", "<html>hello there</html>\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5 6\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
    ]) func `what is no answer is refused`(text: String) {
        #expect(read(text).problem != nil)
    }

    private func head(bytes: Int) -> String {
        let start = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: "
        return start + String(repeating: "a", count: bytes - start.utf8.count - 4) + "\r\n\r\n"
    }

    private func head(fields: Int) -> String {
        "HTTP/1.1 200 OK\r\n" + (0..<fields).map { "x-\($0): y\r\n" }.joined() + "\r\n"
    }

    @Test func `a head has its bounds`() {
        #expect(read(head(bytes: ResponseReader.maximumHeadBytes)).isOver)
        #expect(read(head(bytes: ResponseReader.maximumHeadBytes + 1)).problem == "its head is too long")
        // Also where it comes in pieces and has no end.
        let endless = "HTTP/1.1 200 OK\r\nx: " + String(repeating: "a", count: ResponseReader.maximumHeadBytes)
        #expect(read([Array(endless.utf8)]).problem == "its head is too long")
        #expect(read(head(fields: ResponseReader.maximumFields)).problem == nil)
        #expect(read(head(fields: ResponseReader.maximumFields + 1)).problem != nil)
        let line = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;" + String(repeating: "a", count: 5000)
        #expect(read(line).problem == "a line of its body is too long")
    }

    @Test func `fields are found whatever their case`() throws {
        var reader = ResponseReader()
        var buffer = ByteBuffer(
            string: "HTTP/1.1 200 OK\r\nRetry-After: \t 7 \r\nOpenAI-Version: 1\r\nopenai-x: 2\r\n\r\n"
        )
        guard case .head(let head)? = try reader.next(&buffer) else {
            Issue.record("there is no head")
            return
        }
        #expect(head.first("retry-after") == "7" && head.first(named: "retry-after") == "7")
        #expect(head.first("retry") == nil)
        #expect(head.fields(beginning: "openai-").map(\.name) == ["openai-version", "openai-x"])
    }

    @Test(arguments: 0..<20) func `garbled answers give a value or an error and never more than came`(seed: UInt64) {
        var chance = SplitMix(seed: seed)
        let good = Array(Self.chunked.utf8)
        for _ in 0..<500 {
            var bytes = good
            for _ in 0...Int.random(in: 0..<4, using: &chance) {
                bytes[Int.random(in: bytes.indices, using: &chance)] = UInt8.random(in: 0...255, using: &chance)
            }
            let cut = Int.random(in: 0...bytes.count, using: &chance)
            let reading = read([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(reading == read(bytes.map { [$0] }) || reading.problem != nil)
        }
        for end in good.indices { #expect(!read([Array(good[..<end])]).isOver) }
    }
}
