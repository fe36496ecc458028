import CupelCore
import NIOCore
import NIOHTTP1
import NIOWebSocket

extension DoorHandler {
    /// Decides on an upgrade at the WebSocket path; an accepted one happens at the end of its request.
    /// - Throws: the problem that is answered.
    func accept(_ head: HTTPRequestHead, _ facts: HeadFacts, _ webSocket: DoorWebSocket) throws {
        guard facts.asksForWebSocket else {
            throw HeadBreach("Here a GET over HTTP/1.1 without a body may upgrade to websocket, and nothing else.")
        }
        guard head.headers["sec-websocket-version"] == ["13"] else {
            throw HeadBreach("The only version of WebSocket that is spoken is 13.", status: 426)
        }
        let keys = head.headers["sec-websocket-key"]
        guard keys.count == 1, HeadSyntax.isWebSocketKey(keys[0]) else {
            throw HeadBreach("Sec-WebSocket-Key must stand once and be the base64 of 16 bytes.")
        }
        try webSocket.shouldUpgrade(head)
        acceptedUpgrade = head
    }

    /// Answers 101 and puts WebSocket's handlers in the place of HTTP's; Hummingbird's stay behind, without requests.
    func upgrade(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
        guard let webSocket else { return context.close(promise: nil) }
        acceptedUpgrade = nil
        enterUpgrade()
        // NIO's own upgrader computes the accept key; nothing of it waits.
        let upgrader = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
        )
        upgrader.buildUpgradeResponse(channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:])
            .assumeIsolated().whenComplete { result in
                do {
                    let answer = HTTPResponseHead(
                        version: .http1_1,
                        status: .switchingProtocols,
                        headers: try result.get()
                    )
                    context.write(self.wrapOutboundOut(.head(answer)), promise: nil)
                    context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
                    try self.replaceHandlers(context, head, webSocket)
                } catch {
                    context.close(promise: nil)
                }
            }
    }

    private func replaceHandlers(
        _ context: ChannelHandlerContext,
        _ head: HTTPRequestHead,
        _ webSocket: DoorWebSocket
    ) throws {
        let (messages, continuation) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingOldest(DoorWebSocket.maximumWaitingMessages)
        )
        let handler = WebSocketHandler(webSocket, continuation)
        let operations = context.pipeline.syncOperations
        let last = httpHandlers.removeLast()
        for handler in httpHandlers { operations.removeHandler(handler, promise: nil) }
        httpHandlers = []
        let decoder = WebSocketFrameDecoder(maxFrameSize: DoorWebSocket.maximumMessageBytes)
        try operations.addHandler(WebSocketFrameEncoder(), position: .before(self))
        try operations.addHandler(ByteToMessageHandler(decoder), position: .before(self))
        try operations.addHandler(handler, position: .before(self))
        // The HTTP decoder goes last: it hands on the bytes that came behind the request.
        operations.removeHandler(last, promise: nil)
        let writer = WebSocketWriter(handler, context.eventLoop)
        session?.succeed(WebSocketSession(head: head, messages: messages, writer: writer))
        session = nil
    }
}
