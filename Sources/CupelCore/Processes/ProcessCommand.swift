import Glibc

/// A program to start, exactly: nothing of this process's environment or descriptors reaches it but what stands here.
package struct ProcessCommand: Sendable {
    /// What happens to standard output beyond ``outputBytes``.
    package enum Overflow: Sendable {
        /// It is read and forgotten; the ending says so.
        case discard
        /// It stays in the pipe, and the program waits, until what came before is taken.
        case wait
    }

    /// The program, found by `PATH` of this process unless it holds a slash, and its arguments.
    package var arguments: [String]
    /// The whole environment.
    package var environment: [String: String]
    /// The working directory; `nil` keeps ours.
    package var directory: String?
    /// The contents of descriptors 3, 4, ... (at most 8 of them).
    package var data: [[UInt8]] = []
    /// What standard input begins with.
    package var input: [UInt8] = []
    /// Whether standard input stays open for ``ChildProcess/send(_:)`` after `input`.
    package var keepsInputOpen = false
    /// Bytes of standard output that are held at once.
    package var outputBytes = 1 << 20
    /// What happens beyond `outputBytes`.
    package var overflow = Overflow.discard
    /// Bytes kept of the end of standard error.
    package var errorBytes = 64 << 10
    /// Whether standard error goes where standard output goes.
    package var mergesErrors = false
    /// Time after which the program and all that it started in its process group are killed.
    package var wallLimit: Duration?

    /// A program and its arguments, with an empty environment.
    package init(_ arguments: [String], environment: [String: String] = [:], directory: String? = nil) {
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
    }
}

/// How a program ended.
package struct ProcessEnding: Sendable, Hashable {
    /// 0...255, or 128 + signal.
    package var exitCode: Int
    /// The signal that ended it, if one did.
    package var signal: Int?
    /// Processor time of it and of everything it waited for.
    package var cpu: Duration
    /// Time from start to end.
    package var wall: Duration
    /// Whether its time limit ended it.
    package var timedOut = false
    /// Whether some of its output was forgotten.
    package var outputTruncated = false

    /// Whether it ended by itself with code 0.
    package var isSuccess: Bool { exitCode == 0 && !timedOut }
}

/// A program's ending and what it printed.
package struct ProcessResult: Sendable {
    /// How it ended.
    package var ending: ProcessEnding
    /// Standard output, at most as many bytes as were asked for.
    package var output: [UInt8]
    /// The end of standard error.
    package var errorOutput: [UInt8]

    /// Standard output as text; bytes that are no UTF-8 are replaced.
    package var outputText: String { String(decoding: output, as: UTF8.self) }
    /// The end of standard error as text; bytes that are no UTF-8 are replaced.
    package var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
}

/// A program that could not be started.
package struct ProcessStartError: Error, Sendable, CustomStringConvertible {
    /// The program's name or path.
    package let program: String
    /// The system's error number.
    package let code: Int32

    /// Whether there is no such program.
    package var isMissing: Bool {
        // A directory of PATH that may not be read makes the search end with EACCES.
        code == ENOENT || code == EACCES && !program.contains("/")
    }

    package var description: String { "\(program) cannot be started: \(String(cString: strerror(code)))" }
}
