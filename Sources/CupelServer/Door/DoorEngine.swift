package import NIOCore

/// A path prefix whose requests go to a NIO handler of an engine and not to Hummingbird.
package struct DoorEngine: Sendable {
    /// The prefix, as `/v1`: it takes `/v1`, `/v1/…` and `/v1?…`, not `/v1x`; `/` takes all. Of several the longest wins.
    package let prefix: String
    /// Makes the handler of one connection.
    package let make: @Sendable () -> any ChannelHandler
    /// Makes the engine's short cut of one connection, which stands before HTTP and takes bytes; `nil` for none.
    package let makeLane: (@Sendable () -> any ChannelHandler)?

    /// Gives a prefix to an engine.
    ///
    /// The handler takes `HTTPServerRequestPart` and writes `HTTPServerResponsePart`, one request at a time, each already
    /// checked; many requests may come, with others for Hummingbird between them. It flushes what it writes. It may hold
    /// `read` while a request is its own, and may close the channel. A head that it passes on inbound is Hummingbird's
    /// to answer, with everything after it; an engine that leaves in the middle of a request ends the connection.
    package init(
        prefix: String,
        make: @escaping @Sendable () -> any ChannelHandler,
        makeLane: (@Sendable () -> any ChannelHandler)? = nil
    ) {
        self.prefix = prefix
        self.make = make
        self.makeLane = makeLane
    }

    /// Whether a request target lies under the prefix; allocates nothing.
    func takes(_ target: String) -> Bool {
        let (target, prefix) = (target.utf8, prefix.utf8)
        guard target.starts(with: prefix) else { return false }
        let end = target.index(target.startIndex, offsetBy: prefix.count)
        guard end < target.endIndex, prefix.last != UInt8(ascii: "/") else { return true }
        return target[end] == UInt8(ascii: "/") || target[end] == UInt8(ascii: "?")
    }
}
