package import CupelCore
import Synchronization

/// So many requests within any stretch of time of a given length.
///
/// The stretch is divided into 60 parts, and a request counts until the part in which it came is wholly over: for one
/// length at least and 1/60 of it more at most. So there are never more than `count` requests in any stretch, and a
/// place is free again at most 1/60 later than it could be.
package struct RateLimit: Sendable, Hashable {
    /// Requests that are allowed within a stretch, at least one.
    package var count: Int
    /// The length of a stretch, at least a second.
    package var window: Duration

    /// Parts of a stretch.
    package static let parts = 60

    /// "So many within so long".
    package init(_ count: Int, per window: Duration) {
        self.count = max(1, count)
        self.window = max(window, .seconds(1))
    }

    /// The length of a part in microseconds.
    var partMicroseconds: Int64 { window.wholeMicroseconds / Int64(Self.parts) }

    /// Limits kept for one key; more are not looked at.
    package static let maximumLimits = 8

    /// The limits without those that a tighter one of the same length makes idle, shortest first.
    static func effective(_ limits: [RateLimit]) -> [RateLimit] {
        Dictionary(limits.map { ($0.partMicroseconds, $0) }) { $0.count < $1.count ? $0 : $1 }
            .values.sorted { $0.window < $1.window }.prefix(maximumLimits).map { $0 }
    }
}

/// What a limiter says of one request.
package struct RateDecision: Sendable, Hashable {
    package var isAllowed: Bool
    /// Requests that are still free under the tightest limit, after this one.
    package var remaining: Int
    /// When to try again; `nil` when this one is allowed.
    package var retryAfter: Duration?

    package init(isAllowed: Bool, remaining: Int, retryAfter: Duration? = nil) {
        self.isAllowed = isAllowed
        self.remaining = remaining
        self.retryAfter = retryAfter
    }
}

/// Counts requests of a caller against limits: within one process, or over all replicas.
package protocol RateLimiter: Sendable {
    /// Takes a request of `key` if every limit allows it; a refused one counts against none.
    func take(_ key: String, within limits: [RateLimit]) async -> RateDecision
}

/// The requests of one key, counted by parts of each limit's stretch.
struct RateWindows: Sendable {
    /// Counts by number of the part since the epoch, for each length of a part.
    private var parts: [Int64: [Int64: Int]] = [:]

    /// Decides on a request at a moment, and counts it if it is allowed.
    mutating func take(at now: Timestamp, within limits: [RateLimit]) -> RateDecision {
        let limits = RateLimit.effective(limits)
        guard !limits.isEmpty else { return RateDecision(isAllowed: true, remaining: .max) }
        var remaining = Int.max
        var wait: Int64 = 0
        for limit in limits {
            let own = live(limit, at: now)
            parts[limit.partMicroseconds] = own
            let used = own.values.reduce(0, +)
            remaining = min(remaining, max(0, limit.count - used))
            if used >= limit.count { wait = max(wait, Self.freeAt(limit, own, used) - now.microseconds) }
        }
        guard remaining > 0 else {
            return RateDecision(isAllowed: false, remaining: 0, retryAfter: .microseconds(wait))
        }
        for limit in limits {
            let part = limit.partMicroseconds
            parts[part]?[now.microseconds / part, default: 0] += 1
        }
        return RateDecision(isAllowed: true, remaining: remaining - 1)
    }

    private func live(_ limit: RateLimit, at now: Timestamp) -> [Int64: Int] {
        let first = now.microseconds / limit.partMicroseconds - Int64(RateLimit.parts)
        return (parts[limit.partMicroseconds] ?? [:]).filter { $0.key >= first }
    }

    /// When a place is free: parts fall away oldest first.
    private static func freeAt(_ limit: RateLimit, _ own: [Int64: Int], _ used: Int) -> Int64 {
        var left = used
        var last: Int64 = 0
        for (number, count) in own.sorted(by: { $0.key < $1.key }) {
            left -= count
            last = number
            if left < limit.count { break }
        }
        return (last + Int64(RateLimit.parts) + 1) * limit.partMicroseconds
    }
}

/// Counts within this process; a restart begins anew.
package final class InProcessRateLimiter: RateLimiter {
    private let time: any TimeSource
    private let windows: Mutex<RecentlyUsed<RateWindows>>

    /// Keys that are kept; beyond it the one that asked longest ago is forgotten.
    package static let maximumKeys = 100_000

    package init(maximumKeys: Int = InProcessRateLimiter.maximumKeys, time: any TimeSource = SystemTime()) {
        self.time = time
        windows = Mutex(RecentlyUsed(maximumCount: maximumKeys))
    }

    /// Takes a request if every limit allows it.
    package func take(_ key: String, within limits: [RateLimit]) async -> RateDecision {
        let now = time.now
        return windows.withLock { windows in
            var own = windows.value(for: key) ?? RateWindows()
            let decision = own.take(at: now, within: limits)
            windows.set(own, for: key)
            return decision
        }
    }
}
