import CupelCore
@testable import Gauntlet
import Glibc
import Testing

/// A Git repository of a test's own.
struct RepositoryFixture {
    let root = GauntletFixture.temporaryDirectory("repository")
    /// A line that holds a secret, and another one.
    static var secret: String { "password: \"\(GauntletFixture.password)\"\n" }
    static var other: String { "aws_access_key_id = \(GauntletFixture.awsKey())\n" }

    init() async throws {
        try await git("init", "-q", "-b", "main")
        for (name, value) in [("user.name", "Test"), ("user.email", "test@example.com"), ("commit.gpgsign", "false")] {
            try await git("config", name, value)
        }
    }

    @discardableResult
    func git(_ arguments: String..., expecting code: Int = 0) async throws -> String {
        var command = ProcessCommand(["git", "-C", root] + arguments)
        command.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": root, "GIT_CONFIG_NOSYSTEM": "1"]
        command.wallLimit = .seconds(60)
        let result = try await ProcessLoop.shared.run(command)
        #expect(result.ending.exitCode == code, "git \(arguments): \(result.errorText)")
        return result.outputText.split(separator: "\n").first.map(String.init) ?? ""
    }

    func put(_ name: String, _ text: String) throws {
        for (index, letter) in name.enumerated() where letter == "/" { mkdir(root + "/" + name.prefix(index), 0o755) }
        try GauntletFixture.write(text, to: root + "/" + name)
    }

    func stage(_ name: String, _ text: String) async throws {
        try put(name, text)
        try await git("add", "-f", name)
    }

    @discardableResult
    func commit(_ message: String = "a change") async throws -> String {
        try await git("commit", "-q", "--allow-empty", "-m", message)
        return try await git("rev-parse", "HEAD")
    }

    func scan(_ change: GitChange, _ options: TreeOptions = TreeOptions()) async throws -> TreeReport {
        try await GauntletFixture.engine.get().scan(change, in: root, options: options)
    }

    func history() async throws -> TreeReport { try await GauntletFixture.engine.get().scanHistory(in: root) }

    /// Paths from the root, and lines.
    func places(_ report: TreeReport) -> [String] {
        report.findings.map { "\($0.path.dropFirst(root.count + 1)):\($0.line)" }
    }
}
