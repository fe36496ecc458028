package import CupelCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An upstream that speaks OpenAI's chat completions and answers what a test scripts.
package final class ScriptedModel: Sendable {
    /// What the upstream does with a request.
    package enum Script: Sendable {
        /// Answers with this text as the model's message.
        case answer(String)
        /// Answers with a status and a raw body.
        case raw(status: Int, body: String)
        /// Never answers.
        case silence
    }

    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let seen = Mutex<[JSON]>([])

    /// The address for `model.url`.
    package var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/v1" }
    /// The bodies of the calls so far.
    package var calls: [JSON] { seen.withLock { $0 } }

    /// Starts on a free port; the script hears the request's body and the number of the call, from 1.
    package init(_ script: @escaping @Sendable (JSON, Int) -> Script) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let sink = Sink(script: script)
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(Handler(sink))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        sink.owner.withLock { $0 = self }
    }

    /// Stops it.
    package func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    private final class Sink: Sendable {
        let script: @Sendable (JSON, Int) -> Script
        let owner = Mutex<ScriptedModel?>(nil)

        init(script: @escaping @Sendable (JSON, Int) -> Script) { self.script = script }

        func next(_ body: JSON) -> Script {
            let number = owner.withLock { $0 }?.seen.withLock { seen in
                seen.append(body)
                return seen.count
            }
            return script(body, number ?? 1)
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let sink: Sink
        private var body: [UInt8] = []
        private var path = ""

        init(_ sink: Sink) { self.sink = sink }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (path, body) = (head.uri, [])
            case .body(let part): body += part.readableBytesView
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard path.hasSuffix("/chat/completions") else { return write(context, 200, "{\"data\":[]}") }
            switch sink.next((try? JSON(parsing: body, limits: JSONLimits(bytes: 16 << 20))) ?? .null) {
            case .silence: return
            case .raw(let status, let text): write(context, status, text)
            case .answer(let text):
                let json: JSON = [
                    "id": "chat-1", "object": "chat.completion", "model": "scripted",
                    "choices": [
                        [
                            "index": 0, "finish_reason": "stop",
                            "message": ["role": "assistant", "content": .string(text)],
                        ]
                    ], "usage": ["prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18],
                ]
                write(context, 200, json.text())
            }
        }

        private func write(_ context: ChannelHandlerContext, _ status: Int, _ text: String) {
            let buffer = ByteBuffer(string: text)
            let headers = HTTPHeaders([
                ("Content-Type", "application/json"), ("Content-Length", "\(buffer.readableBytes)"),
            ])
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .init(statusCode: status), headers: headers))),
                promise: nil
            )
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
