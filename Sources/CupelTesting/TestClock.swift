package import CupelCore
import Synchronization

/// A clock that moves only when a test says so; whoever sleeps is woken as it passes.
package final class TestClock: TimeSource {
    private struct State {
        var now = Timestamp(microseconds: 1_767_225_600_000_000)
        var elapsed = Duration.zero
        var sleepers: [Int: (until: Duration, wake: CheckedContinuation<Void, any Error>)] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// A clock at 2026-01-01T00:00:00Z.
    package init() {}

    package var now: Timestamp { state.withLock { $0.now } }
    package var monotonic: Duration { state.withLock { $0.elapsed } }
    /// How many tasks sleep on this clock.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    package func sleep(for duration: Duration) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                state.withLock { state in
                    if Task.isCancelled {
                        continuation.resume(throwing: CancellationError())
                    } else {
                        state.sleepers[number] = (state.elapsed + duration, continuation)
                    }
                }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.wake.resume(throwing: CancellationError())
        }
    }

    /// Moves both clocks on and wakes whoever slept until then.
    package func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now = state.now + duration
            state.elapsed += duration
            let due = state.sleepers.filter { $0.value.until <= state.elapsed }
            for key in due.keys { state.sleepers.removeValue(forKey: key) }
            return due.values.map(\.wake)
        }
        for wake in woken { wake.resume() }
    }
}
