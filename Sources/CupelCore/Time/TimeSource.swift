import Glibc

/// Where the time comes from, so that tests can move it.
///
/// `now` is the wall clock; `monotonic` only ever grows and is what durations are measured with.
public protocol TimeSource: Sendable {
    /// The present moment by the wall clock.
    var now: Timestamp { get }
    /// Time since an arbitrary fixed point; unaffected by changes to the wall clock.
    var monotonic: Duration { get }
    /// Waits for at least `duration`.
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    func sleep(for duration: Duration) async throws
}

/// The machine's own clocks.
public struct SystemTime: TimeSource {
    /// The machine's own clocks.
    public init() {}

    public var now: Timestamp {
        var value = timespec()
        clock_gettime(CLOCK_REALTIME, &value)
        return Timestamp(microseconds: Int64(value.tv_sec) * 1_000_000 + Int64(value.tv_nsec) / 1000)
    }

    public var monotonic: Duration {
        var value = timespec()
        clock_gettime(CLOCK_MONOTONIC, &value)
        return .seconds(Int64(value.tv_sec)) + .nanoseconds(Int64(value.tv_nsec))
    }

    public func sleep(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }
}
