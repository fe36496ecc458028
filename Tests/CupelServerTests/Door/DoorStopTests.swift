import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

@testable import CupelServer

@Suite(.timeLimit(.minutes(1))) struct DoorStopTests {
    @Test func `a stop closes idle connections at once`() async throws {
        try await Door.open { door in
            try await Wire.open(door.port) { wire in
                try await wire.send("GET /engine HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await wire.read(until: "\r\n0\r\n\r\n", times: 2)
                await door.stop()
                #expect(await wire.next() == nil)
            }
        }
    }

    @Test(arguments: ["/engine", "/pages"])
    func `a stop lets a running request finish and says that the connection closes`(_ path: String) async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        try await Door.open(responder: { request, writer, _ in
            begin.yield()
            var body = ByteBuffer()
            for try await buffer in request.body { body.writeImmutableBuffer(buffer) }
            try await writer.write(response: .init(status: .ok), body: .init(byteBuffer: body))
        }) { door in
            try await Wire.open(door.port) { wire in
                try await wire.send(
                    "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
                )
                _ = try await wire.read(until: "100 Continue\r\n\r\n")
                if path == "/pages" { for await _ in begun { break } }
                await door.stop()
                try await refused(door.port)
                try await wire.send("last")
                let answer = try await wire.readToEnd()
                #expect(answer.contains("HTTP/1.1 200 OK") && answer.contains("last"))
                // The engine's head was under way before the stop.
                if path == "/pages" { #expect(answer.lowercased().contains("connection: close")) }
            }
        }
    }

    /// Waits until the port takes no connection any more: then the stop has begun everywhere.
    private func refused(_ port: Int) async throws {
        while (try? await Wire.open(port, { _ in true })) == true { try await Task.sleep(for: .milliseconds(5)) }
    }
}
