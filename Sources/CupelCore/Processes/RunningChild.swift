import CLinux
import Glibc

/// A child as the loop's thread sees it: its descriptors and its deadline.
struct RunningChild {
    let child: ChildProcess
    private(set) var isGone = false
    private var process: Int32
    private var input: Int32
    private var output: Int32
    private var errors: Int32
    private let started: Duration
    private var deadline: Duration?

    /// Bytes read or written at once.
    private static let chunk = 64 << 10

    /// Starts the program on this thread.
    init(starting command: ProcessCommand, loop: ProcessLoop) throws(ProcessStartError) {
        let program = command.arguments.first ?? ""
        var descriptors = SpawnDescriptors()
        defer { descriptors.closeTheirs() }
        guard descriptors.open(for: command) else { throw ProcessStartError(program: program, code: errno) }
        let processID = Self.spawn(command, descriptors.theirs)
        let code = errno
        let pidfd = processID > 0 ? clinux_open_process(processID) : -1
        guard processID > 0, pidfd >= 0 else {
            descriptors.closeOurs()
            if processID > 0 {
                _ = kill(-processID, SIGKILL)
                waitpid(processID, nil, 0)
            }
            throw ProcessStartError(program: program, code: processID > 0 ? errno : code)
        }
        child = ChildProcess(processID: processID, command: command, loop: loop)
        process = pidfd
        (input, output, errors) = (descriptors.input, descriptors.output, descriptors.errors)
        started = SystemTime().monotonic
        deadline = command.wallLimit.map { [started] in started + $0 }
    }

    private static func spawn(_ command: ProcessCommand, _ descriptors: [Int32]) -> Int32 {
        let arguments = command.arguments.map { strdup($0) }
        let environment = command.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
        defer { for text in arguments + environment { free(text) } }
        let argv: [UnsafePointer<CChar>?] = arguments.map { UnsafePointer($0) } + [nil]
        let envp: [UnsafePointer<CChar>?] = environment.map { UnsafePointer($0) } + [nil]
        return clinux_spawn(argv, envp, command.directory, descriptors, Int32(descriptors.count))
    }

    /// What poll(2) should watch.
    var interests: [pollfd] {
        var result = [pollfd(fd: process, events: Int16(POLLIN), revents: 0)]
        if output >= 0, child.wantsOutput { result.append(pollfd(fd: output, events: Int16(POLLIN), revents: 0)) }
        if errors >= 0 { result.append(pollfd(fd: errors, events: Int16(POLLIN), revents: 0)) }
        if input >= 0, !child.inputToWrite(atMost: 1).bytes.isEmpty {
            result.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0))
        }
        return result
    }

    /// Milliseconds until the deadline, rounded up.
    var millisecondsLeft: Int32? {
        guard let deadline else { return nil }
        let left = (deadline - SystemTime().monotonic).inMilliseconds
        return Int32(max(0, min(left + 1, 1_000_000_000)))
    }

    /// Acts on what poll(2) said, and on the deadline.
    mutating func handle(_ ready: Set<Int32>) {
        let child = child
        if ready.contains(output), child.wantsOutput { Self.read(&output) { child.received($0) } }
        if ready.contains(errors) { Self.read(&errors) { child.receivedError($0) } }
        if ready.contains(process) { end() }
        if let moment = deadline, !isGone, SystemTime().monotonic >= moment {
            deadline = nil
            child.timeIsUp()
        }
    }

    /// Writes what waits, as far as the pipe takes it, and closes it when that was asked for.
    mutating func writeInput() {
        while input >= 0 {
            let (bytes, closes) = child.inputToWrite(atMost: Self.chunk)
            if bytes.isEmpty {
                if closes { Self.close(&input) }
                return
            }
            let written = write(input, bytes, bytes.count)
            if written > 0 {
                child.didWrite(written)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                child.inputBroke()
                Self.close(&input)
            }
        }
    }

    /// The program ended: what it started ends too, what it printed is read, and it is collected.
    private mutating func end() {
        let child = child
        _ = kill(-child.processID, SIGKILL)
        while output >= 0, Self.read(&output, { child.received($0) }) {}
        while errors >= 0, Self.read(&errors, { child.receivedError($0) }) {}
        guard child.reap(wall: SystemTime().monotonic - started) else { return }
        Self.close(&input)
        Self.close(&output)
        Self.close(&errors)
        Self.close(&process)
        isGone = true
    }

    /// Reads once; false when nothing is there now, or never will be.
    @discardableResult
    private static func read(_ descriptor: inout Int32, _ take: (ArraySlice<UInt8>) -> Void) -> Bool {
        var buffer = [UInt8](repeating: 0, count: Self.chunk)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count > 0 {
            take(buffer[..<count])
            return true
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return false }
        close(&descriptor)
        return false
    }

    private static func close(_ descriptor: inout Int32) {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// The pipes and data files of a child before it starts.
private struct SpawnDescriptors {
    var input: Int32 = -1
    var output: Int32 = -1
    var errors: Int32 = -1
    /// The child's side, by its descriptor number; -1 where none could be opened.
    var theirs: [Int32] = []

    /// Opens all of them; false with errno when one fails, after closing what was opened on our side.
    mutating func open(for command: ProcessCommand) -> Bool {
        var pipes: [(ours: Int32, theirs: Int32)] = []
        for index in 0..<(command.mergesErrors ? 2 : 3) {
            var ends: [Int32] = [-1, -1]
            guard clinux_pipe(&ends) == 0 else { break }
            let pair = index == 0 ? (ours: ends[1], theirs: ends[0]) : (ours: ends[0], theirs: ends[1])
            _ = fcntl(pair.ours, F_SETFL, O_NONBLOCK)
            pipes.append(pair)
        }
        input = pipes.first?.ours ?? -1
        output = pipes.count > 1 ? pipes[1].ours : -1
        errors = pipes.count > 2 ? pipes[2].ours : -1
        theirs = pipes.map(\.theirs)
        if command.mergesErrors, theirs.count == 2 { theirs.append(fcntl(theirs[1], F_DUPFD_CLOEXEC, 0)) }
        theirs += command.data.prefix(8).map { clinux_open_data($0, $0.count) }
        let isComplete = pipes.count == (command.mergesErrors ? 2 : 3) && !theirs.contains(-1)
        if !isComplete {
            let code = errno
            closeOurs()
            errno = code
        }
        return isComplete
    }

    func closeOurs() {
        for descriptor in [input, output, errors] where descriptor >= 0 { close(descriptor) }
    }

    func closeTheirs() {
        for descriptor in theirs where descriptor >= 0 { close(descriptor) }
    }
}
