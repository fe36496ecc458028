import CupelCore
@testable import Gauntlet
import Glibc
import Synchronization
import Testing

@Suite struct TreeTests {
    private let root = GauntletFixture.temporaryDirectory("tree")
    private var secret: String { "password: \"\(GauntletFixture.password)\"\n" }

    private func scan(_ path: String? = nil, _ options: TreeOptions = TreeOptions()) async throws -> TreeReport {
        try await GauntletFixture.engine.get().scanTree(at: path ?? root, options: options)
    }

    private func put(_ name: String, _ text: String) throws { try GauntletFixture.write(text, to: root + "/" + name) }

    @Test func `files are found in the order of their paths, git's own are not`() async throws {
        for directory in ["b", "b/c", ".git"] { mkdir(root + "/" + directory, 0o755) }
        for name in ["z.yml", "a.yml", "b/c/x.yml", ".git/config.yml"] { try put(name, secret) }
        let report = try await scan()
        #expect(report.findings.map(\.path) == ["a.yml", "b/c/x.yml", "z.yml"].map { root + "/" + $0 })
        #expect(report.files == 3 && !report.isTruncated)
        #expect(report.judgement().verdict == .block)
    }

    @Test func `a hostile tree is reported and never fatal`() async throws {
        for directory in ["deep", "deep/er", "deep/er/est", "locked"] { mkdir(root + "/" + directory, 0o755) }
        try put("good.yml", secret)
        try put("deep/er/est/x.yml", secret)
        symlink("..", root + "/deep/loop")
        symlink("/etc/passwd", root + "/outside")
        mkfifo(root + "/fifo", 0o644)
        try put("binary", "\u{0}\u{1}" + secret)
        try GauntletFixture.write(Array(repeating: 0x61, count: 4097), to: root + "/large")
        try GauntletFixture.write(Array(repeating: 0x61, count: 4096), to: root + "/fits")
        try GauntletFixture.write([0xFF, 0x80, 0x0A] + Array(secret.utf8), to: root + "/bad-\u{E9}.yml")
        let wide: [UInt8] = Array(secret.utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        try GauntletFixture.write([0xFF, 0xFE] + wide, to: root + "/wide.yml")
        let options = TreeOptions(maximumFileBytes: 4096, maximumDepth: 2)
        let report = try await scan(root, options)
        #expect(report.findings.map(\.path) == ["bad-\u{E9}.yml", "good.yml", "wide.yml"].map { root + "/" + $0 })
        #expect(
            report.passedOver == [.symbolicLink: 2, .special: 1, .binary: 1, .tooLarge: 1, .tooDeep: 1]
        )
        #expect(report.problems.map(\.kind) == [.tooDeep, .special, .tooLarge])
    }

    @Test func `depth and entries are cut at one over their limits`() async throws {
        mkdir(root + "/a", 0o755)
        for name in ["a/1.yml", "a/2.yml"] { try put(name, secret) }
        let two = try await scan(root, TreeOptions(maximumDepth: 1, maximumEntries: 2))
        #expect(two.findings.count == 2 && two.problems == [])
        let one = try await scan(root, TreeOptions(maximumEntries: 1))
        #expect(one.findings.count == 1 && one.passedOver == [.tooMany: 1])
        let flat = try await scan(root, TreeOptions(maximumDepth: 0))
        #expect(flat.findings == [] && flat.passedOver == [.tooDeep: 1])
        let few = try await scan(root, TreeOptions(maximumFindings: 1))
        #expect(few.findings.count == 1 && few.isTruncated)
    }

    @Test func `ignore files are heard, the deeper and the later over the others`() async throws {
        for directory in ["build", "sub", "sub/build"] { mkdir(root + "/" + directory, 0o755) }
        try put(".gitignore", "# made\nbuild/\n*.log\n!keep.log\n")
        try put(".cupelignore", "vendored.yml\n")
        try put("sub/.gitignore", "!wanted.log\n/own.yml\n")
        let names = [
            "build/x.yml", "sub/build/x.yml", "a.log", "keep.log", "vendored.yml", "sub/wanted.log", "sub/own.yml",
            "own.yml",
        ]
        for name in names { try put(name, secret) }
        let report = try await scan()
        #expect(report.findings.map(\.path) == ["keep.log", "own.yml", "sub/wanted.log"].map { root + "/" + $0 })
        let all = try await scan(root, TreeOptions(respectsIgnoreFiles: false))
        #expect(all.findings.count == names.count)
    }

    @Test func `one file, a missing one and a stream`() async throws {
        try put("x.yml", secret)
        #expect(try await scan(root + "/x.yml").findings.map(\.path) == [root + "/x.yml"])
        let error = await #expect(throws: CupelError.self) { try await scan(root + "/none") }
        #expect(error?.code == .notFound)
        let descriptor = open(root + "/x.yml", O_RDONLY)
        defer { close(descriptor) }
        let report = try await GauntletFixture.engine.get().scanStream(descriptor, shown: "<stdin>")
        #expect(report.findings.map(\.path) == ["<stdin>"])
    }

    @Test func `a stream is cut at one byte over the limit`() async throws {
        try put("x", "12345")
        for (limit, files) in [(5, 1), (4, 0)] {
            let descriptor = open(root + "/x", O_RDONLY)
            defer { close(descriptor) }
            let options = TreeOptions(maximumFileBytes: limit)
            let report = try await GauntletFixture.engine.get().scanStream(descriptor, shown: "-", options: options)
            #expect(report.files == files)
            #expect(report.passedOver[.tooLarge] == (files == 0 ? 1 : nil))
        }
    }

    @Test func `many files on many threads give one report, and progress is told`() async throws {
        for index in 0..<300 { try put("f\(index).yml", secret) }
        let calls = Mutex(0)
        let report = try await GauntletFixture.engine.get().scanTree(at: root, options: TreeOptions(workers: 8)) { _ in
            calls.withLock { $0 += 1 }
        }
        #expect(report.findings.count == 300 && report.files == 300)
        #expect(report.untimed == (try await scan(root, TreeOptions(workers: 1))).untimed)
        #expect(calls.withLock { $0 } > 0)
    }

    @Test func `a cancelled scan ends and says that it is cut`() async throws {
        for index in 0..<50 { try put("f\(index).yml", secret) }
        let engine = try GauntletFixture.engine.get()
        let root = root
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await engine.scanTree(at: root)
        }
        #expect(try await task.value.isTruncated)
    }
}

extension TreeReport {
    /// The report without what differs from run to run.
    fileprivate var untimed: TreeReport {
        var report = self
        report.times = AssayTimes()
        report.profile = TreeProfile()
        report.elapsed = 0
        return report
    }
}
