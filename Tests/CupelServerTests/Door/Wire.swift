import NIOCore
import NIOPosix
import Testing

/// The client's end of a connection, byte for byte.
final class Wire {
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let channel: any Channel
    private(set) var received = ByteBuffer()

    private init(
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        _ channel: any Channel
    ) {
        self.outbound = outbound
        self.inbound = inbound
        self.channel = channel
    }

    /// Connects to loopback, runs the body, closes.
    static func open<Result: Sendable>(
        _ port: Int,
        _ body: (Wire) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.so_rcvbuf), value: 64 * 1024)
            .channelOption(.socketOption(.so_sndbuf), value: 64 * 1024)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)
                    )
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await body(Wire(outbound, inbound.makeAsyncIterator(), channel.channel))
        }
    }

    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }

    func send(_ bytes: ByteBuffer) async throws { try await outbound.write(bytes) }

    /// Closes the client's half.
    func finish() { outbound.finish() }

    /// The next bytes, nil at the end or at a reset.
    func next() async -> ByteBuffer? {
        (try? await inbound.next(isolation: #isolation)) ?? nil
    }

    /// Everything until the server closes.
    func readToEnd() async throws -> String {
        while let bytes = await next() { received.writeImmutableBuffer(bytes) }
        return String(buffer: received)
    }

    /// Reads until a text has come so many times.
    func read(until text: String, times: Int = 1) async throws -> String {
        while String(buffer: received).components(text) < times {
            guard let bytes = await next() else {
                Issue.record("the server closed before '\(text)' came: \(String(buffer: received).prefix(400))")
                break
            }
            received.writeImmutableBuffer(bytes)
        }
        return String(buffer: received)
    }

    /// Forgets what has come.
    func forget() { received.clear() }
}

extension String {
    /// How often a text occurs.
    func components(_ text: String) -> Int { ranges(of: text).count }
}
