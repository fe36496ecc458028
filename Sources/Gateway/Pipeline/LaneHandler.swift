import CupelCore
import NIOCore

/// What the lane tells the door behind it.
package enum LaneEvent: Sendable {
    /// The lane answers what comes from now on; the door's clock may rest.
    case taken
    /// What comes is the door's again, from the beginning of a request on.
    case given
}

/// A short cut for plain calls, before the door's HTTP: reads the head and the body from bytes, and writes the answer as
/// bytes, so that a call costs two reads and two writes and little else.
///
/// At the beginning of each request it decides by ``LaneHead`` whether that is a plain call. If not, it hands the bytes
/// and everything after them to the door until the answer is out, and for good: a connection that is used otherwise too
/// stays the door's.
final class LaneHandler: ChannelDuplexHandler, CallClient {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Between two requests.
        case idle
        /// A body is coming.
        case body(LaneHead)
        /// A call is under way.
        case call
        /// The door has the connection.
        case passing
    }

    /// Bytes of further requests that may wait while one is answered; then nothing more is read.
    static let maximumPipelined = 64 << 10
    /// Seconds that a connection may rest, and that a client may send or take nothing.
    static let patienceSeconds: Int64 = 60

    private let engine: GatewayEngine
    private var context: ChannelHandlerContext?
    private var loop: GatewayLoop?
    private var state = State.idle
    private var isTaken = false
    private var isQuiescing = false
    private var isReadHeld = false
    private var received = ByteBuffer()
    private var body = ByteBuffer()
    private var starter = CallStarter()
    private var exchange: CallExchange?
    /// When something last came from the client or went to it, in nanoseconds.
    private var lastMove: Int64 = 0
    private var place = -1

    init(_ engine: GatewayEngine) { self.engine = engine }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop = engine.loop(of: context.eventLoop)
        if loop == nil { state = .passing }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        exchange?.abandon()
        exchange = nil
        if place >= 0 { loop?.forget(lane: place) }
        place = -1
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .passing = state { return context.fireUserInboundEventTriggered(event) }
        switch event {
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            context.fireUserInboundEventTriggered(event)
            if isTaken, case .idle = state { context.close(promise: nil) }
        case ChannelEvent.inputClosed where isTaken:
            // A client that has closed its side waits for nothing: what it asked for is not generated to the end.
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        lastMove = CallExchange.now
        exchange?.clientIsWritable(context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    func read(context: ChannelHandlerContext) {
        if isTaken { readMore(context) } else { context.read() }
    }

    private func readMore(_ context: ChannelHandlerContext) {
        if case .call = state, received.readableBytes > Self.maximumPipelined {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    // MARK: The request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .passing = state { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        lastMove = CallExchange.now
        if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
        advance(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isTaken { readMore(context) } else { context.fireChannelReadComplete() }
    }

    private func advance(_ context: ChannelHandlerContext) {
        while true {
            switch state {
            case .idle:
                guard received.readableBytes > 0 else { return }
                switch received.withUnsafeReadableBytes({ LaneHead.read($0) }) {
                case .unfinished: return take(context)
                case .other: return pass(context)
                case .call(let head):
                    guard let loop, head.length <= loop.limits.bodyBytes else { return pass(context) }
                    take(context)
                    received.moveReaderIndex(forwardBy: head.bytes)
                    state = .body(head)
                }
            case .body(let head):
                guard received.readableBytes >= head.length else { return }
                body = received.readSlice(length: head.length) ?? ByteBuffer()
                if received.readableBytes == 0 { received = ByteBuffer() }
                state = .call
                begin(head)
            case .call, .passing: return
            }
        }
    }

    private func begin(_ head: LaneHead) {
        guard let loop else { return }
        let body = self.body
        self.body = ByteBuffer()
        guard let exchange = starter.start(head.endpoint, head.fields, body, for: self, on: loop) else { return }
        self.exchange = exchange
        exchange.begin(head.fields, body)
    }

    /// From here on the lane watches the connection and the door does not.
    private func take(_ context: ChannelHandlerContext) {
        guard !isTaken else { return }
        isTaken = true
        place = loop?.remember(lane: self) ?? -1
        // The lane asks for each read itself, rather than have the question come by all the handlers of the door.
        _ = try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        context.fireUserInboundEventTriggered(LaneEvent.taken)
    }

    /// Hands the connection to the door, with what has come of a request.
    private func pass(_ context: ChannelHandlerContext) {
        state = .passing
        if place >= 0 { loop?.forget(lane: place) }
        place = -1
        let wasTaken = isTaken
        isTaken = false
        if wasTaken { context.fireUserInboundEventTriggered(LaneEvent.given) }
        let bytes = received
        received = ByteBuffer()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        if wasTaken { _ = try? context.channel.syncOptions?.setOption(.autoRead, value: true) }
    }

    /// The answer is out: the next request may come.
    private func finished() {
        exchange = nil
        guard let context else { return }
        state = .idle
        if isQuiescing { return context.close(promise: nil) }
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
        if received.readableBytes > 0 { advance(context) }
    }

    /// Looks whether the client has been silent for too long.
    func look(at now: Int64) {
        guard now - lastMove > Self.patienceSeconds * 1_000_000_000, let context else { return }
        switch state {
        case .idle, .body: context.close(promise: nil)
        case .call:
            // The upstream may think for long; a client that takes nothing of what was written may not.
            let buffered = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
            if buffered > 0 { context.close(promise: nil) }
        case .passing: break
        }
    }

    // MARK: The answer

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ answer: CallAnswer) {
        guard let context else { return }
        lastMove = CallExchange.now
        let count = answer.body.readableBytes
        var out = head(status: answer.status, capacity: 512 + (count <= 16 << 10 ? count : 0))
        out.writeStaticString("content-type: ")
        out.writeString(answer.contentType)
        out.writeStaticString("\r\ncontent-length: ")
        out.writeString(String(count))
        out.writeStaticString("\r\n")
        Self.write(answer.fields, to: &out)
        if count <= 16 << 10 {
            out.writeImmutableBuffer(answer.body)
            context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        } else {
            context.write(wrapOutboundOut(out), promise: nil)
            context.writeAndFlush(wrapOutboundOut(answer.body), promise: nil)
        }
        finished()
    }

    func beginStream(_ fields: [(name: String, value: String)]) {
        guard let context else { return }
        var out = head(status: 200, capacity: 512)
        out.writeStaticString("content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n")
        out.writeStaticString("x-accel-buffering: no\r\ntransfer-encoding: chunked\r\n")
        Self.write(fields, to: &out)
        context.write(wrapOutboundOut(out), promise: nil)
    }

    func writeStream(_ bytes: ByteBuffer) {
        guard let context, bytes.readableBytes > 0 else { return }
        lastMove = CallExchange.now
        var out = context.channel.allocator.buffer(capacity: bytes.readableBytes + 12)
        out.writeString(String(bytes.readableBytes, radix: 16))
        out.writeStaticString("\r\n")
        out.writeImmutableBuffer(bytes)
        out.writeStaticString("\r\n")
        context.write(wrapOutboundOut(out), promise: nil)
    }

    func flush() { context?.flush() }

    func endStream() {
        guard let context else { return }
        var out = context.channel.allocator.buffer(capacity: 8)
        out.writeStaticString("0\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
        finished()
    }

    private func head(status: Int, capacity: Int) -> ByteBuffer {
        var out = context?.channel.allocator.buffer(capacity: capacity) ?? ByteBuffer()
        if status == 200 {
            out.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            out.writeString("HTTP/1.1 \(status) \(Self.reason(status))\r\n")
        }
        return out
    }

    /// Fields come from us and from upstreams; a line break in one would be a second field.
    private static func write(_ fields: [(name: String, value: String)], to out: inout ByteBuffer) {
        for field in fields {
            guard !field.value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) else { continue }
            out.writeString(field.name)
            out.writeStaticString(": ")
            out.writeString(field.value)
            out.writeStaticString("\r\n")
        }
        out.writeStaticString("\r\n")
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 429: "Too Many Requests"
        case 500..<600: "Upstream Or Server Error"
        default: "Answer"
        }
    }
}
