package import CupelCore
package import Storage

/// Which Redis the replicas share, if any.
package struct RedisSettings: Sendable {
    /// Where it is; `nil` when this process shares nothing.
    package var address: RedisAddress?

    /// Reads `redis.*`. What goes to Redis is not encrypted, so production takes only one on this machine unless that
    /// is allowed.
    package init(reader: SettingsReader, environment: Environment) {
        let url = reader.secret(
            "redis.url",
            alias: "REDIS_URL",
            purpose: "redis://… or unix:///… that replicas share; nothing for one process."
        )
        let isPlainAllowed = reader.flag(
            "redis.allow_plain",
            default: false,
            purpose: "Whether production may reach a Redis beyond loopback without encryption."
        )
        guard let url else { return }
        do {
            let address = try RedisAddress(url)
            if environment == .production, !address.isLoopback, !isPlainAllowed {
                reader.problem(
                    "redis.url",
                    "the connection to \(address) would not be encrypted; use a TLS tunnel on loopback, or set "
                        + "redis.allow_plain if the network between is yours"
                )
            }
            self.address = address
        } catch {
            reader.problem("redis.url", (error as? CupelError)?.message ?? "cannot be read")
        }
    }
}
