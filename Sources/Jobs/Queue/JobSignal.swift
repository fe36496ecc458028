package import CupelCore
import Synchronization

/// Wakes whoever waits for something to happen in the queue, within this process.
package final class JobSignal: Sendable {
    private struct State {
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var next = 0
        var generation = 0
    }

    private let state = Mutex(State())

    init() {}

    /// A number that grows with every wake; compare it to know whether something happened meanwhile.
    package var generation: Int { state.withLock { $0.generation } }

    /// Wakes everyone.
    package func wake() {
        let waiters = state.withLock { state in
            state.generation += 1
            defer { state.waiters = [:] }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when something happened after `generation` was read, when `limit` passed, or when the task is
    /// cancelled.
    package func wait(after generation: Int, atMost limit: Duration, time: any TimeSource) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(after: generation) }
            group.addTask { try? await time.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when something happened after `generation` was read, or when the task is cancelled.
    func wait(after generation: Int) async {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    if state.generation > generation || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
