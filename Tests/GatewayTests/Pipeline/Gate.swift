import Synchronization

/// Holds back whoever comes until a test opens it.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// How many wait.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Lets everybody through, from now on.
    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for go in waiting { go() }
    }

    /// Holds back whoever comes from now on.
    func close() { state.withLock { $0.isOpen = false } }

    /// Calls once it is open.
    func whenOpen(_ body: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            if !state.isOpen { state.waiting.append(body) }
            return state.isOpen
        }
        if isOpen { body() }
    }

    /// Waits until it is open.
    func pass() async {
        await withCheckedContinuation { continuation in whenOpen { continuation.resume() } }
    }
}

/// Waits for something that other threads bring about.
/// - Throws: ``NeverHappened`` when it has not come about after twenty seconds.
func eventually(
    _ what: String,
    _ condition: @Sendable () async throws -> Bool
) async throws {
    let since = ContinuousClock.now
    while try await !condition() {
        guard ContinuousClock.now - since < .seconds(20) else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(2))
    }
}

/// What was waited for did not come about.
struct NeverHappened: Error {
    let what: String
}
