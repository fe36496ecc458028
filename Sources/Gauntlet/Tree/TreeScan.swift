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
        let content = TreeFile.content(of: descriptor, limit: options.maximumFileBytes)
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
            return bytes.count > limit ? .problem(.tooLarge, "over \(limit) bytes") : TreeFile.text(bytes)
        }
        return await report(content, shown: shown, options: options, pool: pool)
    }

    private func report(
        _ content: TreeFile.Content,
        shown: String,
        options: TreeOptions,
        pool: ScanPool?
    ) async -> TreeReport {
        var report = TreeReport(layers: layers, rulePackVersion: rulePackVersion)
        switch content {
        case .text(let bytes):
            let scan = await (pool ?? ScanPool(threads: 1)).run {
                self.scan(bytes, path: shown, policy: options.policy)
            }
            report.add(scan, of: shown, bytes: bytes.count, limit: options.maximumFindings)
        case .problem(let kind, let detail):
            report.add(TreeProblem(path: shown, kind: kind, detail: detail), limit: options.maximumProblems)
        }
        return report
    }
}

/// One scan of one tree: threads take files from the walk until it is done.
private final class TreeScan: Sendable {
    private struct State: ~Copyable {
        var walk: TreeWalk
        var report: TreeReport
        var packages: PackageJudge
        var working: Int
        var continuation: CheckedContinuation<TreeReport, Never>?
    }

    /// Files that a thread looks at before it lets other work of the pool in.
    private static let turn = 64

    private let engine: GauntletEngine
    private let root: Int32
    private let options: TreeOptions
    private let progress: @Sendable (TreeProgress) -> Void
    private let state: Mutex<State>
    private let isCancelled = Atomic(false)

    /// Takes over the descriptor of the root.
    init(
        engine: GauntletEngine,
        root: Int32,
        prefix: String,
        options: TreeOptions,
        progress: @escaping @Sendable (TreeProgress) -> Void
    ) {
        self.engine = engine
        self.root = root
        self.options = options
        self.progress = progress
        state = Mutex(
            State(
                walk: TreeWalk(root: root, prefix: prefix, options: options),
                report: TreeReport(layers: engine.layers, rulePackVersion: engine.rulePackVersion),
                packages: PackageJudge(engine: engine),
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
            isCancelled.store(true, ordering: .relaxed)
        }
    }

    /// One turn of one thread.
    private func work(on pool: ScanPool) {
        for _ in 0..<Self.turn {
            guard !isCancelled.load(ordering: .relaxed), let step = state.withLock({ $0.walk.next() }) else {
                tellProgress()
                finish()
                return
            }
            switch step {
            case .problem(let problem): note(problem)
            case .file(let file): look(at: file)
            }
        }
        tellProgress()
        pool.submit { self.work(on: pool) }
    }

    private func tellProgress() {
        progress(
            state.withLock {
                TreeProgress(files: $0.report.files, bytes: $0.report.bytes, findings: $0.report.findings.count)
            }
        )
    }

    private func look(at file: TreeWalk.File) {
        switch TreeFile.content(root, file.path, limit: options.maximumFileBytes) {
        case .problem(let kind, let detail): note(TreeProblem(path: file.shown, kind: kind, detail: detail))
        case .text(let bytes):
            let scan = engine.scan(bytes, path: file.shown, policy: options.policy)
            state.withLock {
                $0.report.add(scan, of: file.shown, bytes: bytes.count, limit: options.maximumFindings)
                $0.packages.add(path: file.shown, summary: scan.summary)
            }
        }
    }

    private func note(_ problem: TreeProblem) {
        state.withLock { $0.report.add(problem, limit: options.maximumProblems) }
    }

    /// The last thread answers.
    private func finish() {
        let answer = state.withLock { state -> (CheckedContinuation<TreeReport, Never>, TreeReport)? in
            state.working -= 1
            guard state.working == 0, let continuation = state.continuation else { return nil }
            state.continuation = nil
            let room = max(0, options.maximumFindings - state.report.findings.count)
            state.report.findings += state.packages.findings().prefix(room)
            return (continuation, state.report)
        }
        guard let answer else { return }
        var report = answer.1
        if isCancelled.load(ordering: .relaxed) { report.isTruncated = true }
        report.sort()
        answer.0.resume(returning: report)
    }
}
