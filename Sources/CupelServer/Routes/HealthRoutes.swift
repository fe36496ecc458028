import CupelCore
import HTTPTypes
import Storage
import Telemetry

/// One thing that the server needs, and whether it is up.
package struct ReadinessCheck: Sendable {
    /// Its name in the answer.
    package let name: String
    /// Whether the server can serve without it.
    package let isNeeded: Bool
    /// Throws when it is down.
    package let check: @Sendable () async throws -> Void

    package init(_ name: String, isNeeded: Bool = true, check: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.isNeeded = isNeeded
        self.check = check
    }
}

/// Whether the process lives, whether it can serve, and what it counts.
enum HealthRoutes {
    /// The longest that a check may take.
    static let checkLimit = Duration.seconds(5)

    /// - Parameter refresh: brings gauges up to date before they are printed.
    static func all(
        _ checks: [ReadinessCheck],
        _ metrics: MetricsRegistry,
        _ lifecycle: Lifecycle,
        refresh: @escaping @Sendable () async -> Void
    ) -> [Route] {
        [
            Route(.get, "/health", tag: "health", "Whether the process lives; touches nothing", access: .open) { _ in
                .json(["status": "ok", "version": .string(Version.current), "service": "cupel"])
            }
            .answering(
                200,
                "It lives",
                Schema.object([("status", Schema.text), ("version", Schema.text), ("service", Schema.text)])
            ),
            Route(.get, "/health/ready", tag: "health", "Whether requests can be served", access: .open) { _ in
                await ready(checks, lifecycle)
            }
            .answering(200, "Everything that is needed is up")
            .answering(503, "Something that is needed is down; `parts` says which"),
            Route(.get, "/metrics", tag: "health", "Metrics as Prometheus reads them") { _ in
                await refresh()
                return .text(metrics.text(), mediaType: "text/plain; version=0.0.4; charset=utf-8")
            }
            .answering(200, "All series", Schema.text, as: "text/plain"),
        ]
    }

    private static func ready(_ checks: [ReadinessCheck], _ lifecycle: Lifecycle) async -> RouteResponse {
        var isReady = !lifecycle.isStopping
        var parts: JSON = ["server": .string(isReady ? "up" : "stopping")]
        for check in checks {
            let problem = await Deadline.problem(within: checkLimit, check.check)
            if problem != nil, check.isNeeded { isReady = false }
            parts[check.name] = .string(problem.map { "down: \($0)" } ?? "up")
        }
        let body: JSON = ["status": .string(isReady ? "ready" : "not ready"), "parts": parts]
        return .json(body, status: isReady ? 200 : 503)
    }
}

/// Bounds how long something may take.
enum Deadline {
    /// Runs work and gives what went wrong, a time-out included, in a person's words.
    static func problem(
        within limit: Duration,
        _ work: @escaping @Sendable () async throws -> Void
    ) async -> String? {
        do {
            try await withDeadline(limit, "It", work)
            return nil
        } catch let error as CupelError {
            return Redactor.shared.redact(error.message)
        } catch {
            return "it does not answer"
        }
    }
}
