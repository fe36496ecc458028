import NIOCore
package import NIOHTTP1
import NIOWebSocket

/// An open WebSocket session: the messages that come, and a writer.
package struct WebSocketSession: Sendable {
    /// The head that opened it.
    package let head: HTTPRequestHead
    /// The text messages in their order; ends when the session does.
    package let messages: AsyncStream<String>
    /// Sends messages; may be used from any task.
    package let writer: WebSocketWriter
}

/// Sends on a WebSocket session.
package struct WebSocketWriter: Sendable {
    private let handler: NIOLoopBound<WebSocketHandler>
    private let eventLoop: any EventLoop

    init(_ handler: WebSocketHandler, _ eventLoop: any EventLoop) {
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.eventLoop = eventLoop
    }

    /// Sends a text message and waits until the network has taken it, so that a slow client slows its sender.
    /// - Throws: when the session is closing or closed.
    package func send(_ text: String) async throws {
        let handler = handler
        let promise = eventLoop.makePromise(of: Void.self)
        eventLoop.execute { handler.value.send(text, promise) }
        try await promise.futureResult.get()
    }

    /// Begins the close handshake with code 1000; the session's messages end when it is done.
    package func close() {
        let handler = handler
        eventLoop.execute { handler.value.close(.normalClosure) }
    }
}
