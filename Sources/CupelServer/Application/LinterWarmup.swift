import Logging
import Playbooks
import ServiceLifecycle
import Telemetry

/// Loads Ansible's tools while the server starts, so that the first playbook does not wait for them.
struct LinterWarmup: Service {
    let linter: AnsibleLinter
    let logger: Logger

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await linter.start()
                } catch is CancellationError {
                    return
                } catch {
                    // Each check says the same to whoever asked; a server without the tools still serves.
                    logger.log(.warning, "Ansible's tools are not ready", [.error: "\(error)"])
                }
            }
            try? await gracefulShutdown()
            group.cancelAll()
        }
    }
}
