import CLinux
import CupelCore
import Glibc
import Synchronization

extension GauntletEngine {
    /// Looks at a file, a directory with what is below it, or standard input (`-`), on a bounded pool of threads.
    ///
    /// What cannot be looked at is reported and never ends the scan. Cancelling the task ends it early, with what was
    /// found until then and `isTruncated` set.
    /// - Parameters:
    ///   - path: Where to look.
    ///   - progress: Called now and then, from the pool's threads.
    /// - Throws: `not_found` when nothing can be opened at `path`.
    package func scanTree(
        at path: String,
        options: TreeOptions = TreeOptions(),
        pool: ScanPool? = nil,
        progress: @escaping @Sendable (TreeProgress) -> Void = { _ in }
    ) async throws -> TreeReport {
        if path == "-" { return await scanStream(0, shown: "<stdin>", options: options, pool: pool) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            throw CupelError(
                .notFound,
                "\(path) cannot be opened: \(String(cString: strerror(errno))); check the path and its rights"
            )
        }
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            let scan = TreeScan(engine: self, root: descriptor, prefix: path, options: options, progress: progress)
            return await scan.run(on: pool ?? ScanPool(threads: options.workers))
        }
        defer { close(descriptor) }
        let content = TreeFile.content(of: descriptor, options)
        return await report(content, shown: path, options: options, pool: pool)
    }

    /// Looks at everything a stream gives, up to the limit of a file.
    package func scanStream(
        _ descriptor: Int32,
        shown: String,
        options: TreeOptions = TreeOptions(),
        pool: ScanPool? = nil
    ) async -> TreeReport {
        let limit = options.maximumFileBytes
        let content = await (pool ?? ScanPool(threads: 1)).run { () -> TreeFile.Content in
            guard let bytes = FileBytes.readStream(descriptor, upTo: limit + 1) else {
                return .problem(.unreadable, "the stream broke")
            }
            return bytes.count > limit
                ? .problem(.tooLarge, "over \(limit) bytes") : TreeFile.content(of: bytes, options)
        }
        return await report(content, shown: shown, options: options, pool: pool)
    }

    private func report(
        _ content: TreeFile.Content,
        shown: String,
        options: TreeOptions,
        pool: ScanPool?
    ) async -> TreeReport {
        let sink = ReportSink(self, options)
        await withTaskCancellationHandler {
            await (pool ?? ScanPool(threads: 1)).run {
                ContentScan(engine: self, options: options, sink: sink).look(at: content, shown: shown)
            }
        } onCancel: {
            sink.cancel()
        }
        return sink.finished()
    }
}

/// One scan of one tree: threads take files from the walk until it is done.
private final class TreeScan: Sendable {
    private struct State: ~Copyable {
        var walk: TreeWalk
        var working: Int
        var continuation: CheckedContinuation<TreeReport, Never>?
    }

    /// Files that a thread looks at before it lets other work of the pool in.
    private static let turn = 64
    /// Files that a thread takes at once: each taking is a lock.
    private static let handful = 8

    private let root: Int32
    private let prefix: String
    private let options: TreeOptions
    private let progress: @Sendable (TreeProgress) -> Void
    private let state: Mutex<State>
    private let sink: ReportSink
    private let content: ContentScan

    /// Takes over the descriptor of the root.
    init(
        engine: GauntletEngine,
        root: Int32,
        prefix: String,
        options: TreeOptions,
        progress: @escaping @Sendable (TreeProgress) -> Void
    ) {
        self.root = root
        self.prefix = prefix
        self.options = options
        self.progress = progress
        sink = ReportSink(engine, options)
        content = ContentScan(engine: engine, options: options, sink: sink)
        state = Mutex(
            State(
                walk: TreeWalk(root: root, prefix: prefix, options: options),
                working: 0,
                continuation: nil
            )
        )
    }

    deinit { close(root) }

    func run(on pool: ScanPool) async -> TreeReport {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let workers = min(options.workers, pool.threads)
                state.withLock {
                    $0.working = workers
                    $0.continuation = continuation
                }
                for _ in 0..<workers { pool.submit { self.work(on: pool) } }
            }
        } onCancel: {
            sink.cancel()
        }
    }

    /// One turn of one thread.
    private func work(on pool: ScanPool) {
        for _ in 0..<Self.turn / Self.handful {
            let steps = take()
            guard !steps.isEmpty else {
                tellProgress()
                finish()
                return
            }
            for step in steps where !sink.isCancelled { look(at: step) }
        }
        tellProgress()
        pool.submit { self.work(on: pool) }
    }

    private func take() -> [TreeWalk.Step] {
        if sink.isCancelled { return [] }
        return state.withLock { state in
            var steps: [TreeWalk.Step] = []
            steps.reserveCapacity(Self.handful)
            while steps.count < Self.handful, let step = state.walk.next() { steps.append(step) }
            return steps
        }
    }

    private func look(at step: TreeWalk.Step) {
        switch step {
        case .problem(let problem): sink.note(problem)
        case .file(let path):
            content.look(
                at: TreeFile.content(root, path, options),
                shown: TreeFile.shown(path, prefix: prefix)
            )
        }
    }

    private func tellProgress() { progress(sink.progress) }

    /// The last thread answers.
    private func finish() {
        let continuation = state.withLock { state -> CheckedContinuation<TreeReport, Never>? in
            state.working -= 1
            guard state.working == 0 else { return nil }
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: sink.finished())
    }
}
