package import NIOCore
package import NIOHTTP1

/// Where WebSocket sessions (RFC 6455) are opened, who may open one, and what happens in it.
package struct DoorWebSocket: Sendable {
    /// The most bytes of a frame, and of a text message made of several; over it the session closes with 1009.
    package static let maximumMessageBytes = 64 * 1024
    /// The most messages that wait for the session to take them; over it the session closes with 1008.
    package static let maximumWaitingMessages = 64

    /// The path, exactly; a query may follow.
    package let path: String
    /// Whether a head, already checked, may open a session.
    /// - Throws: the problem that is answered, as `unauthorized` or `host_not_allowed`.
    package let shouldUpgrade: @Sendable (HTTPRequestHead) throws -> Void
    /// A session's life; the session closes when it returns, and its messages end when the client leaves.
    package let serve: @Sendable (WebSocketSession) async -> Void
    /// How often a ping goes out.
    package let pingInterval: TimeAmount
    /// How long a client may send nothing at all, pongs included.
    package let idleTimeout: TimeAmount
    /// How long the client may take to answer our close.
    package let closeTimeout: TimeAmount

    /// Opens sessions on a path.
    package init(
        path: String,
        pingInterval: TimeAmount = .seconds(20),
        idleTimeout: TimeAmount = .seconds(60),
        closeTimeout: TimeAmount = .seconds(5),
        shouldUpgrade: @escaping @Sendable (HTTPRequestHead) throws -> Void,
        serve: @escaping @Sendable (WebSocketSession) async -> Void
    ) {
        self.path = path
        self.pingInterval = pingInterval
        self.idleTimeout = idleTimeout
        self.closeTimeout = closeTimeout
        self.shouldUpgrade = shouldUpgrade
        self.serve = serve
    }

    func takes(_ target: String) -> Bool {
        target.utf8.prefix { $0 != UInt8(ascii: "?") }.elementsEqual(path.utf8)
    }
}
