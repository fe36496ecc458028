import CupelCore
import Logging
import ServiceLifecycle
import Storage
import Telemetry

/// Says in the log when Redis goes away and when it is back.
struct RedisWatch: Service {
    let shared: SharedServices
    let logger: Logger

    /// How often it looks; looking costs nothing.
    static let interval = Duration.seconds(1)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var last = RedisHealth.State.starting
            while true {
                if let health = shared.health(), health.state != last {
                    say(health)
                    last = health.state
                }
                try await Task.sleep(for: Self.interval)
            }
        }
    }

    private func say(_ health: RedisHealth) {
        if health.state == .up {
            logger.log(.info, "Redis is there", [:])
        } else {
            let reason = health.lastError ?? "it has not answered yet"
            logger.log(.warning, "Redis is away; each replica counts and caches for itself", [.error: reason])
        }
    }
}
