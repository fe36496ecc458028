import NIOCore

/// Who waits for an answer; told on the connection's event loop.
protocol UpstreamListener: AnyObject {
    /// The answer's head came.
    func upstream(_ connection: UpstreamConnection, head: ResponseHead)
    /// A piece of its body came.
    func upstream(_ connection: UpstreamConnection, body: ByteBuffer)
    /// All that had arrived was handed over.
    func upstreamDidRead(_ connection: UpstreamConnection)
    /// The answer is complete.
    func upstreamEnded(_ connection: UpstreamConnection)
    /// The answer will not come, or not whole.
    func upstream(_ connection: UpstreamConnection, failed failure: UpstreamFailure)
}

/// One HTTP/1.1 connection to an upstream: bytes out, an answer in, on the event loop of the client that asked.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var context: ChannelHandlerContext?
    /// Let go of when the connection ends.
    private var pool: UpstreamPool?
    private var reader = ResponseReader()
    private var pending = ByteBuffer()
    /// Let go of with the end of its answer. Neither is weak, since that costs each call.
    private var listener: (any UpstreamListener)?
    private var hasAnswered = false
    private var isKeepAlive = true
    private var isPaused = false
    /// Whether the pool counts it; a connection that never came about is not.
    var isAdopted = false
    /// Answers that this connection brought.
    private(set) var answers = 0
    /// When it last became idle, in nanoseconds.
    var idleSince: Int64 = 0

    init(_ pool: UpstreamPool) { self.pool = pool }

    /// Whether an answer is awaited.
    var isBusy: Bool { listener != nil }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// Sends a request, whole, and hands the answer to `listener`.
    func send(_ request: ByteBuffer, _ body: ByteBuffer?, for listener: any UpstreamListener) {
        guard let context else {
            return listener.upstream(self, failed: .reset("it was closed"))
        }
        self.listener = listener
        reader.reset()
        hasAnswered = false
        if let body {
            context.write(wrapOutboundOut(request), promise: nil)
            context.writeAndFlush(wrapOutboundOut(body), promise: nil)
        } else {
            context.writeAndFlush(wrapOutboundOut(request), promise: nil)
        }
    }

    /// Nobody waits any more: the connection ends, and with it what the upstream does for us.
    func cancel() {
        listener = nil
        close()
    }

    /// Closes an idle connection, or one that cannot go on.
    func close() {
        isKeepAlive = false
        context?.close(promise: nil)
    }

    /// Reads no more until the client has taken what it has.
    func pause() {
        guard !isPaused else { return }
        isPaused = true
        _ = try? context?.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    /// Reads again.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        _ = try? context?.channel.syncOptions?.setOption(.autoRead, value: true)
        context?.read()
    }

    // MARK: Answers

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard listener != nil else {
            // Bytes that nobody asked for: what comes next on it could be taken for another's answer.
            return close()
        }
        if pending.readableBytes == 0 {
            read(&bytes)
            if bytes.readableBytes > 0 { pending = bytes }
        } else {
            pending.writeBuffer(&bytes)
            var all = pending
            pending = ByteBuffer()
            read(&all)
            if all.readableBytes > 0 { pending = all }
        }
    }

    private func read(_ buffer: inout ByteBuffer) {
        do {
            while let listener, let piece = try reader.next(&buffer) {
                switch piece {
                case .head(let head):
                    hasAnswered = true
                    isKeepAlive = head.isKeepAlive && !reader.endsWithConnection
                    listener.upstream(self, head: head)
                case .body(let bytes): listener.upstream(self, body: bytes)
                case .end:
                    if buffer.readableBytes > 0 { isKeepAlive = false }
                    return finish(listener)
                }
            }
        } catch {
            fail(.garbled(error.problem))
        }
    }

    private func finish(_ listener: any UpstreamListener) {
        answers += 1
        self.listener = nil
        resume()
        if isKeepAlive, let pool, context != nil {
            pool.release(self)
        } else {
            close()
        }
        listener.upstreamEnded(self)
    }

    func channelReadComplete(context: ChannelHandlerContext) { listener?.upstreamDidRead(self) }

    func channelInactive(context: ChannelHandlerContext) {
        if let listener, hasAnswered, reader.endsWithConnection {
            self.listener = nil
            listener.upstreamEnded(self)
        } else {
            fail(hasAnswered ? .cut("the connection closed") : .reset("it closed the connection"))
        }
        if isAdopted { pool?.closed(self) }
        pool = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(hasAnswered ? .cut("\(error)") : .reset("\(error)"))
        context.close(promise: nil)
    }

    private func fail(_ failure: UpstreamFailure) {
        isKeepAlive = false
        guard let listener else { return }
        self.listener = nil
        close()
        listener.upstream(self, failed: failure)
    }
}
