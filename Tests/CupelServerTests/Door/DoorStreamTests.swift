import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

@testable import CupelServer

@Suite(.timeLimit(.minutes(1))) struct DoorStreamTests {
    static let chunk = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 * 1024)
    static let chunks = 512  // 32 MB: more than the kernel holds for a connection

    @Test(arguments: ["/engine", "/pages"])
    func `more than the kernel holds flows both ways no faster than the client reads`(_ path: String) async throws {
        let gauge = Gauge()
        let total = Self.chunk.readableBytes * Self.chunks
        let received = try await Door.open(gauge: gauge) { door in
            try await Wire.open(door.port) { wire in
                try await wire.send("POST \(path) HTTP/1.0\r\nContent-Length: \(total)\r\n\r\n")
                let sent = Count()
                return try await withThrowingTaskGroup(of: Int.self) { tasks in
                    let channel = wire.channel
                    tasks.addTask {
                        for _ in 0..<Self.chunks {
                            try await channel.writeAndFlush(Self.chunk)
                            sent.increase()
                        }
                        return 0
                    }
                    // The client reads nothing until what it sends stands still: every write of both sides suspends.
                    try await standstill(of: sent)
                    #expect(sent.value < Self.chunks)
                    var count = 0
                    while let bytes = await wire.next() { count += bytes.readableBytes }
                    try await tasks.waitForAll()
                    return count
                }
            }
        }
        #expect(received > total && received < total + 1024)
        if path == "/engine" {
            #expect(gauge.holds > 0)
            #expect(gauge.mostBuffered < 1024 * 1024)
        }
    }

    /// Waits until a count does not change between two looks.
    private func standstill(of count: Count) async throws {
        var last = -1
        while last != count.value {
            last = count.value
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    @Test func `a body that goes on and on after its answer ends the connection`() async throws {
        let answer = try await Door.open(responder: { _, writer, _ in
            try await writer.writeResponse(HTTPResponse(status: .notFound, headerFields: [.contentLength: "0"]))
        }) { door in
            try await Wire.open(door.port) { wire in
                try await wire.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
                _ = try await wire.read(until: "\r\n\r\n")
                // Twice the bound; the door may close before all of it is sent.
                for _ in 0..<32 { try? await wire.send(Self.chunk) }
                return try await wire.readToEnd()
            }
        }
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found") && !answer.lowercased().contains("connection: close"))
    }

    @Test(arguments: ["/engine", "/pages"])
    func `a client that leaves in the middle of its body leaves nothing behind`(_ path: String) async throws {
        let gauge = Gauge()
        try await Door.open(gauge: gauge) { door in
            for _ in 0..<20 {
                try await Wire.open(door.port) { wire in
                    try await wire.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello")
                    _ = try await wire.read(until: "hello")
                }
            }
        }
        // Every connection has an engine's handler, and the server stopped: each must have ended.
        #expect(gauge.closed == 40)
    }

    @Test func `a client that leaves in the middle of an answer leaves nothing behind`() async throws {
        let gauge = Gauge()
        let ended = Count()
        try await Door.open(
            gauge: gauge,
            responder: { _, writer, _ in
                defer { ended.increase() }
                var writer = try await writer.writeHead(.init(status: .ok))
                while true { try await writer.write(Self.chunk) }
            }
        ) { door in
            for _ in 0..<5 {
                try await Wire.open(door.port) { wire in
                    try await wire.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = await wire.next()
                }
            }
        }
        #expect(ended.value == 5)
        #expect(gauge.closed == 10)
    }
}
