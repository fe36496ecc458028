import CupelCore
import NIOCore
import NIOHTTP1
import Testing

@testable import CupelServer

@Suite(.timeLimit(.minutes(1))) struct DoorWebSocketTests {
    static func socket(ping: TimeAmount = .seconds(20), idle: TimeAmount = .seconds(60)) -> DoorWebSocket {
        DoorWebSocket(
            path: "/socket",
            pingInterval: ping,
            idleTimeout: idle,
            closeTimeout: .milliseconds(200),
            shouldUpgrade: { head in
                guard head.headers["origin"].isEmpty else {
                    throw CupelError(.hostNotAllowed, "The origin is not this server.")
                }
            },
            serve: { session in
                for await message in session.messages {
                    if message == "stop" { return }
                    try? await session.writer.send("echo " + message)
                }
            }
        )
    }

    static let handshake =
        "GET /socket?a=b HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    /// A client's frame, masked.
    static func frame(_ opcode: UInt8, _ payload: [UInt8], fin: Bool = true, masked: Bool = true) -> ByteBuffer {
        var bytes: [UInt8] = [(fin ? 0x80 : 0) | opcode]
        let mask: UInt8 = masked ? 0x80 : 0
        if payload.count < 126 {
            bytes.append(mask | UInt8(payload.count))
        } else if payload.count < 65536 {
            bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        } else {
            bytes.append(mask | 127)
            bytes += (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        let key: [UInt8] = [1, 2, 3, 4]
        if masked { bytes += key }
        bytes += masked ? payload.enumerated().map { $1 ^ key[$0 % 4] } : payload
        return ByteBuffer(bytes: bytes)
    }

    /// Opens a session behind two answered requests, runs the body, gives what the server sent after it as bytes.
    static func session(
        _ socket: DoorWebSocket = socket(),
        frames: [ByteBuffer]
    ) async throws -> [UInt8] {
        try await Door.open(webSocket: socket) { door in
            try await Wire.open(door.port) { wire in
                try await wire.send("GET /engine HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                _ = try await wire.read(until: "\r\n0\r\n\r\n", times: 2)
                wire.forget()
                // The first frames travel with the handshake.
                var bytes = ByteBuffer(string: handshake + "\r\n")
                for frame in frames { bytes.writeImmutableBuffer(frame) }
                try await wire.send(bytes)
                let answer = try await wire.read(until: "\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
                #expect(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))  // RFC 6455, 1.3
                _ = try await wire.readToEnd()
                let end = wire.received.readableBytesView
                let start = Array(end).firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0
                return Array(end.dropFirst(start))
            }
        }
    }

    @Test func `messages come and go, whole or in fragments, and the client's close is answered`() async throws {
        let bytes = try await Self.session(frames: [
            Self.frame(1, Array("one".utf8)), Self.frame(1, Array("t".utf8), fin: false), Self.frame(9, [7]),
            Self.frame(0, Array("wo".utf8)), Self.frame(1, Array("stop".utf8)),
        ])
        let expected: [[UInt8]] = [
            [0x81, 8] + Array("echo one".utf8), [0x81, 8] + Array("echo two".utf8), [0x8A, 1, 7],
            [0x88, 2, 0x03, 0xE8],
        ]
        for part in expected { #expect(bytes.firstRange(of: part) != nil, "\(part) in \(bytes)") }
    }

    @Test func `a close of the client is answered with its own code`() async throws {
        #expect(try await Self.session(frames: [Self.frame(8, [0x03, 0xE9])]) == [0x88, 2, 0x03, 0xE9])
    }

    @Test(arguments: [
        (frame(1, [1], masked: false), 1002), (frame(0, [1]), 1002), (frame(2, [1]), 1003), (frame(1, [0xFF]), 1007),
        (frame(3, [1]), 1002), (frame(9, [], fin: false), 1002),
    ])
    func `a frame against the rules closes with its code`(_ frame: ByteBuffer, _ code: Int) async throws {
        #expect(try await Self.session(frames: [frame]) == [0x88, 2, UInt8(code >> 8), UInt8(code & 0xFF)])
    }

    @Test(arguments: [false, true])
    func `a message over its bound closes, one at its bound does not`(_ isFragmented: Bool) async throws {
        let bound = [UInt8](repeating: 0x61, count: DoorWebSocket.maximumMessageBytes)
        let (fits, over): ([ByteBuffer], [ByteBuffer]) =
            isFragmented
            ? (
                [Self.frame(1, Array(bound.dropLast()), fin: false), Self.frame(0, [0x61])],
                [Self.frame(1, bound, fin: false), Self.frame(0, [0x61])]
            )
            : ([Self.frame(1, bound)], [Self.frame(1, bound + [0x61])])
        let answer = try await Self.session(frames: fits + [Self.frame(1, Array("stop".utf8))])
        #expect(answer.firstRange(of: Array("echo aaaa".utf8)) != nil)
        #expect(try await Self.session(frames: over) == [0x88, 2, 0x03, 0xF1])
    }

    @Test func `messages that nobody takes close the session at their bound`() async throws {
        let deaf = DoorWebSocket(path: "/socket", closeTimeout: .milliseconds(200), shouldUpgrade: { _ in }) {
            session in
            // Takes none until the session is over.
            while (try? await session.writer.send("x")) != nil {}
        }
        let frames = (0...DoorWebSocket.maximumWaitingMessages).map { _ in Self.frame(1, [0x61]) }
        #expect(try await Self.session(deaf, frames: frames).firstRange(of: [0x88, 2, 0x03, 0xF0]) != nil)
    }

    @Test func `a session is pinged and a silent one is closed`() async throws {
        let socket = Self.socket(ping: .milliseconds(50), idle: .seconds(3))
        let bytes = try await Self.session(socket, frames: [])
        #expect(bytes.starts(with: [0x89, 0]) && bytes.suffix(4) == [0x88, 2, 0x03, 0xE9])
    }

    @Test func `a stop says goodbye to sessions`() async throws {
        let bytes = try await Door.open(webSocket: Self.socket()) { door in
            try await Wire.open(door.port) { wire in
                try await wire.send(Self.handshake + "\r\n")
                _ = try await wire.read(until: "\r\n\r\n")
                wire.forget()
                await door.stop()
                _ = try await wire.readToEnd()
                return Array(wire.received.readableBytesView)
            }
        }
        #expect(bytes == [0x88, 2, 0x03, 0xE9])
    }

    @Test(arguments: [
        (handshake + "Origin: http://elsewhere\r\n\r\n", 403, "host_not_allowed"),
        (handshake.replacing("13", with: "8") + "\r\n", 426, "malformed_request"),
        (handshake.replacing("==", with: "=") + "\r\n", 400, "malformed_request"),
        (handshake.replacing("GET", with: "POST") + "\r\n", 400, "malformed_request"),
        (handshake + "Content-Length: 1\r\n\r\na", 400, "malformed_request"),
        (handshake.replacing("Upgrade: WebSocket", with: "Upgrade: h2c") + "\r\n", 400, "malformed_request"),
    ])
    func `a handshake that may not be is a problem`(_ head: String, _ status: Int, _ code: String) async throws {
        let answer = try await Door.open(webSocket: Self.socket()) { try await $0.ask(head) }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.contains("\"\(code)\""), "\(answer)")
        #expect(answer.lowercased().contains("connection: close\r\n"))
    }

    @Test func `a plain request at the path goes on to Hummingbird`() async throws {
        let answer = try await Door.open(webSocket: Self.socket()) {
            try await $0.ask("GET /socket HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        }
        #expect(answer.contains("hummingbird /socket"))
    }
}
