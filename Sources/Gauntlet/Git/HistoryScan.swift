import CupelCore
import Synchronization

extension GauntletEngine {
    /// Looks at every content that any branch, tag or stash of a repository ever held, each once.
    ///
    /// A finding names the oldest commit that brought it, and the path that it had there; the same finding in later
    /// contents of a file is left out.
    /// - Parameters:
    ///   - directory: Anywhere in the repository.
    ///   - progress: Called now and then.
    /// - Throws: `not_found` without a repository, `tool_missing` or `tool_failed` when git is not to be had or fails.
    package func scanHistory(
        in directory: String,
        options: TreeOptions = TreeOptions(),
        progress: @escaping @Sendable (TreeProgress) -> Void = { _ in }
    ) async throws -> TreeReport {
        let repository = try await GitRepository(at: directory)
        let sink = ReportSink(self, options)
        let content = ContentScan(engine: self, options: options, sink: sink)
        let found = HistoryFindings(limit: options.maximumFindings)
        var log = HistoryLog(GitStream(try await repository.start(HistoryLog.arguments)))
        defer { log.stream.child.kill() }
        var ignores = RootIgnores(top: repository.top, options: options)
        let pool = ScanPool(threads: options.workers)
        var blobs = try await BlobScan(repository, content, pool: pool) {
            progress(TreeProgress(files: $0.files, bytes: $0.bytes, findings: found.count))
        }
        defer { blobs.kill() }
        var waiting: [BlobScan.Blob] = []
        var order = 0
        while let entry = try await log.next() {
            guard !ignores.leavesOut(entry.path.parts) else { continue }
            order += 1
            let (number, commit) = (order, entry.commit)
            let shown = TreeFile.shown(entry.path.parts, prefix: directory)
            waiting.append(
                BlobScan.Blob(name: entry.blob, shown: shown) { found.take(&$0, order: number, commit: commit) }
            )
            if waiting.count == ChangedFiles.portion {
                try await blobs.look(at: waiting)
                waiting = []
            }
        }
        if !waiting.isEmpty { try await blobs.look(at: waiting) }
        if log.isCut {
            sink.note(TreeProblem(path: directory, kind: .tooMany, detail: "more than \(HistoryLog.maximum) contents"))
            sink.truncate()
        } else {
            try await log.stream.finish("log")
        }
        try await blobs.finish()
        return found.complete(sink.finished())
    }
}

/// What every commit brought, from the oldest on, as git's log says it.
struct HistoryLog {
    /// A content that no older commit had.
    struct Entry: Hashable {
        var blob: String
        var path: [UInt8]
        var commit: String
    }

    /// Contents, at most: each takes 32 bytes or so to know it again.
    static let maximum = 2_000_000
    /// Bytes of a field of the log that are kept: the longest path that a system opens, and more.
    private static let fieldBytes = 8192

    static let arguments = [
        "log", "--all", "--reverse", "--raw", "-z", "-c", "--no-abbrev", "--no-renames", "--no-color", "--no-ext-diff",
        "--no-textconv", "--ignore-submodules=all", "--no-relative", "--no-show-signature", "--no-notes",
        "--format=commit:%H",
    ]

    private struct Name: Hashable {
        var high: UInt64
        var low: UInt64
    }

    var stream: GitStream
    /// Whether there was more than the limit.
    private(set) var isCut = false
    private var seen: Set<Name> = []
    private var commit = ""

    init(_ stream: GitStream) { self.stream = stream }

    /// The next content; `nil` at the end.
    mutating func next() async throws -> Entry? {
        while let raw = try await stream.next(until: 0, keeping: Self.fieldBytes) {
            let field = raw.drop { $0 == 0x0A }
            if field.starts(with: Array("commit:".utf8)) {
                commit = String(decoding: field.dropFirst(7).prefix(64), as: UTF8.self)
            } else if field.first == UInt8(ascii: ":") {
                guard let path = try await stream.next(until: 0, keeping: Self.fieldBytes) else { return nil }
                guard let blob = Self.blob(String(decoding: field, as: UTF8.self)), try isNew(blob) else { continue }
                guard seen.count <= Self.maximum else {
                    isCut = true
                    return nil
                }
                return Entry(blob: blob, path: path, commit: commit)
            }
        }
        return nil
    }

    /// The new content of `:old-mode new-mode old new A`, or of a merge's line, which has a colon, a mode and a name
    /// more for each further parent; `nil` for what is gone and what is no file.
    static func blob(_ field: String) -> String? {
        let parents = field.prefix { $0 == ":" }.count
        let words = field.dropFirst(parents).split(separator: " ")
        guard words.count == 2 * (parents + 1) + 1, words[parents].hasPrefix("100") else { return nil }
        let name = words[words.count - 2]
        return name.allSatisfy { $0 == "0" } ? nil : String(name)
    }

    private mutating func isNew(_ blob: String) throws -> Bool {
        let (high, low) = (UInt64(blob.prefix(16), radix: 16), UInt64(blob.dropFirst(16).prefix(16), radix: 16))
        guard let high, let low else { throw CupelError(.toolFailed, "git's log cannot be read") }
        return seen.insert(Name(high: high, low: low)).inserted
    }
}

/// Findings of a history, each from the oldest content that has it, whichever thread comes first.
final class HistoryFindings: Sendable {
    private struct State {
        var findings: [String: (order: Int, finding: Finding)] = [:]
        var isTruncated = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var count: Int { state.withLock { $0.findings.count } }

    /// Takes the findings out of a scan.
    func take(_ scan: inout Scan, order: Int, commit: String) {
        let findings = scan.findings
        scan.findings = []
        guard !findings.isEmpty else { return }
        state.withLock { state in
            for var finding in findings {
                if let known = state.findings[finding.fingerprint], known.order <= order { continue }
                guard state.findings[finding.fingerprint] != nil || state.findings.count < limit else {
                    state.isTruncated = true
                    continue
                }
                finding.message += "; it came with commit \(commit.prefix(12))"
                state.findings[finding.fingerprint] = (order, finding)
            }
        }
    }

    /// A report with them.
    func complete(_ report: TreeReport) -> TreeReport {
        var report = report
        let state = state.withLock { $0 }
        report.findings = state.findings.values.map(\.finding).sorted {
            ($0.path, $0.line, $0.column, $0.rule) < ($1.path, $1.line, $1.column, $1.rule)
        }
        report.isTruncated = report.isTruncated || state.isTruncated
        return report
    }
}
