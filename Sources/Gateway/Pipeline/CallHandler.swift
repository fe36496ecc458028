import CupelCore
import NIOCore
import NIOHTTP1

/// The gateway's end of one client's connection: takes a request, whole, and begins the call; one at a time.
final class CallHandler: ChannelInboundHandler, CallClient {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let engine: GatewayEngine
    private(set) var context: ChannelHandlerContext?
    private var loop: GatewayLoop?
    private var head: HTTPRequestHead?
    private var endpoint: Endpoint?
    private var body = ByteBuffer()
    private var isRefused = false
    private var exchange: CallExchange?
    private var starter = CallStarter()

    init(_ engine: GatewayEngine) { self.engine = engine }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop = engine.loop(of: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // A client that has closed its side waits for nothing: what it asked for is not generated to the end.
        if case ChannelEvent.inputClosed = event { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        exchange?.clientIsWritable(context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    private func leave() {
        exchange?.abandon()
        exchange = nil
    }

    // MARK: The request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head)
        case .body(var bytes):
            guard !isRefused, let loop else { return }
            guard body.readableBytes + bytes.readableBytes <= loop.limits.bodyBytes else {
                return refuseBody(loop.limits.bodyBytes)
            }
            if body.readableBytes == 0 { body = bytes } else { body.writeBuffer(&bytes) }
        case .end:
            guard !isRefused, let head, let endpoint, let loop else { return }
            self.head = nil
            start(head, endpoint, loop)
            body = ByteBuffer()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        self.head = head
        isRefused = false
        body = ByteBuffer()
        endpoint = Endpoint(head.uri)
        guard let endpoint else {
            return refuse(
                CupelError(.notFound, "`\(head.uri.prefix(200))` is not offered; `/openapi.json` lists what is.")
            )
        }
        guard head.method == (endpoint.isRead ? .GET : .POST) else {
            return refuse(
                CupelError(.methodNotAllowed, "`\(head.uri.prefix(200))` takes \(endpoint.isRead ? "GET" : "POST").")
            )
        }
        guard let loop else { return refuse(CupelError(.internalError, "The connection is on no loop of ours.")) }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > loop.limits.bodyBytes
        {
            refuseBody(loop.limits.bodyBytes)
        }
    }

    private func refuseBody(_ limit: Int) {
        refuse(
            CupelError(
                .payloadTooLarge,
                "The body is over \(limit) bytes; send less, or raise `gateway.max_body_bytes`."
            )
        )
    }

    /// Answers before the request is whole; what still comes of it is not looked at.
    private func refuse(_ error: CupelError) {
        isRefused = true
        body = ByteBuffer()
        let dialect = endpoint?.dialect ?? .chatCompletions
        let answer = CallAnswer(error, dialect, id: Identifier<CallRecord>().description)
        write(answer)
    }

    private func start(_ head: HTTPRequestHead, _ endpoint: Endpoint, _ loop: GatewayLoop) {
        let fields = RequestFields(head.headers)
        guard let exchange = starter.start(endpoint, fields, body, for: self, on: loop) else { return }
        self.exchange = exchange
        exchange.begin(fields, body)
    }

    // MARK: The answer

    /// Whether the client takes more.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// Writes a whole answer.
    func write(_ answer: CallAnswer) {
        exchange = nil
        guard let context else { return }
        var headers = HTTPHeaders()
        headers.reserveCapacity(answer.fields.count + 2)
        headers.add(name: "content-type", value: answer.contentType)
        headers.add(name: "content-length", value: String(answer.body.readableBytes))
        for field in answer.fields { headers.add(name: field.name, value: field.value) }
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if answer.body.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Begins an answer that comes in pieces.
    func beginStream(_ fields: [(name: String, value: String)]) {
        guard let context else { return }
        var headers = HTTPHeaders()
        headers.add(name: "content-type", value: "text/event-stream; charset=utf-8")
        headers.add(name: "cache-control", value: "no-cache")
        // A proxy before us that gathers pieces would make a stream of it no more.
        headers.add(name: "x-accel-buffering", value: "no")
        headers.add(name: "transfer-encoding", value: "chunked")
        for field in fields { headers.add(name: field.name, value: field.value) }
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Writes a piece; ``flush()`` sends it.
    func writeStream(_ bytes: ByteBuffer) {
        guard let context, bytes.readableBytes > 0 else { return }
        context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }

    /// Sends what was written.
    func flush() { context?.flush() }

    /// Ends an answer that came in pieces.
    func endStream() {
        exchange = nil
        context?.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

/// A whole answer to a client.
struct CallAnswer {
    var status = 200
    var contentType = "application/json"
    var fields: [(name: String, value: String)] = []
    var body: ByteBuffer

    /// An answer with a body.
    init(status: Int = 200, body: ByteBuffer) {
        self.status = status
        self.body = body
    }

    /// An error in a dialect's own shape.
    init(_ error: CupelError, _ dialect: ClientDialect, id: String) {
        status = ClientDialect.status(of: error)
        body = ByteBuffer(bytes: dialect.body(of: error, requestID: id).bytes())
        fields = dialect.requestFields(id)
        if let seconds = error.retryAfterSeconds { fields.append(("retry-after", String(seconds))) }
        if error.code == .unauthorized { fields.append(("www-authenticate", "Bearer")) }
    }
}

/// Answers `GET /v1/models` and `GET /v1/models/{model}`.
struct ModelListing {
    private let endpoint: Endpoint
    private let isAnthropic: Bool

    init(_ endpoint: Endpoint, isAnthropic: Bool) {
        self.endpoint = endpoint
        self.isAnthropic = isAnthropic
    }

    func answer(
        _ loop: GatewayLoop,
        _ caller: Caller,
        _ id: Identifier<CallRecord>
    ) throws(CupelError) -> CallAnswer {
        let models = loop.snapshot.models(caller)
        let dialect: ClientDialect = isAnthropic ? .messages : .chatCompletions
        let json: JSON
        if case .model(let name) = endpoint {
            guard let model = models.first(where: { $0.id == name }) else {
                throw CupelError(
                    .modelNotAvailable,
                    "No model is called `\(name.prefix(200))`; `GET /v1/models` lists them."
                )
            }
            json = model.json(dialect)
        } else {
            json = ListedModel.list(models, dialect)
        }
        var answer = CallAnswer(body: ByteBuffer(bytes: json.bytes()))
        answer.fields = dialect.requestFields(id.description)
        return answer
    }
}
