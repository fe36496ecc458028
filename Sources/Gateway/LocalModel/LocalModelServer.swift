package import CupelCore
import Glibc
package import Logging
import ServiceLifecycle
import Synchronization

/// Runs a local model as a child: starts it on a free port of the loopback, watches its health, starts it again with
/// back-off when it ends, and ends it with the service. The child dies with this process whatever happens.
package final class LocalModelServer: Service {
    /// The longest wait between two starts.
    package static let longestBackOff = Duration.seconds(30)
    /// Time in which it must answer after its start.
    package static let startLimit = Duration.seconds(120)
    /// Time between the request to end and the kill.
    package static let endLimit = Duration.seconds(5)
    /// Starts in a row that fail before those who wait are told.
    package static let patience = 3

    private let model: LocalModel
    private let environment: PythonEnvironment
    private let limits: UpstreamLimits
    private let logger: Logger
    private let time: any TimeSource
    private let client: UpstreamClient
    private let readiness = Readiness()

    /// A server for an installed model; nothing starts before ``run()``.
    package init(
        model: LocalModel,
        environment: PythonEnvironment,
        limits: UpstreamLimits = UpstreamLimits(),
        logger: Logger,
        time: any TimeSource = SystemTime()
    ) {
        self.model = model
        self.environment = environment
        self.limits = limits
        self.logger = logger
        self.time = time
        client = UpstreamClient(connectLimit: .seconds(2), time: time)
    }

    /// The upstream that the model answers at, once it is healthy.
    /// - Throws: `provider_connection_failed` when it does not start, with what it printed; `shutting_down` when it has
    ///   been stopped; `CancellationError`.
    package func ready() async throws -> Upstream { try await readiness.wait() }

    /// The upstream, while the model is ready.
    package var upstream: Upstream? { readiness.upstream }

    /// The process id of the child, while one runs.
    package var processID: Int32? { readiness.child?.processID }

    /// Serves until the service is stopped or cancelled.
    package func run() async throws {
        // The end of the service ends the wait for the child's end, which then is ended below.
        await cancelWhenGracefulShutdown { await self.supervise() }
        readiness.stop()
        await end(readiness.child)
        await client.close()
    }

    private func supervise() async {
        var failures = 0
        while !Task.isCancelled {
            let started = time.monotonic
            do {
                try await serveOnce()
            } catch is CancellationError {
                return
            } catch {
                logger.debug("the local model cannot be served: \(error)")
                failures += 1
                if failures >= Self.patience { readiness.fail(Self.failure(model, error)) }
            }
            if time.monotonic - started > .seconds(60) { failures = 0 }
            let backOff = min(.milliseconds(500) * (1 << min(failures, 8)), Self.longestBackOff)
            do { try await time.sleep(for: backOff) } catch { return }
        }
    }

    /// Starts the child, waits until it is healthy, then until it ends. Always throws or returns after its end.
    private func serveOnce() async throws {
        let port = try LoopbackPort.free()
        let child = try await ProcessLoop.shared.start(try command(port: port))
        readiness.started(child)
        logger.debug("the local model starts as process \(child.processID) on port \(port)")
        let upstream = Upstream(
            name: "local",
            baseURL: "http://127.0.0.1:\(port)/v1",
            model: model.name,
            limits: limits
        )
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.logOutput(of: child) }
                group.addTask {
                    try await self.waitForHealth(of: upstream)
                    self.readiness.ready(upstream)
                    try await self.watch(upstream)
                }
                // Whichever ends first, the child is of no more use: its output ended or its health did.
                defer { group.cancelAll() }
                _ = try await group.next()
            }
        } catch {
            await end(child)
            throw error
        }
        await end(child)
        throw CupelError(.toolFailed, "The model's server ended with \(child.ending?.exitCode ?? -1).")
    }

    private func command(port: Int) throws -> ProcessCommand {
        guard let path = LocalModelInstaller(environment: environment).path(of: model) else {
            throw CupelError(
                .noModelConfigured,
                "\(model.name) is not installed. Install it: cupel model install \(model.name)"
            )
        }
        let threads = String(Self.threads(processors: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
        let arguments = [
            environment.python, "-m", "llama_cpp.server", "--model", path, "--model_alias", model.name, "--host",
            "127.0.0.1", "--port", String(port), "--n_ctx", String(model.context), "--n_threads", threads,
            "--n_threads_batch", threads,
        ]
        var command = ProcessCommand(
            arguments,
            environment: [
                "PATH": "\(environment.directory)/bin:/usr/bin:/bin", "HOME": environment.directory,
                "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1",
            ],
            directory: "/"
        )
        command.mergesErrors = true
        command.overflow = .wait
        command.outputBytes = 256 << 10
        return command
    }

    /// One thread on small machines, so that what waits for the model keeps a processor; half of them on large ones.
    static func threads(processors: Int) -> Int { processors <= 4 ? 1 : min(processors / 2, 16) }

    private func logOutput(of child: ChildProcess) async throws {
        while let line = try await child.nextLine(limit: 64 << 10) {
            let text = String(decoding: line.prefix(2000), as: UTF8.self)
            readiness.printed(text)
            logger.debug("local model \(child.processID): \(text)")
        }
    }

    private func waitForHealth(of upstream: Upstream) async throws {
        let deadline = time.monotonic + Self.startLimit
        while true {
            if await isHealthy(upstream) { return }
            guard time.monotonic < deadline else {
                throw CupelError(
                    .timeout,
                    "The model's server did not answer within \(Self.startLimit.inMilliseconds / 1000) s."
                )
            }
            try await time.sleep(for: .milliseconds(100))
        }
    }

    /// Returns when the server has not answered three times in a row. It answers nothing while it thinks, since it has
    /// one thread, so the limit is the one of a call.
    private func watch(_ upstream: Upstream) async throws {
        var misses = 0
        while misses < 3 {
            try await time.sleep(for: .seconds(15))
            misses = await isHealthy(upstream) ? 0 : misses + 1
        }
    }

    private func isHealthy(_ upstream: Upstream) async -> Bool {
        do {
            let deadline = time.monotonic + limits.whole
            return try await client.get("/models", of: upstream, deadline: deadline).status == 200
        } catch {
            // What it is does not matter: it does not answer.
            return false
        }
    }

    private func end(_ child: ChildProcess?) async {
        guard let child else { return }
        readiness.ended()
        child.terminate()
        // Ending must happen although this task may be cancelled, so it runs beside it; awaited here.
        let (time, limit) = (time, Self.endLimit)
        await Task {
            let killer = Task {
                try await time.sleep(for: limit)
                child.kill()
            }
            _ = await child.waitForEnd()
            killer.cancel()
        }.value
    }

    private static func failure(_ model: LocalModel, _ error: any Error) -> CupelError {
        if let error = error as? CupelError, error.code == .noModelConfigured { return error }
        return CupelError(
            .providerConnectionFailed,
            "The local model \(model.name) does not start: \(error). Run `cupel model install \(model.name)` again.",
            cause: error
        )
    }
}
