import CupelCore
import NIOCore
import NIOPosix
import Synchronization

@testable import Gateway

/// A server on the loopback that speaks OpenAI's wire format as a script tells it, faults included.
final class ScriptedUpstream: Sendable {
    /// What it does with one request.
    enum Step: Sendable {
        /// Sends these bytes as they are and keeps the connection.
        case send(String)
        /// Sends these bytes and closes.
        case sendAndClose(String)
        /// Sends so many bytes of an endless body.
        case flood(Int)
        /// Sends these bytes, then nothing more.
        case stall(String)
    }

    private struct State {
        var script: [Step]
        var requests: [String] = []
        var closed = 0
    }

    private let state: Mutex<State>
    private let channel: Mutex<(any Channel)?> = Mutex(nil)

    private init(_ script: [Step]) { state = Mutex(State(script: script)) }

    /// Starts one; its last step is repeated for further requests.
    static func start(_ script: Step...) async throws -> ScriptedUpstream {
        let server = ScriptedUpstream(script)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(server))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        server.channel.withLock { $0 = channel }
        return server
    }

    /// Where it listens.
    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }

    /// It, as the gateway sees it.
    func upstream(limits: UpstreamLimits = UpstreamLimits(), apiKey: Secret? = nil) -> Upstream {
        Upstream(
            name: "scripted",
            baseURL: "http://127.0.0.1:\(port)/v1/",
            apiKey: apiKey,
            model: "test-model",
            limits: limits
        )
    }

    /// The requests so far, heads and bodies.
    var requests: [String] { state.withLock { $0.requests } }

    /// The bodies of the requests so far.
    func bodies() throws -> [JSON] {
        try requests.map { request in
            try JSON(parsing: request.split(separator: "\r\n\r\n", maxSplits: 1).last.map(String.init) ?? "")
        }
    }

    /// Connections that have ended.
    var closed: Int { state.withLock { $0.closed } }

    func stop() async throws {
        let channel = channel.withLock { $0 }
        try await channel?.close()
    }

    fileprivate func next(after request: String) -> Step {
        state.withLock { state in
            state.requests.append(request)
            return state.script.count > 1 ? state.script.removeFirst() : state.script[0]
        }
    }

    fileprivate func connectionClosed() { state.withLock { $0.closed += 1 } }
}

extension ScriptedUpstream.Step {
    /// An answer with a JSON body.
    static func json(_ body: JSON, status: Int = 200, headers: String = "") -> Self {
        text(body.text(), status: status, headers: headers)
    }

    /// An answer with any body.
    static func text(_ body: String, status: Int = 200, headers: String = "") -> Self {
        .send(
            "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\n\(headers)content-length: \(body.utf8.count)"
                + "\r\n\r\n" + body
        )
    }

    /// A completion that says `text`.
    static func says(_ text: String, finish: String = "stop") -> Self {
        .json([
            "id": "chatcmpl-1", "object": "chat.completion", "model": "test-model-7b",
            "choices": [
                [
                    "index": 0, "finish_reason": .string(finish),
                    "message": ["role": "assistant", "content": .string(text)],
                ]
            ],
            "usage": ["prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18],
        ])
    }

    /// An error in OpenAI's shape.
    static func error(_ status: Int, _ message: String, headers: String = "") -> Self {
        .json(["error": ["message": .string(message), "type": "x"]], status: status, headers: headers)
    }
}

/// One connection: collects a request by its content-length, then does the next step.
private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: ScriptedUpstream
    private var received = ""

    init(_ server: ScriptedUpstream) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard let head = received.range(of: "\r\n\r\n") else { return }
        let length = received[..<head.lowerBound].lowercased().split(separator: "\r\n")
            .first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) }
        guard received[head.upperBound...].utf8.count >= length ?? 0 else { return }
        let request = received
        received = ""
        switch server.next(after: request) {
        case .send(let text): send(text, context)
        case .stall(let text): send(text, context)
        case .sendAndClose(let text):
            send(text, context)
            context.close(promise: nil)
        case .flood(let count):
            send("HTTP/1.1 200 OK\r\ncontent-length: \(count)\r\n\r\n", context)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(repeating: 0x20, count: count)), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        server.connectionClosed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}

extension String {
    /// Where `other` occurs first.
    fileprivate func range(of other: String) -> Range<Index>? { firstRange(of: other) }
}
