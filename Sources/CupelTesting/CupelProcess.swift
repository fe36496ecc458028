package import CupelCore
import Foundation

/// The real `cupel` binary as a test runs it: its own data directory, the shared tools, nothing of the environment.
package final class CupelProcess: Sendable {
    /// How a run ended.
    package struct Outcome: Sendable {
        package var exitCode: Int32
        package var output: String
        package var errors: String
    }

    /// The data directory of this test.
    package let directory: TemporaryDirectory
    private let environment: [String: String]

    /// A binary with a data directory of its own.
    /// - Parameter environment: variables besides PATH, HOME and the two directories.
    package init(environment: [String: String] = [:]) throws {
        directory = try TemporaryDirectory()
        var all = environment
        all["PATH"] = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        all["HOME"] = directory.path
        all["CUPEL_DATA_DIR"] = directory.path + "/data"
        all["CUPEL_TOOLS_DIR"] = environment["CUPEL_TOOLS_DIR"] ?? Self.tools
        // The binary's own coverage, when the test script measures it; %p is the process id.
        if let folder = ProcessInfo.processInfo.environment["CUPEL_COVERAGE_DIR"] {
            all["LLVM_PROFILE_FILE"] = folder + "/cupel-%p.profraw"
        }
        self.environment = all
    }

    /// The data directory that the binary uses.
    package var dataDirectory: String { directory.path + "/data" }

    /// The tools that `make test` installs.
    package static var tools: String {
        ProcessInfo.processInfo.environment["CUPEL_TOOLS_DIR"] ?? root + "/.cupel/tools"
    }

    /// The root of the repository.
    package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The binary that was built with the tests.
    package static var binary: String {
        Bundle.allBundles.map(\.bundleURL).first { $0.pathExtension == "xctest" }?.deletingLastPathComponent()
            .appendingPathComponent("cupel").path ?? root + "/.build/debug/cupel"
    }

    /// Runs a command to its end.
    /// - Throws: `tool_missing` when the tools are not installed.
    package func run(_ arguments: [String], input: String? = nil) async throws -> Outcome {
        try Self.checkTools()
        var command = ProcessCommand([Self.binary] + arguments, environment: environment, directory: directory.path)
        command.wallLimit = .seconds(180)
        command.outputBytes = 16 << 20
        if let input { command.input = Array(input.utf8) }
        let result = try await ProcessLoop.shared.run(command)
        return Outcome(
            exitCode: Int32(result.ending.exitCode),
            output: result.outputText,
            errors: result.errorText
        )
    }

    /// Starts a command that goes on until it is ended.
    /// - Throws: `tool_missing` when the tools are not installed.
    package func start(_ arguments: [String]) async throws -> ChildProcess {
        try Self.checkTools()
        let command = ProcessCommand([Self.binary] + arguments, environment: environment, directory: directory.path)
        return try await ProcessLoop.shared.start(command)
    }

    /// Starts the server on a free port and waits until it answers.
    package func serve(_ arguments: [String] = []) async throws -> RunningServer {
        try Self.checkTools()
        var command = ProcessCommand(
            [Self.binary, "serve", "--port", "0"] + arguments,
            environment: environment,
            directory: directory.path
        )
        command.outputBytes = 16 << 20
        let endpoint = dataDirectory + "/endpoint"
        try? FileManager.default.removeItem(atPath: endpoint)
        let child = try await ProcessLoop.shared.start(command)
        for _ in 0..<2400 {
            if let base = try? BoundedFile.text(at: endpoint, limit: 4096), !base.isEmpty {
                let token = try BoundedFile.text(at: dataDirectory + "/token", limit: 4096)
                return RunningServer(child: child, base: base, token: String(token.dropLast()))
            }
            guard child.ending == nil else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CupelError(
            .toolFailed,
            "The server did not start: \(String(decoding: child.errorTail, as: UTF8.self))"
        )
    }

    private static func checkTools() throws {
        guard FileManager.default.isExecutableFile(atPath: tools + "/bin/ansible-lint") else {
            throw CupelError(.toolMissing, "The tools are not in \(tools); run: make install-test")
        }
    }
}

/// A server that a test started.
package struct RunningServer: Sendable {
    /// The process.
    package let child: ChildProcess
    /// The base URL.
    package let base: String
    /// The API's token.
    package let token: String

    /// Kills it as a power cut would.
    package func kill() async {
        child.kill()
        _ = await child.waitForEnd()
    }

    /// Asks it to stop and gives its exit code.
    package func stop() async -> Int {
        child.terminate()
        return await child.waitForEnd().exitCode
    }
}
