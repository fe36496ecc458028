import CupelCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An upstream that speaks OpenAI's chat completions, answers after a moment, and counts what it was asked for: every
/// answer took eleven tokens and seven.
package final class CountingModel: Sendable {
    /// Tokens of every question.
    package static let input = 11
    /// Tokens of every answer.
    package static let output = 7

    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup
    private let counter: Counter

    /// The address up to and without `/chat/completions`.
    package var url: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/v1" }
    /// Requests that came.
    package var asked: Int { counter.asked.load(ordering: .relaxed) }
    /// Answers that were written whole.
    package var answered: Int { counter.answered.load(ordering: .relaxed) }

    private final class Counter: Sendable {
        let asked = Atomic<Int>(0)
        let answered = Atomic<Int>(0)
    }

    /// Starts on a free port; an answer, or each piece of a stream, takes so long.
    package init(pause: Duration) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let counter = Counter()
        self.counter = counter
        channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    try child.pipeline.syncOperations.addHandler(Handler(counter, pause))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Stops it.
    package func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private static let usage = #""usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}"#
        private static let whole =
            #"{"id":"a","object":"chat.completion","model":"counting","choices":[{"index":0,"finish_reason":"stop","#
            + #""message":{"role":"assistant","content":"So."}}],"# + usage + "}"
        private static let pieces =
            ["So", "."].map { chunk(#"{"content":"\#($0)"}"#, "null") } + [
                chunk("{}", #""stop""#),
                #"data: {"id":"a","object":"chat.completion.chunk","model":"counting","choices":[],"# + usage + "}\n\n",
                "data: [DONE]\n\n",
            ]

        private static func chunk(_ delta: String, _ finish: String) -> String {
            #"data: {"id":"a","object":"chat.completion.chunk","model":"counting","choices":[{"index":0,"delta":"#
                + delta + #","finish_reason":"# + finish + "}]}\n\n"
        }

        private let counter: Counter
        private let pause: TimeAmount
        private var body: [UInt8] = []
        private var isGone = false

        init(_ counter: Counter, _ pause: Duration) {
            self.counter = counter
            self.pause = .milliseconds(Int64(pause.inMilliseconds))
        }

        func channelInactive(context: ChannelHandlerContext) { isGone = true }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: body = []
            case .body(let part): body += part.readableBytesView
            case .end:
                counter.asked.wrappingAdd(1, ordering: .relaxed)
                let json = (try? JSON(parsing: body, limits: JSONLimits(bytes: 16 << 20))) ?? .null
                let isStream = json["stream"]?.boolValue ?? false
                later(context) { isStream ? $0.stream($1, 0) : $0.answer($1) }
            }
        }

        private func later(_ context: ChannelHandlerContext, _ body: @escaping (Handler, ChannelHandlerContext) -> Void)
        {
            let place = NIOLoopBound((self, context, body), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: pause) {
                let (handler, context, body) = place.value
                if !handler.isGone { body(handler, context) }
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            counter.answered.wrappingAdd(1, ordering: .relaxed)
            let bytes = ByteBuffer(string: Self.whole)
            head(context, [("Content-Type", "application/json"), ("Content-Length", "\(bytes.readableBytes)")])
            context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        private func stream(_ context: ChannelHandlerContext, _ index: Int) {
            if index == 0 { head(context, [("Content-Type", "text/event-stream")]) }
            guard index < Self.pieces.count else {
                counter.answered.wrappingAdd(1, ordering: .relaxed)
                return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
            let bytes = ByteBuffer(string: Self.pieces[index])
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
            later(context) { $0.stream($1, index + 1) }
        }

        private func head(_ context: ChannelHandlerContext, _ fields: [(String, String)]) {
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: HTTPHeaders(fields))
            context.write(wrapOutboundOut(.head(head)), promise: nil)
        }
    }
}
