import CupelCore
import CupelTesting
import Foundation

/// The real binary on a small disk of its own: a memory file system at `/small`, in a mount namespace that only the
/// processes of one run see, so that "full" and "read only" are the kernel's words.
struct SmallDisk {
    /// What the run has besides the disk; no part of it is small.
    let cupel: CupelProcess
    private let bytes: Int

    /// How a run ended.
    struct Outcome {
        let exitCode: Int32
        let output: String
        let errors: String
    }

    /// A disk of so many bytes.
    /// - Throws: `tool_missing` when bubblewrap is not installed.
    init(bytes: Int, cupel: CupelProcess) throws {
        self.bytes = bytes
        self.cupel = cupel
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/bwrap") else {
            throw CupelError(.toolMissing, "bubblewrap is needed for the tests: apt-get install bubblewrap")
        }
    }

    /// A shell script's run to its end, with the binary as `$0` and the disk at `/small`.
    /// - Parameter mounts: more of bubblewrap's arguments.
    func run(_ script: String, mounts: [String] = []) async throws -> Outcome {
        var command = command(script, mounts)
        command.wallLimit = .seconds(120)
        let result = try await ProcessLoop.shared.run(command)
        return Outcome(
            exitCode: Int32(result.ending.exitCode),
            output: result.outputText,
            errors: result.errorText
        )
    }

    /// Starts the server with its data on the disk, and waits until it answers.
    func serve(_ arguments: String = "") async throws -> SmallServer {
        let child = try await ProcessLoop.shared.start(
            command("exec \"$0\" serve --port 0 --data-dir /small/data \(arguments)", [])
        )
        for _ in 0..<2400 {
            guard child.ending == nil else { break }
            if let server = SmallServer(child) { return server }
            try await Task.sleep(for: .milliseconds(25))
        }
        child.kill()
        throw CupelError(
            .toolFailed,
            "The server did not start: \(String(decoding: child.errorTail, as: UTF8.self))"
        )
    }

    private func command(_ script: String, _ mounts: [String]) -> ProcessCommand {
        var environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": cupel.directory.path,
            "CUPEL_TOOLS_DIR": CupelProcess.tools, "CUPEL_MODEL_LOCAL": "",
        ]
        if let folder = ProcessInfo.processInfo.environment["CUPEL_COVERAGE_DIR"] {
            environment["LLVM_PROFILE_FILE"] = folder + "/cupel-%p.profraw"
        }
        let sandbox =
            ["/usr/bin/bwrap", "--die-with-parent", "--dev-bind", "/", "/", "--size", "\(bytes)", "--tmpfs", "/small"]
            + mounts
        var command = ProcessCommand(
            sandbox + ["sh", "-c", script, CupelProcess.binary],
            environment: environment,
            directory: cupel.directory.path
        )
        command.outputBytes = 16 << 20
        return command
    }
}

/// A server on a small disk.
struct SmallServer {
    private let child: ChildProcess
    private let process: Int32
    private let base: String
    private let token: String

    /// The server of a run, once it says where it listens.
    init?(_ child: ChildProcess) {
        let parent = child.processID
        guard
            let text = try? String(contentsOfFile: "/proc/\(parent)/task/\(parent)/children", encoding: .utf8),
            let process = text.split(separator: " ").first.flatMap({ Int32($0) }),
            let base = try? BoundedFile.text(at: "/proc/\(process)/root/small/data/endpoint", limit: 4096),
            let token = try? BoundedFile.text(at: "/proc/\(process)/root/small/data/token", limit: 4096)
        else { return nil }
        self.child = child
        self.process = process
        self.base = base
        self.token = String(token.dropLast())
    }

    /// The end of what it logged.
    var log: String { String(decoding: child.errorTail, as: UTF8.self) }

    /// The disk as this process reaches it.
    var disk: String { "/proc/\(process)/root/small" }

    func get(_ path: String) async throws -> HTTP.Answer { try await HTTP.send("GET", base + path, token: token) }

    func post(_ path: String, _ body: JSON) async throws -> HTTP.Answer {
        try await HTTP.send("POST", base + path, token: token, body: body.bytes())
    }

    /// Writes a file until nothing more fits.
    func fill() throws {
        let descriptor = open(disk + "/filler", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CupelError(.toolFailed, "the disk cannot be reached: errno \(errno)") }
        defer { close(descriptor) }
        for size in [1 << 20, 4096, 1] {
            let block = [UInt8](repeating: 0x2A, count: size)
            while write(descriptor, block, size) == size {}
        }
        guard errno == ENOSPC else { throw CupelError(.toolFailed, "the disk did not fill: errno \(errno)") }
    }

    /// Makes room again.
    func empty() { unlink(disk + "/filler") }

    /// Asks it to stop and waits for its end.
    func stop() async -> Int {
        _ = Foundation.kill(process, SIGTERM)
        return await child.waitForEnd().exitCode
    }
}
