import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Synchronization

@testable import CupelServer

/// A door on a free port of loopback: an engine at `/engine` and `/other`, Hummingbird for the rest.
struct Door {
    let port: Int
    let stop: @Sendable () async -> Void

    /// Runs a door for the time of a body; that it returns shows that the server stopped.
    static func open<Result: Sendable>(
        _ settings: DoorSettings = DoorSettings(),
        webSocket: DoorWebSocket? = nil,
        gauge: Gauge = Gauge(),
        responder: @escaping HTTPChannelHandler.Responder = Door.answer,
        _ body: @Sendable (Door) async throws -> Result
    ) async throws -> Result {
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let engines = ["/engine", "/other"].map { name in
            DoorEngine(prefix: name) { EchoEngine(name: name, gauge: gauge) }
        }
        let logger = Logger(label: "door", factory: { _ in SwiftLogNoOpLogHandler() })
        let server = try HTTPServerBuilder.door(settings, engines: engines, webSocket: webSocket).buildServer(
            configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: 0)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger,
            responder: responder,
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }
        )
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var open = ports.makeAsyncIterator()
            let door = Door(port: await open.next() ?? 0, stop: { await group.triggerGracefulShutdown() })
            let result = try await body(door)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
    }

    /// Hummingbird's side: says who answers, and gives the body back as it comes.
    static let answer: HTTPChannelHandler.Responder = { request, writer, _ in
        var headers: HTTPFields = [:]
        if let name = HTTPField.Name("X-From") { headers[name] = "hummingbird \(request.head.path ?? "")" }
        var writer = try await writer.writeHead(HTTPResponse(status: .ok, headerFields: headers))
        for try await buffer in request.body { try await writer.write(buffer) }
        try await writer.finish(nil)
    }

    /// Sends bytes and reads until the server closes.
    func ask(_ text: String) async throws -> String {
        try await ask(Array(text.utf8))
    }

    /// Sends bytes and reads until the server closes.
    func ask(_ bytes: [UInt8]) async throws -> String {
        try await Wire.open(port) { wire in
            try await wire.send(ByteBuffer(bytes: bytes))
            return try await wire.readToEnd()
        }
    }
}

/// What an engine saw.
final class Gauge: Sendable {
    private let values = Mutex((buffered: 0, holds: 0, closed: 0))

    /// The most bytes that waited for the client at once.
    var mostBuffered: Int { values.withLock { $0.buffered } }
    /// How often the engine stopped reading since the client did not.
    var holds: Int { values.withLock { $0.holds } }
    /// How many connections of the engine ended.
    var closed: Int { values.withLock { $0.closed } }

    func buffered(_ count: Int) { values.withLock { $0.buffered = max($0.buffered, count) } }
    func held() { values.withLock { $0.holds += 1 } }
    func ended() { values.withLock { $0.closed += 1 } }
}

/// An engine that sends each body back as it comes, and reads only as fast as its client does.
final class EchoEngine: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let name: String
    private let gauge: Gauge
    private var isReadHeld = false

    init(name: String, gauge: Gauge) {
        self.name = name
        self.gauge = gauge
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if head.uri == name + "/declined" { return context.fireChannelRead(data) }
            if head.uri == name + "/close" { return context.close(promise: nil) }
            let answer = HTTPResponseHead(
                version: .http1_1,
                status: .ok,
                headers: ["x-from": "engine \(head.uri)"]
            )
            context.write(wrapOutboundOut(.head(answer)), promise: nil)
        case .body(let bytes):
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
            gauge.buffered(buffered)
        case .end: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    func read(context: ChannelHandlerContext) {
        guard context.channel.isWritable else {
            isReadHeld = true
            return gauge.held()
        }
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, isReadHeld {
            isReadHeld = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) { gauge.ended() }
}

/// A number that any task may increase.
final class Count: Sendable {
    private let number = Mutex(0)

    var value: Int { number.withLock { $0 } }

    func increase() { number.withLock { $0 += 1 } }
}
