import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import CupelServer

struct DoorFuzzTests {
    private static let seeds = [
        "GET /engine/a HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /engine HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /engine HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /engine HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: a\r\n\r\n",
        "GET /engine HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nabc",
        "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\u{1}\u{5}abcdefgh",
        "POST /engine HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    ]

    @Test func `random bytes never crash the door and never hold it open`() throws {
        var generator = Xorshift(state: 0x9E37_79B9_7F4A_7C15)
        for _ in 0..<2000 {
            let loop = EmbeddedEventLoop()
            let channel = EmbeddedChannel(loop: loop)
            let webSocket = DoorWebSocket(path: "/socket", shouldUpgrade: { _ in }, serve: { _ in })
            let engine = DoorEngine(prefix: "/") { EchoEngine(name: "/engine", gauge: Gauge()) }
            let door = DoorHandler(DoorSettings(), engines: [engine], webSocket: webSocket)
            let doors = DoorChannel(engines: [engine], webSocket: webSocket) { _, _, _ in }
            try doors.addHandlers(channel.pipeline.syncOperations, door)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            for piece in Self.pieces(&generator) where channel.isActive {
                // What is refused may show as an error here; that it is answered or closed is what counts.
                _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
                while let _ = try channel.readOutbound(as: IOData.self) {}
            }
            loop.advanceTime(by: .seconds(200))
            #expect(!channel.isActive)
            _ = try? channel.finish(acceptAlreadyClosed: true)
        }
    }

    /// A few requests with some bytes changed, cut anywhere.
    private static func pieces(_ generator: inout Xorshift) -> [[UInt8]] {
        var bytes = (0..<generator.next(below: 3) + 1).flatMap { _ in
            Array(seeds[generator.next(below: seeds.count)].utf8)
        }
        for _ in 0..<generator.next(below: 6) {
            let place = generator.next(below: bytes.count)
            switch generator.next(below: 4) {
            case 0: bytes[place] = UInt8(generator.next(below: 256))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: [13, 10], at: place)
            default: bytes.insert(UInt8(generator.next(below: 256)), at: place)
            }
        }
        var pieces: [[UInt8]] = []
        while !bytes.isEmpty {
            let count = min(bytes.count, generator.next(below: 40) + 1)
            pieces.append(Array(bytes.prefix(count)))
            bytes.removeFirst(count)
        }
        return pieces
    }
}

/// Marsaglia's xorshift, so that a failure can be had again.
struct Xorshift {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(bound))
    }
}
