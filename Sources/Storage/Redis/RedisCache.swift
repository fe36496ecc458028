import CupelCore

/// A cache for all replicas, in Redis. While Redis is away everything is a miss and nothing is kept; what was to be
/// removed meanwhile lives until its time is over.
package final class RedisCache: SharedCache {
    private let client: RedisClient
    private let limits: CacheLimits

    /// A cache over a client; of the limits only the one on values matters, the rest is Redis' `maxmemory`.
    package init(_ client: RedisClient, limits: CacheLimits = CacheLimits()) {
        self.client = client
        self.limits = limits
    }

    /// What was kept under a key.
    package func value(for key: String) async -> [UInt8]? {
        try? await client.run(RedisCommand("GET", name(key))).bytes
    }

    /// Keeps bytes under a key.
    package func set(_ value: [UInt8], for key: String, lifetime: Duration) async {
        guard value.count <= limits.valueBytes, lifetime > .zero else { return await remove(key) }
        let milliseconds = max(1, lifetime.wholeMicroseconds / 1000)
        if (try? await client.run(RedisCommand("SET", name(key), value, "PX", milliseconds))) == nil {
            client.dropped(.cache)
        }
    }

    /// Forgets a key.
    package func remove(_ key: String) async { _ = try? await client.run(RedisCommand("DEL", name(key))) }

    private func name(_ key: String) -> String { client.prefix + "cache:" + key }
}
