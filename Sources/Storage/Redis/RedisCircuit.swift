import CupelCore

/// Whether a connection may be used, and when it is tried again: a state machine without clock or network.
///
/// While it is broken calls fail at once, so that an absent Redis costs nothing; the connection itself tries again
/// after 100 ms, then 200 ms, and so on up to 5 s.
package struct RedisCircuit: Sendable, Hashable {
    /// What the circuit knows of the connection.
    package enum State: Sendable, Hashable {
        /// The first attempt is under way; calls wait for it.
        case starting
        case working
        /// Calls fail; `tries` attempts in a row failed.
        case broken(tries: Int)
    }

    package private(set) var state = State.starting

    /// The wait before the first new attempt.
    package static let firstDelay = Duration.milliseconds(100)
    /// The longest wait between attempts.
    package static let longestDelay = Duration.seconds(5)

    package init() {}

    /// Whether a call may be sent or wait for the connection.
    package var admits: Bool {
        if case .broken = state { false } else { true }
    }

    /// A connection was made and answered.
    package mutating func succeeded() { state = .working }

    /// An attempt or a call failed.
    /// - Returns: how long to wait before the next attempt.
    package mutating func failed() -> Duration {
        let before = if case .broken(let tries) = state { tries } else { 0 }
        state = .broken(tries: before + 1)
        return Self.delay(afterTries: before + 1)
    }

    /// Another connection of the client failed: no call is let through until this one has answered again.
    /// - Returns: whether it was trusted until now, and so must be asked.
    package mutating func doubted() -> Bool {
        guard state == .working else { return false }
        state = .broken(tries: 0)
        return true
    }

    /// The wait after a number of failed attempts in a row.
    package static func delay(afterTries tries: Int) -> Duration {
        min(longestDelay, firstDelay * (1 << max(0, min(tries - 1, 10))))
    }
}
