package import CupelCore
import Synchronization

/// Answers that are kept for a while, so that they need not be made again: within one process, or for all replicas.
///
/// A cache may forget at any time; whatever fails is a miss.
package protocol SharedCache: Sendable {
    /// What was kept under a key, unless its time is over or it was forgotten.
    func value(for key: String) async -> [UInt8]?
    /// Keeps bytes under a key for a while; values over ``CacheLimits/valueBytes`` are not kept.
    func set(_ value: [UInt8], for key: String, lifetime: Duration) async
    /// Forgets a key.
    func remove(_ key: String) async
}

/// How much a cache holds.
package struct CacheLimits: Sendable {
    /// Entries, in process.
    package var entries: Int
    /// Bytes of keys and values together, in process.
    package var bytes: Int
    /// The largest value; larger ones are not kept.
    package var valueBytes: Int

    package init(entries: Int = 10_000, bytes: Int = 64 << 20, valueBytes: Int = 1 << 20) {
        self.entries = entries
        self.bytes = bytes
        self.valueBytes = valueBytes
    }
}

/// A cache in this process; the entry that was used least recently goes first.
package final class InProcessCache: SharedCache {
    private struct Entry {
        var value: [UInt8]
        var until: Duration
    }

    private let limits: CacheLimits
    private let time: any TimeSource
    private let entries: Mutex<RecentlyUsed<Entry>>

    package init(limits: CacheLimits = CacheLimits(), time: any TimeSource = SystemTime()) {
        self.limits = limits
        self.time = time
        entries = Mutex(RecentlyUsed(maximumCount: limits.entries, maximumCost: limits.bytes))
    }

    /// What was kept under a key.
    package func value(for key: String) async -> [UInt8]? {
        let now = time.monotonic
        return entries.withLock { entries in
            guard let entry = entries.value(for: key) else { return nil }
            if entry.until > now { return entry.value }
            entries.remove(key)
            return nil
        }
    }

    /// Keeps bytes under a key.
    package func set(_ value: [UInt8], for key: String, lifetime: Duration) async {
        guard value.count <= limits.valueBytes, lifetime > .zero else { return await remove(key) }
        let entry = Entry(value: value, until: time.monotonic + lifetime)
        entries.withLock { $0.set(entry, for: key, cost: value.count + key.utf8.count) }
    }

    /// Forgets a key.
    package func remove(_ key: String) async { entries.withLock { _ = $0.remove(key) } }
}
