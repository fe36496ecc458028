package import CupelCore

/// What replicas share besides the database: with Redis, or each for itself where there is one process.
package struct SharedServices: Sendable {
    package let cache: any SharedCache
    package let limiter: any RateLimiter
    package let bus: any MessageBus
    package let sessions: any SessionKeeper
    /// How Redis is; `nil` where none is used.
    package let health: @Sendable () -> RedisHealth?
    private let ending: @Sendable () async -> Void

    /// Everything within this process.
    package static func inProcess(time: any TimeSource = SystemTime()) -> SharedServices {
        SharedServices(
            cache: InProcessCache(time: time),
            limiter: InProcessRateLimiter(time: time),
            bus: InProcessBus(),
            sessions: InProcessSessions(time: time),
            health: { nil },
            ending: {}
        )
    }

    /// Everything shared by the replicas that use the same Redis.
    /// - Parameter clock: a clock in place of Redis' own for limits, and of this machine's for sessions.
    package static func redis(_ client: RedisClient, clock: (any TimeSource)? = nil) -> SharedServices {
        let bus = RedisBus(client)
        return SharedServices(
            cache: RedisCache(client),
            limiter: RedisRateLimiter(client, time: clock),
            bus: bus,
            sessions: RedisSessions(client, time: clock ?? SystemTime()),
            health: { client.health },
            ending: {
                bus.close()
                await client.close()
            }
        )
    }

    /// Looks whether Redis serves us, where one is used; sends nothing and waits for nothing.
    /// - Throws: `storage_unavailable` with since when it does not, and why.
    package func checkRedis() throws {
        guard let health = health(), health.state != .up else { return }
        let why = health.lastError ?? "it has not answered yet."
        throw CupelError(.storageUnavailable, "degraded since \(health.since): \(why)")
    }

    /// Ends what was opened.
    package func close() async { await ending() }
}
