package import CupelCore

/// A long-lived guest that is spoken to in lines. It is killed when its last owner lets go of it.
package final class SandboxProcess: Sendable {
    private let child: ChildProcess

    init(_ child: ChildProcess) { self.child = child }

    deinit { child.kill() }

    /// Hands over a line; the newline is added.
    /// - Throws: `tool_failed` when the guest has ended.
    package func send(line: [UInt8]) throws { try child.send(line + [0x0A]) }

    /// The next line that it prints, without the newline; `nil` at the end.
    /// - Throws: `tool_failed` when a line is over `limit` bytes; `CancellationError`.
    package func nextLine(limit: Int) async throws -> [UInt8]? { try await child.nextLine(limit: limit) }

    /// The end of what it printed to standard error so far.
    package var errorText: String { String(decoding: child.errorTail, as: UTF8.self) }

    /// How it ended; `nil` while it runs.
    package var ending: ProcessEnding? { child.ending }

    /// Kills everything in the sandbox and waits until it is gone.
    @discardableResult
    package func stop() async -> ProcessEnding {
        child.kill()
        return await child.waitForEnd()
    }
}
