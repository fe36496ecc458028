import Gateway
import Logging
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Reads policy and registry again on SIGHUP, which therefore does not end the server.
struct ReloadSignal: Service {
    let director: GatewayDirector
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { await reload() }
        }
    }

    private func reload() async {
        do {
            try await director.reload()
            logger.log(.info, "policy and registry were read again", [:])
        } catch {
            logger.log(.error, "what was to be read again is wrong; what was in force stays", [.error: "\(error)"])
        }
    }
}
