import CupelCore
import NIOCore
import NIOSSL
import NIOTLS

/// One connection while it is being made: ends once, with the connection or with why there is none.
final class UpstreamAttempt {
    private let target: UpstreamTarget
    private var done: ((Result<UpstreamConnection, UpstreamFailure>) -> Void)?
    private var channel: (any Channel)?
    var limit: Scheduled<Void>?

    init(_ target: UpstreamTarget, _ done: @escaping (Result<UpstreamConnection, UpstreamFailure>) -> Void) {
        self.target = target
        self.done = done
    }

    /// Fills a channel's pipeline.
    func begin(on channel: any Channel, with connection: UpstreamConnection) throws {
        self.channel = channel
        let operations = channel.pipeline.syncOperations
        if let proxy = target.proxy, target.tls != nil {
            try operations.addHandler(ProxyTunnel(proxy, target, self, connection))
        } else {
            try addHandlers(to: operations, connection)
        }
    }

    /// Adds TLS where it is wanted, who hears of the arrival, and the connection's own handler.
    func addHandlers(to operations: ChannelPipeline.SynchronousOperations, _ connection: UpstreamConnection) throws {
        if let tls = target.tls {
            let isAddress = (try? SocketAddress(ipAddress: target.host, port: 0)) != nil
            try operations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : target.host))
        }
        try operations.addHandler(UpstreamArrival(self, connection, isSecure: target.tls != nil))
        try operations.addHandler(connection)
    }

    /// Ends the attempt; what comes later is not heard.
    func end(_ result: Result<UpstreamConnection, UpstreamFailure>) {
        guard let done else { return }
        self.done = nil
        limit?.cancel()
        if case .failure = result { channel?.close(promise: nil) }
        channel = nil
        done(result)
    }
}

/// Tells when a connection can be used: at once, or after the handshake; then leaves the pipeline.
final class UpstreamArrival: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let attempt: UpstreamAttempt
    private let connection: UpstreamConnection
    private let isSecure: Bool
    private var isDone = false

    init(_ attempt: UpstreamAttempt, _ connection: UpstreamConnection, isSecure: Bool) {
        self.attempt = attempt
        self.connection = connection
        self.isSecure = isSecure
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isSecure { arrived(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { arrived(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isDone { return context.fireErrorCaught(error) }
        attempt.end(.failure(.unreachable("TLS: \(error)")))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isDone { attempt.end(.failure(.unreachable("it closed the connection during the handshake"))) }
        context.fireChannelInactive()
    }

    private func arrived(_ context: ChannelHandlerContext) {
        guard !isDone else { return }
        isDone = true
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
        attempt.end(.success(connection))
    }
}

/// Asks a proxy for a tunnel (RFC 9110, 9.3.6), then leaves the pipeline to what runs inside it.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let proxy: UpstreamTarget.Proxy
    private let target: UpstreamTarget
    private let attempt: UpstreamAttempt
    private let connection: UpstreamConnection
    private var received = ByteBuffer()
    private var reader = ResponseReader()
    private var isOpen = false

    init(
        _ proxy: UpstreamTarget.Proxy,
        _ target: UpstreamTarget,
        _ attempt: UpstreamAttempt,
        _ connection: UpstreamConnection
    ) {
        self.proxy = proxy
        self.target = target
        self.attempt = attempt
        self.connection = connection
    }

    func channelActive(context: ChannelHandlerContext) {
        let authority = "\(target.host.contains(":") ? "[\(target.host)]" : target.host):\(target.port)"
        var head = "CONNECT \(authority) HTTP/1.1\r\nhost: \(authority)\r\n"
        if let authorization = proxy.authorization {
            head += "proxy-authorization: \(authorization.expose())\r\n"
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head + "\r\n")), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        guard !isOpen else { return }
        do {
            guard case .head(let head)? = try reader.next(&received) else { return }
            guard (200..<300).contains(head.status) else {
                return attempt.end(.failure(.unreachable("the proxy \(proxy.host) answers \(head.status)")))
            }
            isOpen = true
            try attempt.addHandlers(to: context.pipeline.syncOperations, connection)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
            context.fireChannelActive()
        } catch {
            attempt.end(.failure(.unreachable("the proxy \(proxy.host): \(error)")))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOpen { attempt.end(.failure(.unreachable("the proxy \(proxy.host) closed the connection"))) }
        context.fireChannelInactive()
    }
}
