import ArgumentParser
import CupelCore
import Gauntlet
import Glibc

struct HookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook",
        abstract: "Have Git pass what is staged through the gauntlet before each commit.",
        subcommands: [HookInstall.self, HookUninstall.self]
    )
}

struct HookInstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Write the pre-commit hook of a repository.",
        discussion: "It runs `cupel scan --staged`. `git commit --no-verify` goes past it once."
    )

    @Argument(help: "The repository.") var path = "."
    @Option(help: "Least severity that stops a commit: info, low, medium, high, critical.") var failOn: String?
    @Flag(help: "Replace another hook; a copy of it is kept.") var force = false

    func run() async throws {
        if let failOn, Severity(rawValue: failOn) == nil {
            let allowed = Severity.allCases.map(\.rawValue).joined(separator: ", ")
            throw CupelError(.validationError, "--fail-on must be one of \(allowed), not '\(failOn)'.")
        }
        let hook = try await GitHook(in: path)
        let options = failOn.map { ["--fail-on", $0] } ?? []
        let copy = try hook.install(program: Self.program, options: options, force: force)
        if let copy { Terminal.standard.say("The hook that stood there is now \(copy)") }
        Terminal.standard.say("\(hook.path) looks at what is staged before each commit")
    }

    /// This program's file.
    private static var program: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "cupel" }
        defer { free(path) }
        return String(cString: path)
    }
}

struct HookUninstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall",
        abstract: "Take the hook away, and bring back what it replaced."
    )

    @Argument(help: "The repository.") var path = "."

    func run() async throws {
        let hook = try await GitHook(in: path)
        let isBack = try hook.uninstall()
        Terminal.standard.say(isBack ? "\(hook.path) is what it was before" : "\(hook.path) is gone")
    }
}
