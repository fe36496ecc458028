import CupelCore
import Glibc

/// A Git repository, asked through the installed `git`. Nothing that the repository's own settings name is run: no
/// hook, no external diff, no filter, no monitor, no remote.
package struct GitRepository: Sendable {
    /// Where in the repository questions are asked.
    package let directory: String
    /// The top of its working tree; `nil` in a bare repository.
    package let top: String?

    /// Time for one question, at most.
    private static let limit: Duration = .seconds(1800)
    private static let settings = [
        "core.fsmonitor=false", "core.quotePath=true", "log.showSignature=false", "log.showRoot=true",
        "core.untrackedCache=false", "diff.orderFile=/dev/null", "protocol.allow=never",
    ]

    /// Finds the repository that a directory lies in.
    /// - Throws: `tool_missing` without git, `not_found` when there is no repository, in git's words.
    package init(at directory: String) async throws {
        self.directory = directory
        let result = try await Self.run(["rev-parse", "--git-dir"], in: directory)
        guard result.ending.isSuccess else {
            throw CupelError(.notFound, "\(directory) is in no Git repository that can be read: \(Self.words(result))")
        }
        let answer = try await Self.run(["rev-parse", "--show-toplevel"], in: directory)
        let text = answer.outputText.split(separator: "\n").first.map(String.init)
        top = answer.ending.isSuccess ? text : nil
    }

    /// The answer to a short question, at most 1 MiB.
    /// - Throws: `tool_failed` with git's words.
    package func ask(_ arguments: [String]) async throws -> String {
        let result = try await Self.run(arguments, in: directory)
        guard result.ending.isSuccess else {
            throw CupelError(.toolFailed, "git \(arguments[0]) failed: \(Self.words(result))")
        }
        return result.outputText
    }

    /// The full name of a commit.
    /// - Throws: `validation_error` when there is none.
    func commit(_ name: String) async throws -> String {
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"]
        let result = try await Self.run(arguments, in: directory)
        guard result.ending.isSuccess, let line = result.outputText.split(separator: "\n").first else {
            throw CupelError(.validationError, "There is no commit '\(name)' here; in a shallow clone, fetch it first.")
        }
        return String(line)
    }

    /// Starts a long answer, which waits until it is read.
    func start(_ arguments: [String], input: Bool = false) async throws -> ChildProcess {
        var command = Self.command(arguments, in: directory)
        command.overflow = .wait
        command.keepsInputOpen = input
        return try await Self.explained { try await ProcessLoop.shared.start(command) }
    }

    /// What went wrong, as git says it.
    static func words(_ errors: [UInt8]) -> String {
        let lines = String(decoding: errors, as: UTF8.self).split(separator: "\n").prefix(2).joined(separator: " ")
        return lines.isEmpty ? "it says nothing" : String(lines.prefix(300))
    }

    private static func words(_ result: ProcessResult) -> String { words(result.errorOutput) }

    private static func run(_ arguments: [String], in directory: String) async throws -> ProcessResult {
        try await explained { try await ProcessLoop.shared.run(command(arguments, in: directory)) }
    }

    private static func explained<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as ProcessStartError {
            throw CupelError(.toolMissing, "git is not installed. Install it: sudo apt-get install git", cause: error)
        }
    }

    private static func command(_ arguments: [String], in directory: String) -> ProcessCommand {
        let safe = settings.flatMap { ["-c", $0] }
        var command = ProcessCommand(
            ["git", "--no-pager", "-C", directory] + safe + arguments,
            environment: environment(in: directory)
        )
        command.wallLimit = limit
        return command
    }

    /// The user's own settings count, for they say which repositories are safe; the system's and the repository's
    /// programs do not.
    private static func environment(in directory: String) -> [String: String] {
        var result = [
            "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_ATTR_NOSYSTEM": "1",
        ]
        var names = ["PATH", "HOME", "XDG_CONFIG_HOME"]
        // A hook is told where its repository and its index are; a commit of some files has an index of its own.
        if directory == "." {
            names += [
                "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
                "GIT_ALTERNATE_OBJECT_DIRECTORIES",
            ]
        }
        for name in names {
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
        return result
    }
}
