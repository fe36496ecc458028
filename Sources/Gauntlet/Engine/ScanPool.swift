import Glibc
import Synchronization

/// A bounded number of threads for scans, so that none runs on a cooperative thread.
///
/// Work is taken in the order it came. The threads end when the pool is let go of.
package final class ScanPool: Sendable {
    private let queue = WorkQueue()
    private let size: Int
    private let started = Mutex(0)

    /// A pool of so many threads, which start with the first work.
    package init(threads: Int) { size = max(1, min(threads, 64)) }

    deinit { queue.close() }

    /// The number of threads at most.
    package var threads: Int { size }

    /// Runs work on a thread of the pool and waits for it without holding a thread of the caller.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            submit { continuation.resume(returning: work()) }
        }
    }

    /// Leaves work for a thread of the pool.
    func submit(_ work: @escaping @Sendable () -> Void) {
        if queue.push(work) { return }
        startThread()
    }

    private func startThread() {
        let starts = started.withLock { count in
            guard count < size else { return false }
            count += 1
            return true
        }
        guard starts else { return }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(queue)
        let status = pthread_create(
            &thread,
            nil,
            { raw in
                guard let raw else { return nil }
                let queue = Unmanaged<WorkQueue>.fromOpaque(raw).takeRetainedValue()
                while let work = queue.pop() { work() }
                return nil
            },
            context.toOpaque()
        )
        guard status == 0 else {
            // No thread to be had: the work waits for one that runs, and runs here when there is none.
            context.release()
            let left = started.withLock { count in
                count -= 1
                return count
            }
            if left == 0, let work = queue.popNow() { work() }
            return
        }
        pthread_detach(thread)
    }
}

/// Work that waits for a thread.
private final class WorkQueue: @unchecked Sendable {  // Every access to its state holds the mutex.
    private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [@Sendable () -> Void] = []
    private var idle = 0
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Adds work; whether an idle thread will take it.
    func push(_ work: @escaping @Sendable () -> Void) -> Bool {
        locked {
            waiting.append(work)
            pthread_cond_signal(condition)
            return idle >= waiting.count
        }
    }

    /// Waits for work; `nil` when the pool is gone and nothing waits.
    func pop() -> (@Sendable () -> Void)? {
        locked {
            while waiting.isEmpty && !isClosed {
                idle += 1
                pthread_cond_wait(condition, mutex)
                idle -= 1
            }
            return waiting.isEmpty ? nil : waiting.removeFirst()
        }
    }

    func popNow() -> (@Sendable () -> Void)? { locked { waiting.isEmpty ? nil : waiting.removeFirst() } }

    func close() {
        locked {
            isClosed = true
            pthread_cond_broadcast(condition)
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
