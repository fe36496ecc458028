import CupelCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import Gateway

/// A client's connection to the gateway; one request at a time.
final class WireClient: Sendable {
    /// What came for a request so far.
    struct Answer: Sendable {
        var status: Int?
        var headers = HTTPHeaders()
        var body: [UInt8] = []
        var isComplete = false
        var isClosed = false

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        /// The stable code in an error of OpenAI's shape.
        var code: String? { json["error"]?["code"]?.stringValue }
    }

    private struct State {
        var answer = Answer()
        var waiting: [(until: @Sendable (Answer) -> Bool, CheckedContinuation<Answer, Never>)] = []
    }

    private let channel: any Channel
    private let state: SharedState

    fileprivate final class SharedState: Sendable {
        private let state = Mutex(State())

        var answer: Answer { state.withLock { $0.answer } }

        func change(_ body: @Sendable (inout Answer) -> Void) {
            let due = state.withLock { state in
                body(&state.answer)
                let answer = state.answer
                let due = state.waiting.filter { $0.until(answer) || answer.isClosed }
                state.waiting.removeAll { $0.until(answer) || answer.isClosed }
                return due.map { ($0.1, answer) }
            }
            for (continuation, answer) in due { continuation.resume(returning: answer) }
        }

        func until(_ condition: @escaping @Sendable (Answer) -> Bool) async -> Answer {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Answer? in
                    if condition(state.answer) || state.answer.isClosed { return state.answer }
                    state.waiting.append((condition, continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        }
    }

    private init(_ channel: any Channel, _ state: SharedState) {
        self.channel = channel
        self.state = state
    }

    static func connect(_ port: Int) async throws -> WireClient {
        let state = SharedState()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(AnswerHandler(state))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return WireClient(channel, state)
    }

    /// Sends a request and does not wait.
    func send(
        _ body: String,
        at path: String = "/v1/chat/completions",
        headers: [(String, String)] = [],
        method: HTTPMethod = .POST
    ) async throws {
        state.change { $0 = Answer() }
        var fields = HTTPHeaders(headers)
        fields.add(name: "host", value: "gateway")
        fields.add(name: "content-length", value: String(body.utf8.count))
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: fields)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(string: body))), promise: nil)
        try await channel.writeAndFlush(HTTPClientRequestPart.end(nil))
    }

    /// Sends a request and waits for the whole answer.
    func ask(
        _ body: String,
        at path: String = "/v1/chat/completions",
        headers: [(String, String)] = []
    ) async throws -> Answer {
        try await send(body, at: path, headers: headers)
        return await end()
    }

    /// What has come.
    var answer: Answer { state.answer }

    /// Waits until so much has come, or the connection ends.
    @discardableResult
    func until(_ condition: @escaping @Sendable (Answer) -> Bool) async -> Answer { await state.until(condition) }

    /// Waits for the whole answer.
    @discardableResult
    func end() async -> Answer { await state.until { $0.isComplete } }

    /// Goes away.
    func leave() async { try? await channel.close() }
}

private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let state: WireClient.SharedState

    init(_ state: WireClient.SharedState) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            state.change { answer in
                answer.status = Int(head.status.code)
                answer.headers = head.headers
            }
        case .body(let bytes): state.change { $0.body += bytes.readableBytesView }
        case .end: state.change { $0.isComplete = true }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { state.change { $0.isClosed = true } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
