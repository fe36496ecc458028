import CupelCore
import Synchronization

/// How many jobs stand where, counted no oftener than it is cheap: counting a million takes a while, and pages, scrapes
/// and scalers all ask.
package final class DepthCache: Sendable {
    private struct State {
        var depths: [QueueDepth]?
        var goodUntil = Duration.zero
        var isCounting = false
    }

    private let queue: JobQueue
    private let state = Mutex(State())

    /// The shortest time for which a count is good.
    package static let minimumAge = Duration.seconds(1)
    /// A count is good for so many times what it took, so that counting never takes more than a twentieth of the time.
    package static let ageByCost = 20

    /// A cache over a queue's store.
    package init(queue: JobQueue) { self.queue = queue }

    /// The depths, as they are or were a moment ago.
    package func depths() async throws -> [QueueDepth] {
        let known: [QueueDepth]? = state.withLock { state in
            // While one counts, the others take what was counted before.
            if let depths = state.depths, state.isCounting || queue.time.monotonic < state.goodUntil { return depths }
            state.isCounting = true
            return nil
        }
        if let known { return known }
        let begun = queue.time.monotonic
        do {
            let depths = try await queue.store.depths()
            let cost = queue.time.monotonic - begun
            state.withLock { state in
                state.depths = depths
                state.goodUntil = begun + cost + max(Self.minimumAge, cost * Self.ageByCost)
                state.isCounting = false
            }
            return depths
        } catch {
            state.withLock { $0.isCounting = false }
            throw error
        }
    }
}
