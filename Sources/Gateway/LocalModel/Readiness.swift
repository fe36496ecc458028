import CupelCore
import Synchronization

/// What a local model's server is at, for those who wait for it.
final class Readiness: Sendable {
    private enum Phase {
        case starting
        case ready(Upstream)
        case failed(CupelError)
        case stopped
    }

    private struct State {
        var phase = Phase.starting
        var child: ChildProcess?
        var lastLines: [String] = []
        var nextWaiter = 0
        var cancelled: Set<Int> = []
        var waiters: [Int: CheckedContinuation<Upstream, any Error>] = [:]
    }

    private let state = Mutex(State())

    /// Lines of output that are kept to explain a failure.
    private static let linesKept = 5

    /// The child that runs or ran last.
    var child: ChildProcess? { state.withLock { $0.child } }

    func started(_ child: ChildProcess) {
        state.withLock { state in
            state.child = child
            state.lastLines = []
        }
    }

    func printed(_ line: String) {
        state.withLock { $0.lastLines = $0.lastLines.suffix(Self.linesKept - 1) + [line] }
    }

    func ready(_ upstream: Upstream) { settle(.ready(upstream)) }

    func stop() { settle(.stopped) }

    /// The child ended: who asks from now on waits for the next.
    func ended() {
        state.withLock { state in
            if case .ready = state.phase { state.phase = .starting }
            state.child = nil
        }
    }

    func fail(_ error: CupelError) {
        var error = error
        let lines = state.withLock { $0.lastLines }
        if !lines.isEmpty { error.message += " It printed: \(lines.joined(separator: " | "))" }
        settle(.failed(error))
    }

    /// The upstream, while the server is ready.
    var upstream: Upstream? {
        state.withLock { if case .ready(let upstream) = $0.phase { upstream } else { nil } }
    }

    /// Waits until the server is ready, has failed, or was stopped.
    func wait() async throws -> Upstream {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Upstream, any Error>? = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
                    let outcome = Self.outcome(of: state.phase)
                    if outcome == nil { state.waiters[id] = continuation }
                    return outcome
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let waiter = state.waiters.removeValue(forKey: id)
                if waiter == nil { state.cancelled.insert(id) }
                return waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func settle(_ phase: Phase) {
        let (outcome, waiters) = state.withLock { state in
            if case .stopped = state.phase { return (Self.outcome(of: .stopped), state.waiters) }
            state.phase = phase
            defer { state.waiters = [:] }
            return (Self.outcome(of: phase), state.waiters)
        }
        guard let outcome else { return }
        for waiter in waiters.values { waiter.resume(with: outcome) }
    }

    private static func outcome(of phase: Phase) -> Result<Upstream, any Error>? {
        switch phase {
        case .starting: nil
        case .ready(let upstream): .success(upstream)
        case .failed(let error): .failure(error)
        case .stopped: .failure(CupelError(.shuttingDown, "The local model has been stopped."))
        }
    }
}
