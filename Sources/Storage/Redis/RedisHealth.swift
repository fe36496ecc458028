package import CupelCore
import Synchronization

/// Whether Redis serves us.
package struct RedisHealth: Sendable, Hashable {
    /// What is known of it.
    package enum State: String, Sendable {
        /// The first connections are being made.
        case starting
        case up
        /// At least one connection is broken; what it would have done is done without Redis.
        case down
    }

    package var state: State
    /// When the state began.
    package var since: Timestamp
    /// What went wrong last, fit to be shown; kept after a recovery.
    package var lastError: String?
}

/// Gathers what the connections of one client see, counts it, and keeps the gauge `cupel_redis_up`.
final class RedisHealthBoard: Sendable {
    private struct Board {
        var isUp: [Int: Bool] = [:]
        var health: RedisHealth
    }

    private let expected: Int
    private let time: any TimeSource
    private let board: Mutex<Board>
    let metrics: RedisMetrics

    /// A board for so many connections.
    init(expecting expected: Int, metrics: RedisMetrics, time: any TimeSource) {
        self.metrics = metrics
        self.expected = expected
        self.time = time
        board = Mutex(Board(health: RedisHealth(state: .starting, since: time.now, lastError: nil)))
    }

    var health: RedisHealth { board.withLock { $0.health } }

    /// Takes what one connection saw.
    func report(_ connection: Int, isUp: Bool, error: String? = nil) {
        let now = time.now
        let state = board.withLock { board in
            board.isUp[connection] = isUp
            if let error { board.health.lastError = error }
            let state: RedisHealth.State =
                board.isUp.values.contains(false) ? .down : board.isUp.count < expected ? .starting : .up
            if state != board.health.state {
                board.health.state = state
                board.health.since = now
            }
            return state
        }
        metrics.isUp(state == .up)
    }
}
