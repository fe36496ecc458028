import CLinux
import CPostgres
import Dispatch
import Glibc
import Synchronization

/// A descriptor that wakes a thread that polls it.
final class WakeDescriptor: Sendable {
    let descriptor = clinux_open_event()

    deinit { close(descriptor) }

    func wake() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    func drain() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}

/// Tells the thread that works for one Swift task that the task was cancelled.
final class PostgresCancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    private let wake: WakeDescriptor

    init(_ wake: WakeDescriptor) { self.wake = wake }

    var isCancelled: Bool { flag.load(ordering: .acquiring) }

    func cancel() {
        flag.store(true, ordering: .releasing)
        wake.wake()
    }
}

/// Sends cancel requests from a thread of its own: libpq's call waits for the server, which may not answer.
final class PostgresCanceller: Sendable {
    private let queue = DispatchQueue(label: "cupel.postgres.cancel")
    private let pending = Atomic<Int>(0)

    /// Requests that may wait behind one that the server does not answer.
    static let maximumPending = 64

    /// One request; it is sent at most once and never after it was abandoned.
    ///
    /// Unchecked: the pointer is used and freed on the canceller's queue alone, or by the one that could not enqueue it.
    final class Request: @unchecked Sendable {
        private enum State { case waiting, running, done, abandoned }
        private let pointer: OpaquePointer?
        private let wake: WakeDescriptor
        private let state = Mutex(State.waiting)

        fileprivate init(_ pointer: OpaquePointer?, _ wake: WakeDescriptor) {
            self.pointer = pointer
            self.wake = wake
        }

        deinit { PQfreeCancel(pointer) }

        var isDone: Bool { state.withLock { $0 == .done } }

        /// The connection is closed; there is nothing left to cancel.
        func abandon() { state.withLock { if $0 == .waiting { $0 = .abandoned } } }

        fileprivate func send() {
            let isWanted = state.withLock { state in
                guard state == .waiting else { return false }
                state = .running
                return true
            }
            guard isWanted else { return }
            var reason = [CChar](repeating: 0, count: 256)
            _ = PQcancel(pointer, &reason, 256)
            state.withLock { $0 = .done }
            wake.wake()
        }
    }

    /// Asks the server to give up what the connection runs; nil when too many such requests wait already.
    func cancel(_ handle: OpaquePointer?, _ wake: WakeDescriptor) -> Request? {
        guard pending.add(1, ordering: .relaxed).newValue <= Self.maximumPending else {
            pending.subtract(1, ordering: .relaxed)
            return nil
        }
        let request = Request(PQgetCancel(handle), wake)
        queue.async {
            request.send()
            self.pending.subtract(1, ordering: .relaxed)
        }
        return request
    }
}
