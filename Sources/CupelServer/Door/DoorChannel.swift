package import HummingbirdCore
package import Logging
package import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// The one HTTP/1 channel of the server, in the form in which Hummingbird takes channels.
package struct DoorChannel: ServerChildChannel, HTTPChannelHandler {
    /// One connection.
    package struct Value: ServerChildChannelValue {
        let requests: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
        let session: EventLoopFuture<WebSocketSession?>?

        /// The connection itself.
        package var channel: any Channel { requests.channel }
    }

    /// Hummingbird's responder: everything that no engine takes.
    package let responder: HTTPChannelHandler.Responder
    private let settings: DoorSettings
    private let engines: [DoorEngine]
    private let webSocket: DoorWebSocket?
    private let secure: (@Sendable (any Channel) throws -> Void)?

    /// Makes the channel; see `HTTPServerBuilder.door`.
    package init(
        _ settings: DoorSettings = DoorSettings(),
        engines: [DoorEngine] = [],
        webSocket: DoorWebSocket? = nil,
        secure: (@Sendable (any Channel) throws -> Void)? = nil,
        responder: @escaping HTTPChannelHandler.Responder
    ) {
        self.settings = settings
        self.engines = engines
        self.webSocket = webSocket
        self.secure = secure
        self.responder = responder
    }

    /// Builds the pipeline of a new connection.
    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture { try build(channel) }
    }

    private func build(_ channel: any Channel) throws -> Value {
        // A Unix socket has no such option and needs none.
        try? channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try secure?(channel)
        let door = DoorHandler(settings, engines: engines, webSocket: webSocket)
        let promise = webSocket.map { _ in channel.eventLoop.makePromise(of: WebSocketSession?.self) }
        do {
            try addHandlers(channel.pipeline.syncOperations, door)
            let requests = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
            door.session = promise
            return Value(requests: requests, session: promise?.futureResult)
        } catch {
            promise?.fail(error)
            throw error
        }
    }

    /// Everything up to Hummingbird's own handler.
    func addHandlers(_ operations: ChannelPipeline.SynchronousOperations, _ door: DoorHandler) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = DoorSettings.maximumHeaderBytes
        limits.maxHeaderListSize = DoorSettings.maximumHeaderBytes
        limits.maxHeaderFieldCount = DoorSettings.maximumHeaderFields
        let arrival = ArrivalHandler(door)
        let encoder = HTTPResponseEncoder()
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        )
        let pipelining = HTTPServerPipelineHandler()
        let validator = NIOHTTPResponseHeadersValidator()
        let front: [any ChannelHandler] = [arrival, encoder, decoder, pipelining, validator]
        for engine in engines { if let lane = engine.makeLane?() { try operations.addHandler(lane) } }
        try operations.addHandlers(front)
        door.httpHandlers = [pipelining, validator, encoder, arrival, decoder]
        try operations.addHandler(door)
        for (index, engine) in engines.enumerated() {
            try operations.addHandler(BranchStart(index, door))
            try operations.addHandler(engine.make())
            try operations.addHandler(BranchEnd(index, door))
        }
        try operations.addHandler(RearGate(door))
        try operations.addHandler(HTTP1ToHTTPServerCodec(secure: secure != nil))
    }

    /// Serves a connection until it ends: its requests that are Hummingbird's, and its WebSocket session if it has one.
    package func handle(value: Value, logger: Logger) async {
        guard let webSocket, let session = value.session else {
            return await handleHTTP(asyncChannel: value.requests, logger: logger)
        }
        async let served: Void = Self.serve(session, webSocket)
        await handleHTTP(asyncChannel: value.requests, logger: logger)
        await served
    }

    private static func serve(_ session: EventLoopFuture<WebSocketSession?>, _ webSocket: DoorWebSocket) async {
        guard let session = try? await session.get() else { return }
        await webSocket.serve(session)
        session.writer.close()
    }
}

extension HTTPServerBuilder {
    /// The server behind the door: strict heads, engines' prefixes, WebSocket sessions, timeouts.
    /// - Parameter secure: adds what must stand before HTTP, as TLS; its presence makes requests' scheme https.
    package static func door(
        _ settings: DoorSettings = DoorSettings(),
        engines: [DoorEngine] = [],
        webSocket: DoorWebSocket? = nil,
        secure: (@Sendable (any Channel) throws -> Void)? = nil
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            DoorChannel(settings, engines: engines, webSocket: webSocket, secure: secure, responder: responder)
        }
    }
}
