package import CupelCore
package import Logging
package import Telemetry

/// Where the installation runs; a profile of defaults.
package enum Environment: String, CaseIterable, Sendable {
    case development
    case staging
    case production
}

/// The settings of the door and of what stands behind it.
package struct ServerSettings: Sendable {
    package var environment: Environment
    package var host: String
    package var port: Int
    package var allowedHosts: [String]
    package var maximumBodyBytes: Int
    package var maximumAssayBytes: Int
    package var maximumConnections: Int
    package var drain: Duration
    package var logLevel: Logger.Level
    package var logFormat: LogFormat
    package var isDocumentationShown: Bool

    /// Reads `environment`, `server.*` and `log.*`.
    package init(reader: SettingsReader) {
        environment = reader.choice("environment", default: Environment.development, purpose: "Profile of defaults.")
        let isProduction = environment == .production
        host = reader.text(
            "server.host",
            default: "127.0.0.1",
            allowed: "an address of this machine",
            purpose: "Address the server listens on."
        )
        port = reader.integer("server.port", default: 8080, in: 0...65_535, purpose: "Port; 0 takes a free one.")
        allowedHosts = reader.list(
            "server.allowed_hosts",
            default: [],
            allowed: "host names",
            purpose: "Names besides loopback that clients may call the server by."
        )
        maximumBodyBytes = reader.integer(
            "server.max_body_bytes",
            default: 1 << 20,
            in: 1024...(256 << 20),
            purpose: "Largest request body; 413 beyond."
        )
        maximumAssayBytes = reader.integer(
            "server.max_assay_bytes",
            default: 64 << 20,
            in: 1024...(1 << 30),
            purpose: "Largest body of an assay; 413 beyond."
        )
        maximumConnections = reader.integer(
            "server.max_connections",
            default: 1024,
            in: 1...100_000,
            purpose: "Connections open at once; more wait."
        )
        drain = .seconds(
            reader.integer("server.drain_seconds", default: 25, in: 0...600, purpose: "Time to finish at SIGTERM.")
        )
        logLevel = Self.level(
            reader.text(
                "log.level",
                default: "info",
                allowed: Logger.Level.allCases.map(\.rawValue).joined(separator: ", "),
                purpose: "Least important level that is logged.",
                where: { Logger.Level(rawValue: $0) != nil }
            )
        )
        logFormat = reader.choice(
            "log.format",
            default: isProduction ? LogFormat.json : .text,
            purpose: "Lines for people or for machines."
        )
        isDocumentationShown = reader.flag(
            "server.documentation",
            default: !isProduction,
            purpose: "Whether /api/docs/ is served."
        )
        if isProduction, host != "127.0.0.1", host != "::1" {
            reader.problem(
                "server.host",
                "in production the server listens on loopback behind a TLS proxy; got \(host)"
            )
        }
    }

    private static func level(_ text: String) -> Logger.Level { Logger.Level(rawValue: text) ?? .info }
}
