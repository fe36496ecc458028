import CupelCore
import Glibc

/// The hook that looks at what a commit would bring before it is made.
package struct GitHook: Sendable {
    /// The hook's file.
    package let path: String

    /// What tells our hook from another.
    private static let mark = "# Installed by `cupel hook install`; `cupel hook uninstall` takes it away."
    private static let copyEnding = ".before-cupel"
    private static let maximumBytes = 1 << 20

    /// Finds the place of the hook: `core.hooksPath` where that is set, else the repository's own directory, which all
    /// of its working trees share.
    /// - Throws: as ``GitRepository/init(at:)``.
    package init(in directory: String) async throws {
        let repository = try await GitRepository(at: directory)
        let answer = try await repository.ask(["rev-parse", "--git-path", "hooks"])
        let hooks = answer.hasSuffix("\n") ? String(answer.dropLast()) : answer
        let base = hooks.hasPrefix("/") || directory == "." ? hooks : directory + "/" + hooks
        path = base + "/pre-commit"
    }

    /// Writes the hook.
    /// - Parameters:
    ///   - program: The path of this program.
    ///   - options: What is added to `scan --staged`, as `--fail-on high`.
    ///   - force: Whether a hook that is not ours is kept as a copy and replaced.
    /// - Returns: The copy's path, where one was made.
    /// - Throws: `conflict` when another hook stands there, `tool_failed` when it cannot be written.
    @discardableResult
    package func install(program: String, options: [String] = [], force: Bool = false) throws -> String? {
        var copy: String?
        if Self.exists(path), !isOurs {
            guard force else {
                throw CupelError(
                    .conflict,
                    "\(path) is another hook. Call `cupel scan --staged` from it, or replace it with --force, which "
                        + "keeps a copy."
                )
            }
            let place = path + Self.copyEnding
            guard !Self.exists(place) else {
                throw CupelError(.conflict, "\(place) is there already; move it away first.")
            }
            guard rename(path, place) == 0 else { throw Self.failure("\(path) cannot be renamed") }
            copy = place
        }
        let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        if mkdir(directory, 0o755) != 0, errno != EEXIST { throw Self.failure("\(directory) cannot be made") }
        try write(Self.script(program, options))
        return copy
    }

    /// Takes the hook away, and brings back what `--force` replaced.
    /// - Returns: Whether an older hook was brought back.
    /// - Throws: `not_found` without a hook of ours, `tool_failed` when it cannot be removed.
    @discardableResult
    package func uninstall() throws -> Bool {
        guard isOurs else { throw CupelError(.notFound, "There is no hook of Cupel's at \(path).") }
        let copy = path + Self.copyEnding
        if Self.exists(copy) {
            guard rename(copy, path) == 0 else { throw Self.failure("\(copy) cannot be renamed") }
            return true
        }
        guard unlink(path) == 0 else { throw Self.failure("\(path) cannot be removed") }
        return false
    }

    private var isOurs: Bool {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard TreeFile.isRegular(descriptor),
            let bytes = FileBytes.readStream(descriptor, upTo: Self.maximumBytes)
        else { return false }
        return bytes.split(separator: 0x0A).contains { $0.elementsEqual(Self.mark.utf8) }
    }

    /// Written beside and moved into place, so that git never runs half of it.
    private func write(_ script: String) throws {
        let draft = path + ".\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o755)
        guard descriptor >= 0 else { throw Self.failure("\(draft) cannot be written") }
        defer { close(descriptor) }
        guard FileBytes.write(descriptor, Array(script.utf8)), rename(draft, path) == 0 else {
            let error = Self.failure("\(path) cannot be written")
            unlink(draft)
            throw error
        }
    }

    /// The script; without the program at its place it takes the one on the path.
    private static func script(_ program: String, _ options: [String]) -> String {
        let words = (["scan", "--staged"] + options).map(quoted).joined(separator: " ")
        return """
            #!/bin/sh
            \(mark)
            cupel=\(quoted(program))
            [ -x "$cupel" ] || cupel=cupel
            exec "$cupel" \(words)

            """
    }

    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0) || (0x2D...0x39).contains($0) || $0 == 0x5F
        }
        return isPlain && !word.isEmpty
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func failure(_ what: String) -> CupelError {
        CupelError(.toolFailed, "\(what): \(String(cString: strerror(errno)))")
    }
}
