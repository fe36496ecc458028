package import CupelCore
package import Metrics

/// Redis through hiredis: a few connections, each on a thread of its own, with batches, deadlines and a circuit that
/// makes an absent Redis cheap.
///
/// It connects in the background: making a client never fails, and neither does anybody wait for a Redis that is away
/// longer than one connect and one command may take.
package final class RedisClient: Sendable {
    /// Where it connects to.
    package let address: RedisAddress
    /// The limits it keeps.
    package let limits: RedisLimits
    /// What the names of all its keys and channels begin with.
    package let prefix: String
    private let connections: [RedisConnection]
    private let board: RedisHealthBoard

    /// Begins to connect.
    package init(
        _ address: RedisAddress,
        connectionCount: Int = 2,
        limits: RedisLimits = RedisLimits(),
        prefix: String = "cupel:",
        time: any TimeSource = SystemTime(),
        metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        let count = max(1, connectionCount)
        let board = RedisHealthBoard(expecting: count, metrics: RedisMetrics(metrics), time: time)
        self.address = address
        self.limits = limits
        self.board = board
        self.prefix = prefix
        connections = (0..<count).map { RedisConnection(address, limits, number: $0, board: board) }
        for connection in connections {
            let others = connections.filter { $0 !== connection }.map { Weak(connection: $0) }
            connection.start { failure in for other in others { other.connection?.doubt(because: failure) } }
        }
    }

    /// What is known of Redis.
    package var health: RedisHealth { board.health }

    /// Runs one command.
    /// - Throws: `storage_unavailable` when Redis is away or cannot serve us; `payload_too_large` when the command is
    ///   over its bound; `internal_error` when Redis refused the command.
    package func run(_ command: RedisCommand) async throws -> RedisReply {
        let replies = try await pipeline([command])
        return try (replies.first ?? .null).orThrow()
    }

    /// Runs commands next to each other on one connection; replies that are errors are given as such.
    /// - Throws: `storage_unavailable` when Redis is away, `payload_too_large` when a command is over its bound.
    package func pipeline(_ commands: [RedisCommand]) async throws -> [RedisReply] {
        for command in commands where command.byteCount > limits.commandBytes {
            throw CupelError(.payloadTooLarge, "A command to Redis may hold \(limits.commandBytes) bytes.")
        }
        var best = connections[0]
        var least = Int.max
        for connection in connections {
            guard let load = connection.load, load < least else { continue }
            (best, least) = (connection, load)
        }
        return try await best.send(commands)
    }

    /// A listener beside the connections, which shares the client's address and health.
    func makeSubscriber(_ deliver: @escaping @Sendable (RedisSubscriber.Event) -> Void) -> RedisSubscriber {
        RedisSubscriber(address, limits, board: board, number: connections.count, deliver: deliver)
    }

    /// Counts what is dropped because Redis is away: a `publish`, a `cache` entry.
    func dropped(_ kind: RedisMetrics.Dropped) { board.metrics.dropped(kind) }

    /// Ends all connections; whoever waits is told.
    package func close() async {
        for connection in connections { await connection.close() }
    }

    /// A connection that is not kept alive.
    ///
    /// Unchecked: a weak reference is read atomically, and nobody writes it.
    private final class Weak: @unchecked Sendable {
        weak let connection: RedisConnection?
        init(connection: RedisConnection) { self.connection = connection }
    }
}
