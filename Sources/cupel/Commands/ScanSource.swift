import ArgumentParser
import CupelCore
import Gauntlet
import Glibc

/// What a scan looks at, where that is not simply what lies at a path.
struct ScanSource: ParsableArguments {
    @Flag(help: "Look at what is staged: the lines that the next commit of the repository at the path brings.")
    var staged = false
    @Option(
        help: ArgumentHelp("Look at the lines that came since a commit, up to the last one.", valueName: "commit")
    )
    var since: String?
    @Flag(help: "Look at every content that the repository at the path ever held.") var history = false
    @Option(
        help: ArgumentHelp("Look at the new lines of a unified diff; - reads standard input.", valueName: "file")
    )
    var diff: String?
    @Flag(help: "Leave archives closed.") var noArchives = false

    func validate() throws {
        guard [staged, since != nil, history, diff != nil].count(where: { $0 }) < 2 else {
            throw ValidationError("Only one of --staged, --since, --history and --diff can be looked at.")
        }
    }

    /// Looks at it.
    /// - Throws: as the engine's scans do, and `not_found` for a diff that cannot be read.
    func scan(
        _ path: String,
        with engine: GauntletEngine,
        _ tree: TreeOptions,
        progress: @escaping @Sendable (TreeProgress) -> Void
    ) async throws -> TreeReport {
        var tree = tree
        tree.opensArchives = !noArchives
        if staged { return try await engine.scan(.staged, in: path, options: tree, progress: progress) }
        if let since { return try await engine.scan(.since(since), in: path, options: tree, progress: progress) }
        if history { return try await engine.scanHistory(in: path, options: tree, progress: progress) }
        guard let diff else { return try await engine.scanTree(at: path, options: tree, progress: progress) }
        return try await engine.scan(diff: try Self.read(diff), options: tree)
    }

    private static func read(_ name: String) throws -> [UInt8] {
        let name = name == "-" ? "/dev/stdin" : name
        guard let file = fopen(name, "re") else {
            throw CupelError(.notFound, "\(name) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= GauntletEngine.maximumDiffBytes {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }
}
