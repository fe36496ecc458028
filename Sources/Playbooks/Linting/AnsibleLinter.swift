import CupelCore
package import Sandbox

/// Asks Ansible's own tools about playbooks: a warm worker first, the ordinary commands when that one fails.
///
/// Both run in the sandbox. The worker starts with the first check (or ``start()``), one check runs at a time, and a
/// worker whose self-test fails or that dies twice is replaced by the ordinary commands for good; ``fallback`` says so.
package actor AnsibleLinter {
    /// Checks that may wait for their turn.
    package static let waitingLimit = 256
    /// Deaths of a warm worker after which it is given up.
    static let deathLimit = 2

    /// Why the ordinary commands are used instead of the warm worker; `nil` while the warm worker serves.
    package private(set) var fallback: String?

    private let tools: AnsibleTools
    private let sandbox: Sandbox
    private let source: String
    private var worker: AnsibleWorker?
    private var deaths = 0
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A linter over the tools of a directory; nothing starts yet.
    package init(tools: AnsibleTools, sandbox: Sandbox, source: String = AnsibleWorker.program) {
        self.tools = tools
        self.sandbox = sandbox
        self.source = source
    }

    /// Starts the worker and waits for its self-test, so that the first check is quick.
    /// - Throws: as ``check(_:)``.
    package func start() async throws {
        try await takeTurn()
        defer { passTurn() }
        _ = try await readyWorker()
    }

    /// What the syntax check and ansible-lint say about a playbook.
    /// - Throws: `tool_missing` with the command that installs; `payload_too_large` over
    ///   ``AnsibleWorker/playbookLimit``; `timeout`; `tool_failed`; `sandbox_unavailable`; `CancellationError`.
    package func check(_ yaml: String) async throws -> LintResult {
        guard yaml.utf8.count <= AnsibleWorker.playbookLimit else {
            throw CupelError(.payloadTooLarge, "A playbook that is checked is at most 1 MiB.")
        }
        try await takeTurn()
        defer { passTurn() }
        while true {
            let worker = try await readyWorker()
            do {
                return try await worker.check(yaml)
            } catch let ended as WorkerEnded {
                await discard(worker)
                deaths += 1
                if deaths >= Self.deathLimit {
                    guard fallback == nil else { throw CupelError(.toolFailed, ended.description, cause: ended) }
                    fall(back: "The worker died \(deaths) times: \(ended.reason)")
                }
            } catch let error as CupelError where error.code == .toolFailed || error.code == .payloadTooLarge {
                if worker.hasEnded { await discard(worker) }
                throw error
            } catch {
                // Its answer would be taken for the next request's.
                await discard(worker)
                throw error
            }
        }
    }

    /// Ends the worker; a later check starts another.
    package func stop() async {
        if let worker { await discard(worker) }
    }

    private func readyWorker() async throws -> AnsibleWorker {
        if let worker, !worker.hasEnded { return worker }
        if fallback == nil {
            do {
                return try await launch(.warm)
            } catch let error as CupelError where error.code == .toolFailed || error.code == .timeout {
                fall(back: error.message)
            } catch let ended as WorkerEnded {
                fall(back: ended.description)
            }
        }
        do {
            return try await launch(.plain)
        } catch let ended as WorkerEnded {
            throw CupelError(.toolFailed, ended.description, cause: ended)
        }
    }

    private func launch(_ mode: LintResult.Mode) async throws -> AnsibleWorker {
        let started = try await AnsibleWorker.start(mode, tools: tools, sandbox: sandbox, source: source)
        worker = started
        return started
    }

    private func fall(back reason: String) {
        fallback = reason
        deaths = 0
    }

    private func discard(_ ended: AnsibleWorker) async {
        if worker === ended { worker = nil }
        await ended.stop()
    }

    /// Waits until no other check runs; each holds its turn for a bounded time.
    private func takeTurn() async throws {
        if isBusy {
            guard waiting.count < Self.waitingLimit else {
                throw CupelError(
                    .rateLimitExceeded,
                    "More than \(Self.waitingLimit) checks wait for Ansible's tools.",
                    retryAfterSeconds: 10
                )
            }
            await withCheckedContinuation { waiting.append($0) }
        }
        isBusy = true
        if Task.isCancelled {
            passTurn()
            throw CancellationError()
        }
    }

    private func passTurn() {
        if waiting.isEmpty {
            isBusy = false
        } else {
            waiting.removeFirst().resume()
        }
    }
}
