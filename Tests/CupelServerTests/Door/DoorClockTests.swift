import HTTPTypes
import HummingbirdCore
import NIOCore
import Testing

@testable import CupelServer

@Suite(.timeLimit(.minutes(1))) struct DoorClockTests {
    static let short = DoorSettings(
        headTimeout: .milliseconds(150),
        keepAliveTimeout: .milliseconds(150),
        stallTimeout: .milliseconds(150)
    )

    @Test(arguments: [
        "", "GET / HTTP/1.1\r\nHost: a\r\n", "\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        "POST /engine HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /engine HTTP/1.1\r\nHost: a\r\n\r\n", "GET /engine HTTP/1.1\r\nHost: a\r\n\r\nGET /",
    ])
    func `a client that says nothing more is left`(_ text: String) async throws {
        _ = try await Door.open(Self.short) { try await $0.ask(text) }
    }

    @Test func `a client that takes nothing of its answer is left`() async throws {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        try await Door.open(
            Self.short,
            responder: { _, writer, _ in
                defer { end.yield() }
                var writer = try await writer.writeHead(.init(status: .ok))
                while true { try await writer.write(DoorStreamTests.chunk) }
            }
        ) { door in
            try await Wire.open(door.port) { wire in
                try await wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                // Nothing is taken from here on; that the answer's writing ends is what is waited for.
                for await _ in ended { break }
            }
        }
    }

    private let settings = DoorSettings()
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test func `a head has its time from its first byte`() {
        var clock = ConnectionClock(settings, now: start)
        #expect(clock.look(start, buffered: 0) == .lookAgain(at: start + settings.headTimeout))
        clock.headCompleted(start)
        clock.requestCompleted()
        clock.exchangeCompleted(start)
        #expect(clock.look(start + .seconds(59), buffered: 0) == .lookAgain(at: start + .seconds(60)))
        clock.bytesArrived(start + .seconds(59))
        #expect(clock.look(start + .seconds(60), buffered: 0) == .lookAgain(at: start + .seconds(89)))
        clock.bytesArrived(start + .seconds(88))
        #expect(clock.look(start + .seconds(88), buffered: 0) == .lookAgain(at: start + .seconds(89)))
        #expect(clock.look(start + .seconds(89), buffered: 0) == .close)
    }

    @Test func `a body that we do not read is not the client's fault`() {
        var clock = ConnectionClock(settings, now: start)
        clock.headCompleted(start)
        clock.bytesArrived(start)
        #expect(clock.look(start + .seconds(500), buffered: 0) != .close)
        clock.readStarted(start + .seconds(500))
        #expect(clock.look(start + .seconds(559), buffered: 0) != .close)
        #expect(clock.look(start + .seconds(560), buffered: 0) == .close)
    }

    @Test func `an answer that takes its time is waited for, one that the client does not take is not`() {
        var clock = ConnectionClock(settings, now: start)
        clock.headCompleted(start)
        clock.requestCompleted()
        #expect(clock.look(start + .hours(1), buffered: 0) != .close)
        clock.wrote()
        #expect(clock.look(start + .hours(2), buffered: 10) != .close)
        #expect(clock.look(start + .hours(2) + .seconds(59), buffered: 10) != .close)
        #expect(clock.look(start + .hours(2) + .seconds(60), buffered: 10) == .close)
    }
}
