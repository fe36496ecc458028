import NIOCore
import NIOWebSocket

/// One WebSocket session on its event loop: fragments, pings, the close handshake.
final class WebSocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let settings: DoorWebSocket
    private let messages: AsyncStream<String>.Continuation
    private var context: ChannelHandlerContext?
    private var fragments: ByteBuffer?
    private var lastArrival = NIODeadline.distantPast
    private var timer: Scheduled<Void>?
    private var isClosing = false

    init(_ settings: DoorWebSocket, _ messages: AsyncStream<String>.Continuation) {
        self.settings = settings
        self.messages = messages
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        lastArrival = context.eventLoop.now
        schedulePing(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        messages.finish()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        messages.finish()
        context.fireChannelInactive()
    }

    // MARK: Out

    /// Sends a text message; the promise is kept when its bytes are with the network.
    func send(_ text: String, _ promise: EventLoopPromise<Void>) {
        guard let context, !isClosing else { return promise.fail(ChannelError.ioOnClosedChannel) }
        let frame = WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
        context.writeAndFlush(wrapOutboundOut(frame), promise: promise)
    }

    /// Sends a close frame once and waits a while for the client's.
    func close(_ code: WebSocketErrorCode) {
        guard let context, !isClosing else { return }
        writeClose(context, code)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: settings.closeTimeout) {
            context.close(promise: nil)
        }
    }

    private func writeClose(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode?) {
        isClosing = true
        timer?.cancel()
        messages.finish()
        var data = ByteBuffer()
        if let code { data.write(webSocketErrorCode: code) }
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    private func schedulePing(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: settings.pingInterval) {
            guard context.eventLoop.now < self.lastArrival + self.settings.idleTimeout else {
                return self.close(.goingAway)
            }
            let frame = WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer())
            context.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
            self.schedulePing(context)
        }
    }

    // MARK: In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        lastArrival = context.eventLoop.now
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return close(.protocolError) }
        switch frame.opcode {
        case .text, .continuation, .binary: if !isClosing { dataArrived(frame) }
        case .ping:
            guard !isClosing else { return }
            let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: closeArrived(context, frame)
        case .pong: break
        default: close(.protocolError)
        }
    }

    private func dataArrived(_ frame: WebSocketFrame) {
        guard frame.opcode != .binary else { return close(.unacceptableData) }
        // A continuation needs a beginning, and a beginning must not come within another message.
        guard (frame.opcode == .continuation) == (fragments != nil) else { return close(.protocolError) }
        var message = fragments ?? ByteBuffer()
        message.writeImmutableBuffer(frame.unmaskedData)
        guard message.readableBytes <= DoorWebSocket.maximumMessageBytes else { return close(.messageTooLarge) }
        guard frame.fin else {
            fragments = message
            return
        }
        fragments = nil
        guard let text = String(validating: message.readableBytesView, as: UTF8.self) else {
            return close(.dataInconsistentWithMessage)
        }
        if case .dropped = messages.yield(text) { close(.policyViolation) }
    }

    private func closeArrived(_ context: ChannelHandlerContext, _ frame: WebSocketFrame) {
        if !isClosing {
            var data = frame.unmaskedData
            writeClose(context, data.readWebSocketErrorCode())
        }
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: close(.goingAway)
        case ChannelEvent.inputClosed: context.close(promise: nil)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? NIOWebSocketError {
            close(WebSocketErrorCode(error))
        } else {
            context.close(promise: nil)
        }
    }
}

extension WebSocketErrorCode {
    /// What the frame decoder found, as a code for the client.
    fileprivate init(_ error: NIOWebSocketError) {
        self = error == .invalidFrameLength ? .messageTooLarge : .protocolError
    }
}
