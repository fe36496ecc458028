// Sandbox: runs what we do not trust, with bubblewrap: no network, no files but those it is given, bounded time, memory,
// processes and output. It proves itself before the first use and fails closed.
package import CupelCore

/// A proven way to run what we do not trust.
///
/// A guest sees read-only `/usr`, a private `/tmp` and `/dev`, its own process, user, IPC and host-name spaces, no
/// network, no capabilities and a seccomp filter; of other files only what its command binds. There is no other way to
/// get one of these than ``open(bubblewrap:)``, so nothing runs where the sandbox does not hold.
package final class Sandbox: Sendable {
    private let bubblewrap: String
    private let takesSize: Bool
    private let loop: ProcessLoop

    private init(bubblewrap: String, takesSize: Bool, loop: ProcessLoop) {
        self.bubblewrap = bubblewrap
        self.takesSize = takesSize
        self.loop = loop
    }

    /// Finds bubblewrap and proves that it holds here.
    /// - Throws: `sandbox_unavailable`, saying what to install or allow.
    package static func open(bubblewrap: String = "bwrap") async throws -> Sandbox {
        let loop = ProcessLoop.shared
        var command = ProcessCommand([bubblewrap, "--version"])
        command.wallLimit = .seconds(10)
        let version: ProcessResult
        do {
            version = try await loop.run(command)
        } catch let error as ProcessStartError {
            throw SandboxAdvice.cannotStart(error)
        }
        let sandbox = Sandbox(
            bubblewrap: bubblewrap,
            takesSize: BubblewrapVersion(version.outputText) >= .sizeOption,
            loop: loop
        )
        try await sandbox.selfTest()
        return sandbox
    }

    /// Runs a command to its end. Cancelling the task kills everything in the sandbox and waits until it is gone.
    /// - Throws: `sandbox_unavailable` when the sandbox could not be set up; `CancellationError`.
    package func run(_ command: SandboxCommand) async throws -> ProcessResult {
        let result: ProcessResult
        do {
            result = try await loop.run(processCommand(for: command))
        } catch let error as ProcessStartError {
            throw SandboxAdvice.cannotStart(error)
        }
        try SandboxAdvice.checkSetup(result.ending, result.errorText)
        return result
    }

    /// Starts a command that is spoken to in lines.
    /// - Throws: `sandbox_unavailable` when bubblewrap cannot be started.
    package func start(_ command: SandboxCommand) async throws -> SandboxProcess {
        var process = processCommand(for: command)
        process.keepsInputOpen = true
        process.overflow = .wait
        do {
            return SandboxProcess(try await loop.start(process))
        } catch let error as ProcessStartError {
            throw SandboxAdvice.cannotStart(error)
        }
    }

    private func processCommand(for command: SandboxCommand) -> ProcessCommand {
        let arguments = BubblewrapArguments(program: bubblewrap, takesSize: takesSize)
        var process = ProcessCommand(arguments.list(for: command))
        process.data = arguments.data
        process.input = command.input
        process.outputBytes = command.limits.outputBytes
        process.errorBytes = min(command.limits.outputBytes, 64 << 10)
        process.wallLimit = command.limits.wall
        return process
    }
}
