import CLinux
import Glibc
import Synchronization

/// A program that runs, as its starter sees it; the pipes belong to ``ProcessLoop``.
package final class ChildProcess: Sendable {
    /// Bytes that may wait for the program to read them.
    package static let pendingInputLimit = 16 << 20

    /// The process id, which is also its process group and session.
    package let processID: Int32
    /// What was started.
    package let command: ProcessCommand

    private let loop: ProcessLoop
    private let state = Mutex(State())

    struct State {
        var pendingInput: [UInt8] = []
        var closesInput = false
        var output: [UInt8] = []
        var scanned = 0
        var errors: [UInt8] = []
        var outputTruncated = false
        var timedOut = false
        var ending: ProcessEnding?
        var version = 0
        var waiter: (id: Int, continuation: CheckedContinuation<Void, any Error>)?
        var lastWait = 0
        var cancelledWait = 0
        var endWaiters: [CheckedContinuation<ProcessEnding, Never>] = []
    }

    init(processID: Int32, command: ProcessCommand, loop: ProcessLoop) {
        self.processID = processID
        self.command = command
        self.loop = loop
        state.withLock {
            $0.pendingInput = command.input
            $0.closesInput = !command.keepsInputOpen
        }
    }

    /// Kills the program and its process group, at once; nothing happens when it has ended.
    package func kill() {
        state.withLock { state in
            // Reaping happens under this lock too, so the id cannot have passed to another process.
            if state.ending == nil { _ = Glibc.kill(-processID, SIGKILL) }
        }
    }

    /// Asks the program to end (SIGTERM to it alone); nothing happens when it has ended.
    package func terminate() {
        state.withLock { state in
            if state.ending == nil { _ = Glibc.kill(processID, SIGTERM) }
        }
    }

    /// How it ended; `nil` while it runs.
    package var ending: ProcessEnding? { state.withLock { $0.ending } }

    /// Waits for the end, whatever happens to the waiting task: kill it first where that matters.
    package func waitForEnd() async -> ProcessEnding {
        await withCheckedContinuation { continuation in
            let ending: ProcessEnding? = state.withLock { state in
                if state.ending == nil { state.endWaiters.append(continuation) }
                return state.ending
            }
            if let ending { continuation.resume(returning: ending) }
        }
    }

    /// Hands bytes to standard input, in order, without waiting for the program to read them.
    /// - Throws: `tool_failed` when it has ended, or when more than ``pendingInputLimit`` bytes would wait.
    package func send(_ bytes: [UInt8]) throws {
        try state.withLock { state in
            guard state.ending == nil, !state.closesInput else {
                throw CupelError(.toolFailed, "\(name) takes no more input: it has ended.")
            }
            guard state.pendingInput.count + bytes.count <= Self.pendingInputLimit else {
                throw CupelError(.toolFailed, "\(name) does not read its input; more than 16 MiB wait.")
            }
            state.pendingInput += bytes
        }
        loop.wake()
    }

    /// Closes standard input once what waits has been read.
    package func closeInput() {
        state.withLock { $0.closesInput = true }
        loop.wake()
    }

    /// The next line of standard output without its newline; the last may lack one. `nil` at the end of output.
    /// - Throws: `tool_failed` when a line is over `limit` bytes; `CancellationError`.
    package func nextLine(limit: Int) async throws -> [UInt8]? {
        let limit = min(limit, command.outputBytes - 1)
        while true {
            let (line, ended, version) = try state.withLock { state in
                let line = try takeLine(&state, limit: limit)
                return (line, state.ending != nil, state.version)
            }
            if line != nil { loop.wake() }
            if line != nil || ended { return line }
            try await waitForChange(after: version)
        }
    }

    /// What came of standard output, as it is, waiting until there is some; `nil` at the end of output.
    /// - Throws: `CancellationError`.
    package func nextBytes() async throws -> [UInt8]? {
        while true {
            let (bytes, ended, version) = state.withLock { state in
                defer { (state.output, state.scanned) = ([], 0) }
                return (state.output, state.ending != nil, state.version)
            }
            if !bytes.isEmpty {
                loop.wake()
                return bytes
            }
            if ended { return nil }
            try await waitForChange(after: version)
        }
    }

    /// What standard error ended with so far.
    package var errorTail: [UInt8] { state.withLock { $0.errors } }

    /// Everything of standard output that was not taken by line.
    func takeOutput() -> [UInt8] {
        state.withLock { state in
            defer { state.output = [] }
            return state.output
        }
    }

    private var name: String { command.arguments.first ?? "the program" }

    private func takeLine(_ state: inout State, limit: Int) throws -> [UInt8]? {
        let newline = state.output[state.scanned...].firstIndex(of: 0x0A)
        state.scanned = state.output.count
        guard newline ?? state.output.count <= limit else {
            throw CupelError(.toolFailed, "\(name) printed a line of more than \(limit) bytes.")
        }
        if let newline {
            defer {
                state.output.removeFirst(newline + 1)
                state.scanned = 0
            }
            return Array(state.output[..<newline])
        }
        guard state.ending != nil, !state.output.isEmpty else { return nil }
        defer { (state.output, state.scanned) = ([], 0) }
        return state.output
    }

    /// Waits until output came or the program ended, unless that has happened since `version`. One waiter at a time.
    private func waitForChange(after version: Int) async throws {
        let id = state.withLock { state in
            state.lastWait += 1
            return state.lastWait
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelledWait == id || state.waiter != nil { return .failure(CancellationError()) }
                    if state.version != version { return .success(()) }
                    state.waiter = (id, continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                state.cancelledWait = id
                let waiting = state.waiter?.id == id ? state.waiter : nil
                if waiting != nil { state.waiter = nil }
                return waiting
            }
            waiting?.continuation.resume(throwing: CancellationError())
        }
    }
}

// What the loop's thread does with the state.
extension ChildProcess {
    /// Whether the loop should read standard output now.
    var wantsOutput: Bool {
        state.withLock { $0.output.count < command.outputBytes || command.overflow == .discard }
    }

    /// What should be written next, and whether standard input closes once nothing is left.
    func inputToWrite(atMost count: Int) -> (bytes: [UInt8], closes: Bool) {
        state.withLock { (Array($0.pendingInput.prefix(count)), $0.closesInput) }
    }

    /// The program took so many bytes.
    func didWrite(_ count: Int) { state.withLock { $0.pendingInput.removeFirst(count) } }

    /// The program closed its standard input: what waits will never be read.
    func inputBroke() {
        state.withLock {
            $0.pendingInput = []
            $0.closesInput = true
        }
    }

    func received(_ bytes: ArraySlice<UInt8>) {
        notify { state in
            let room = command.overflow == .wait ? bytes.count : max(0, command.outputBytes - state.output.count)
            state.output += bytes.prefix(room)
            if room < bytes.count { state.outputTruncated = true }
        }
    }

    func receivedError(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.errors += bytes
            state.errors.removeFirst(max(0, state.errors.count - command.errorBytes))
        }
    }

    func timeIsUp() {
        state.withLock { state in
            guard state.ending == nil else { return }
            state.timedOut = true
            _ = Glibc.kill(-processID, SIGKILL)
        }
    }

    /// Collects the ended process and tells whoever waits. Returns false when it has not ended after all.
    func reap(wall: Duration) -> Bool {
        var raw = clinux_ending()
        let (ending, waiters): (ProcessEnding?, [CheckedContinuation<ProcessEnding, Never>]) = state.withLock { state in
            guard clinux_reap(processID, &raw) != 0 else { return (nil, []) }
            let ending = ProcessEnding(
                exitCode: Int(raw.exit_code),
                signal: raw.signal == 0 ? nil : Int(raw.signal),
                cpu: .microseconds(raw.cpu_microseconds),
                wall: wall,
                timedOut: state.timedOut,
                outputTruncated: state.outputTruncated
            )
            state.ending = ending
            defer { state.endWaiters = [] }
            return (ending, state.endWaiters)
        }
        guard let ending else { return false }
        notify { _ in }
        for waiter in waiters { waiter.resume(returning: ending) }
        return true
    }

    private func notify(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            state.version += 1
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.continuation.resume()
    }
}
