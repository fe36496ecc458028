import CupelCore
import Glibc

/// What part of a repository is looked at.
package enum GitChange: Sendable, Hashable {
    /// What the next commit would change.
    case staged
    /// What came since a commit, where the two histories parted.
    case since(String)
}

extension GauntletEngine {
    /// Looks at the files that a change touches, and keeps what is found on its new lines.
    /// - Parameters:
    ///   - directory: Anywhere in the repository; all of it is looked at.
    ///   - progress: Called now and then.
    /// - Throws: `not_found` without a repository, `validation_error` for a commit that is none, `tool_missing` or
    ///   `tool_failed` when git is not to be had or fails.
    package func scan(
        _ change: GitChange,
        in directory: String,
        options: TreeOptions = TreeOptions(),
        progress: @escaping @Sendable (TreeProgress) -> Void = { _ in }
    ) async throws -> TreeReport {
        let repository = try await GitRepository(at: directory)
        let sink = ReportSink(self, options)
        let content = ContentScan(engine: self, options: options, sink: sink)
        let files = try await ChangedFiles.read(repository, change, options, sink)
        let pool = ScanPool(threads: options.workers)
        var blobs = try await BlobScan(repository, content, pool: pool, progress: progress)
        defer { blobs.kill() }
        for start in stride(from: 0, to: files.count, by: ChangedFiles.portion) {
            let part = files[start..<min(files.count, start + ChangedFiles.portion)]
            try await blobs.look(at: part.map { ChangedFiles.blob($0, prefix: directory) })
        }
        try await blobs.finish()
        return sink.finished()
    }
}

/// The files that a change touches.
enum ChangedFiles {
    /// Files that are asked for at once.
    static let portion = 256
    /// Files, at most.
    private static let maximum = 100_000
    /// Bytes of a line of the diff that are kept: enough for every header.
    private static let lineBytes = 20_000
    private static let options = [
        "-U0", "--inter-hunk-context=0", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color",
        "--no-relative", "--find-renames", "--diff-filter=ACMRT", "--ignore-submodules=all", "--src-prefix=a/",
        "--dst-prefix=b/",
    ]

    static func read(
        _ repository: GitRepository,
        _ change: GitChange,
        _ options: TreeOptions,
        _ sink: ReportSink
    ) async throws -> [UnifiedDiff.File] {
        var stream = GitStream(try await repository.start(try await arguments(repository, change)))
        defer { stream.child.kill() }
        var ignores = RootIgnores(top: repository.top, options: options)
        var diff = UnifiedDiff(keepsText: false)
        var files: [UnifiedDiff.File] = []
        var isOver = false
        while !isOver {
            let line = try await stream.next(until: 0x0A, keeping: lineBytes)
            let file = line.map { diff.take($0) } ?? diff.finish()
            if let file, !file.isNoFile, file.blob != nil, !ignores.leavesOut(file.path.parts) {
                if files.count < maximum { files.append(file) } else { isOver = true }
            }
            if line == nil { break }
        }
        if isOver {
            sink.note(TreeProblem(path: ".", kind: .tooMany, detail: "more than \(maximum) files"))
            sink.truncate()
        } else {
            try await stream.finish("diff")
        }
        return files
    }

    /// A file as the scan wants it: what it finds counts on new lines.
    static func blob(_ file: UnifiedDiff.File, prefix: String) -> BlobScan.Blob {
        BlobScan.Blob(name: file.blob ?? "", shown: TreeFile.shown(file.path.parts, prefix: prefix)) { scan in
            guard !file.isBinary else { return }
            scan.findings.removeAll { !file.isNew($0.line) }
            scan.allowances.removeAll { !file.isNew($0.line) }
        }
    }

    private static func arguments(_ repository: GitRepository, _ change: GitChange) async throws -> [String] {
        switch change {
        case .staged: return ["diff", "--cached"] + options
        case .since(let name):
            let commit = try await repository.commit(name)
            let head = try await repository.commit("HEAD")
            // Where the histories have no common commit, or it is not in a shallow clone, all that differs is new.
            let base = try? await repository.ask(["merge-base", commit, head])
            let from = base?.split(separator: "\n").first.map(String.init) ?? commit
            return ["diff"] + options + [from, head]
        }
    }
}

extension [UInt8] {
    /// A path's parts between slashes.
    var parts: [[UInt8]] { split(separator: UInt8(ascii: "/")).map(Array.init) }
}
