/// What runs in the sandbox and what it may see and use.
package struct SandboxCommand: Sendable {
    /// A file or directory of the machine that the guest sees.
    package struct Bind: Sendable, Hashable {
        /// Where it lies on the machine, absolute.
        package var source: String
        /// Where the guest sees it, absolute.
        package var target: String

        /// Shows `source` at `target`, or at its own path.
        package init(_ source: String, at target: String? = nil) {
            self.source = source
            self.target = target ?? source
        }
    }

    /// The program as the guest sees it, and its arguments.
    package var arguments: [String]
    /// The whole environment; `PATH` and `HOME` have safe values unless set here.
    package var environment: [String: String]
    /// The working directory as the guest sees it.
    package var directory = "/tmp"
    /// What the guest may read.
    package var readOnly: [Bind] = []
    /// What the guest may change.
    package var readWrite: [Bind] = []
    /// What standard input holds, or begins with.
    package var input: [UInt8] = []
    /// What it may use.
    package var limits: SandboxLimits

    /// A program and its arguments.
    package init(_ arguments: [String], environment: [String: String] = [:], limits: SandboxLimits = SandboxLimits()) {
        self.arguments = arguments
        self.environment = environment
        self.limits = limits
    }
}

/// What a guest may use. The limits on memory, processor time and files hold for each of its processes.
package struct SandboxLimits: Sendable, Hashable {
    /// Time from start to end; `nil` for a process that lives as long as its owner.
    package var wall: Duration?
    /// Processor seconds of one process.
    package var cpuSeconds: Int?
    /// Bytes of address space of one process.
    package var memoryBytes: Int
    /// Processes and threads at once. The kernel does not hold root to it, one more reason not to run as root.
    package var processes: Int
    /// Bytes of one file that it writes.
    package var fileBytes: Int
    /// Bytes in its private `/tmp` (held where bubblewrap is 0.7 or later).
    package var temporaryBytes: Int
    /// Bytes of output that are kept.
    package var outputBytes: Int
    /// Open files of one process.
    package var openFiles: Int

    /// Limits that fit a linter.
    package init(
        wall: Duration? = .seconds(60),
        cpuSeconds: Int? = 60,
        memoryBytes: Int = 1 << 30,
        processes: Int = 64,
        fileBytes: Int = 64 << 20,
        temporaryBytes: Int = 256 << 20,
        outputBytes: Int = 1 << 20,
        openFiles: Int = 256
    ) {
        self.wall = wall
        self.cpuSeconds = cpuSeconds
        self.memoryBytes = memoryBytes
        self.processes = processes
        self.fileBytes = fileBytes
        self.temporaryBytes = temporaryBytes
        self.outputBytes = outputBytes
        self.openFiles = openFiles
    }
}
