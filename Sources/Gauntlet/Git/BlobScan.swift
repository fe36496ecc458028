import CupelCore

/// Looks at contents out of a repository's store, through one `git cat-file` for all of them.
struct BlobScan {
    /// One content to look at.
    struct Blob: Sendable {
        /// Its name in the store.
        var name: String
        /// Its path, as it is shown.
        var shown: String
        /// What is made of what is found in it.
        var adjust: @Sendable (inout Scan) -> Void
    }

    private let child: ChildProcess
    private var stream: GitStream
    private let content: ContentScan
    private let pool: ScanPool
    private let progress: @Sendable (TreeProgress) -> Void

    init(
        _ repository: GitRepository,
        _ content: ContentScan,
        pool: ScanPool,
        progress: @escaping @Sendable (TreeProgress) -> Void
    ) async throws {
        child = try await repository.start(["cat-file", "--batch"], input: true)
        stream = GitStream(child)
        self.content = content
        self.pool = pool
        self.progress = progress
    }

    /// Looks at some contents; so few at once that git's questions fit into its pipe.
    mutating func look(at blobs: [Blob]) async throws {
        try child.send(Array((blobs.map(\.name).joined(separator: "\n") + "\n").utf8))
        let (content, pool) = (content, pool)
        // The group outlives no blob: the stream is read here, while threads of the pool look at what was read.
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for blob in blobs {
                guard let bytes = try await read(blob) else { continue }
                if running >= content.options.workers {
                    try await group.next()
                    running -= 1
                }
                running += 1
                group.addTask {
                    await pool.run {
                        var content = content
                        content.adjust = blob.adjust
                        content.look(at: TreeFile.content(of: bytes, content.options), shown: blob.shown)
                    }
                }
            }
            try await group.waitForAll()
        }
        progress(content.sink.progress)
    }

    /// Ends git.
    func finish() async throws {
        child.closeInput()
        try await stream.finish("cat-file")
    }

    /// Ends git at once.
    func kill() { child.kill() }

    /// One content; `nil` when it cannot be had or is too large, which is reported.
    private mutating func read(_ blob: Blob) async throws -> [UInt8]? {
        let header = try await stream.next(until: 0x0A, keeping: 300) ?? []
        let words = String(decoding: header, as: UTF8.self).split(separator: " ")
        guard words.count == 3, let size = Int(words[2]), size >= 0 else {
            guard words.last == "missing" || words.last == "ambiguous" else {
                throw CupelError(.toolFailed, "git ended early: \(GitRepository.words(child.errorTail))")
            }
            note(blob, .unreadable, "git does not have it here")
            return nil
        }
        let limit = content.options.maximumFileBytes
        let bytes = try await stream.bytes(size, keeping: size > limit ? 0 : size)
        _ = try await stream.bytes(1, keeping: 0)
        if words[1] != "blob" { return nil }
        if size > limit {
            note(blob, .tooLarge, "\(size) bytes")
            return nil
        }
        return bytes
    }

    private func note(_ blob: Blob, _ kind: TreeProblem.Kind, _ detail: String) {
        content.sink.note(TreeProblem(path: blob.shown, kind: kind, detail: detail))
    }
}
