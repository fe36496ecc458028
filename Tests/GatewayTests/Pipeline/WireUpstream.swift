import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// An upstream on loopback that sends exactly the bytes a test tells it to, and counts what it was asked.
final class WireUpstream: Sendable {
    /// One thing that it does for a request.
    enum Step: Sendable {
        case send([UInt8])
        /// Goes on once the test opens the gate.
        case pass(Gate)
        /// Ends the connection in good order.
        case close
        /// Ends it with a reset.
        case reset
    }

    /// A request as it came.
    struct Request: Sendable {
        var head: String
        var body: [UInt8]
        /// Counted from one over all connections.
        var number: Int
        /// Its connection, counted from one.
        var connection: Int

        var isStream: Bool { head.hasPrefix("POST /stream ") }
    }

    typealias Script = @Sendable (Request) -> [Step]

    private struct State {
        var requests: [Request] = []
        var accepted = 0
        var children: [Int: any Channel] = [:]
    }

    private let script: Script
    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    private init(_ script: @escaping Script) { self.script = script }

    /// Listens on a free port.
    static func start(_ script: @escaping Script) async throws -> WireUpstream {
        let upstream = WireUpstream(script)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 2048)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(WireHandler(upstream))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        upstream.channel.withLock { $0 = channel }
        return upstream
    }

    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }
    var requests: [Request] { state.withLock { $0.requests } }
    var count: Int { state.withLock { $0.requests.count } }
    /// Connections that came.
    var accepted: Int { state.withLock { $0.accepted } }
    /// Connections that are there now.
    var open: Int { state.withLock { $0.children.count } }

    /// Ends every connection, as a restart does.
    func endConnections() async {
        for child in state.withLock({ Array($0.children.values) }) { try? await child.close() }
    }

    func stop() async {
        try? await channel.withLock { $0 }?.close()
        await endConnections()
    }

    fileprivate func begin(_ child: any Channel) -> Int {
        state.withLock { state in
            state.accepted += 1
            state.children[state.accepted] = child
            return state.accepted
        }
    }

    fileprivate func end(_ number: Int) { state.withLock { _ = $0.children.removeValue(forKey: number) } }

    fileprivate func steps(_ head: String, _ body: [UInt8], on connection: Int) -> [Step] {
        let request = state.withLock { state in
            let request = Request(head: head, body: body, number: state.requests.count + 1, connection: connection)
            state.requests.append(request)
            return request
        }
        return script(request)
    }
}

extension WireUpstream.Step {
    static func text(_ text: String) -> Self { .send(Array(text.utf8)) }

    /// A whole answer.
    static func answer(_ body: String, status: Int = 200, fields: String = "", type: String = "application/json")
        -> Self
    {
        .text(
            "HTTP/1.1 \(status) X\r\ncontent-type: \(type)\r\n\(fields)content-length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    /// The head of a stream in chunks.
    static let streamHead = Self.text(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )

    /// A chunk of a body.
    static func chunk(_ bytes: [UInt8]) -> Self {
        .send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
    }

    static func chunk(_ text: String) -> Self { chunk(Array(text.utf8)) }

    /// The end of a body in chunks.
    static let lastChunk = Self.text("0\r\n\r\n")
}

/// One connection: takes a request by its length, and does what the script says before it takes the next.
private final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let upstream: WireUpstream
    private var number = 0
    private var received: [UInt8] = []
    private var steps: [WireUpstream.Step] = []
    private var isWaiting = false
    private var isGone = false

    init(_ upstream: WireUpstream) { self.upstream = upstream }

    func channelActive(context: ChannelHandlerContext) { number = upstream.begin(context.channel) }

    func channelInactive(context: ChannelHandlerContext) {
        isGone = true
        upstream.end(number)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytesView
        proceed(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func proceed(_ context: ChannelHandlerContext) {
        while !isGone, !isWaiting {
            if steps.isEmpty {
                guard let (head, body) = takeRequest() else { return }
                steps = upstream.steps(head, body, on: number)
                if steps.isEmpty { isWaiting = true }
                continue
            }
            take(steps.removeFirst(), context)
        }
    }

    private func take(_ step: WireUpstream.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .send(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .close: context.close(promise: nil)
        case .reset:
            _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            context.close(promise: nil)
        case .pass(let gate):
            isWaiting = true
            let place = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            gate.whenOpen {
                place.eventLoop.execute {
                    let (handler, context) = place.value
                    handler.isWaiting = false
                    handler.proceed(context)
                }
            }
        }
    }

    private func takeRequest() -> (head: String, body: [UInt8])? {
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return nil }
        let head = String(decoding: received[..<end], as: UTF8.self)
        let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
            .flatMap { Int($0.dropFirst(16)) }
        guard received.count - end >= length ?? 0 else { return nil }
        let body = Array(received[end..<(end + (length ?? 0))])
        received.removeFirst(end + body.count)
        return (head, body)
    }
}
