import ArgumentParser
import CupelCore
import CupelServer
import Logging
import Metrics
import ServiceLifecycle
import Telemetry
import UnixSignals

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the server.",
        discussion: "Ends with 0 on SIGTERM after finishing what runs; 1 when it cannot start."
    )

    @OptionGroup var options: CommonOptions
    @Option(help: "Address to listen on.") var host: String?
    @Option(help: "Port to listen on; 0 takes a free one.") var port: Int?

    func run() async throws {
        var extra: [String: String] = [:]
        if let host { extra["server.host"] = host }
        if let port { extra["server.port"] = String(port) }
        let settings = try options.settings(extra)
        Self.bootstrap(settings)
        let application = try await CupelApplication.make(
            settings,
            environment: try options.environment(),
            logger: Logger(label: "cupel")
        )
        let group = application.serviceGroup(signals: [.sigterm, .sigint]) { base in
            Terminal.standard.print(Self.banner(base, settings))
        }
        try await group.run()
        await application.close()
    }

    /// Sets up metrics and logs, once in a process.
    static func bootstrap(_ settings: CupelSettings) {
        MetricsSystem.bootstrap(MetricsRegistry.shared)
        let (format, level) = (settings.server.logFormat, settings.server.logLevel)
        LoggingSystem.bootstrap { label in
            // Libraries below us log at warning and above.
            CupelLogHandler(label: label, format: format, level: label == "cupel" ? level : max(level, .warning))
        }
    }

    private static func banner(_ base: String, _ settings: CupelSettings) -> String {
        let terminal = Terminal.standard
        return """
            \(terminal.styled("cupel \(Version.current)", .strong)) serves \(terminal.styled(base, .strong))
              data       \(settings.data.directory)
              model      \(settings.model.url.isEmpty ? "\(settings.model.local) (local)" : settings.model.url)
              dashboard  \(base)/  sign in with the token that `cupel token --data-dir \(settings.data.directory)` prints
              next       cupel playbook create "install nginx and make sure it is running"
            """
    }
}
