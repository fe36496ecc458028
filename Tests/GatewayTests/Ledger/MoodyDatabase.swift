import CupelCore
import Storage
import Synchronization

/// A store that is slow or refuses as a test wants.
final class MoodyDatabase: Database {
    /// What it does with a write.
    enum Mood: Sendable {
        case willing
        /// Writes once the test opens the gate.
        case slow(Gate)
        /// Does not write.
        case refusing
        /// Writes, and says that nobody knows.
        case losing
    }

    private let inner: any Database
    private let mood = Mutex(Mood.willing)
    private let tried = Atomic<Int>(0)

    init(_ inner: any Database) { self.inner = inner }

    var engine: DatabaseEngine { inner.engine }
    /// Writes that were asked for.
    var writes: Int { tried.load(ordering: .relaxed) }

    func become(_ mood: Mood) { self.mood.withLock { $0 = mood } }

    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        try await inner.read(body)
    }

    func write<Value: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Value
    ) async throws -> Value {
        tried.wrappingAdd(1, ordering: .relaxed)
        switch mood.withLock({ $0 }) {
        case .willing: return try await inner.write(body)
        case .slow(let gate):
            await gate.pass()
            return try await inner.write(body)
        case .refusing: throw CupelError(.storageUnavailable, "The disk is full.")
        case .losing:
            _ = try await inner.write(body)
            throw CupelError(.outcomeUnknown, "The store was lost.")
        }
    }

    func check() async throws { try await inner.check() }

    func notifications(on channel: String) -> AsyncStream<DatabaseNotification>? { inner.notifications(on: channel) }

    func close() async { await inner.close() }
}

/// A time that jumps: whoever sleeps wakes at once, and so much time has passed.
final class JumpingTime: TimeSource {
    private let elapsed = Mutex(Duration.zero)

    var now: Timestamp { SystemTime().now }
    var monotonic: Duration { elapsed.withLock { $0 } }

    func sleep(for duration: Duration) async throws {
        elapsed.withLock { $0 += duration }
        await Task.yield()
    }
}
