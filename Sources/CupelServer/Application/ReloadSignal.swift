import Logging
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Reads policy and registry again on SIGHUP, which therefore does not end the server.
struct ReloadSignal: Service {
    let logger: Logger
    /// Reads them; what is wrong leaves the old ones in force.
    let read: @Sendable () async throws -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
        }
    }

    private func reload() async {
        do {
            try await read()
            logger.log(.info, "policy and registry were read again", [:])
        } catch {
            logger.log(.error, "what was to be read again is wrong; what was in force stays", [.error: "\(error)"])
        }
    }
}
