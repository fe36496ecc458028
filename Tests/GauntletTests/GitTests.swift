import CArchive
import CupelCore
@testable import Gauntlet
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(3))) struct GitTests {
    private var secret: String { RepositoryFixture.secret }
    private var other: String { RepositoryFixture.other }

    @Test func `of what is staged, only new lines count, as they are staged`() async throws {
        let repository = try await RepositoryFixture()
        try await repository.stage("first.yml", "a: 1\n" + secret)
        #expect(repository.places(try await repository.scan(.staged)) == ["first.yml:2"])
        try await repository.commit()
        #expect(try await repository.scan(.staged).files == 0)
        try await repository.stage("first.yml", "a: 1\nb: 2\n" + secret + "c: 3\n" + other)
        try await repository.stage("d\u{E9}p \"q\"/new \t.yml", secret)
        try repository.put("first.yml", "only in the working tree\n" + secret)
        try repository.put("loose.yml", secret)
        let report = try await repository.scan(.staged)
        #expect(report.findings.map(\.line) == [1, 5] && report.files == 2)
        #expect(report.findings.first?.path == repository.root + "/d\u{E9}p \"q\"/new \u{FFFD}.yml")
    }

    @Test func `a renamed file counts by its new lines, a deleted one not at all`() async throws {
        let repository = try await RepositoryFixture()
        let filler = (0..<40).map { "line: \($0)\n" }.joined()
        try await repository.stage("old.yml", filler + secret)
        try await repository.stage("gone.yml", secret)
        try await repository.commit()
        try await repository.git("mv", "old.yml", "new.yml")
        try await repository.git("rm", "-q", "gone.yml")
        symlink("/etc/passwd", repository.root + "/link")
        try await repository.git("add", "link")
        #expect(try await repository.scan(.staged).findings == [])
        try await repository.stage("new.yml", filler + secret + other)
        #expect(repository.places(try await repository.scan(.staged)) == ["new.yml:42"])
    }

    @Test func `what git takes for binary is looked at as a whole: archives, UTF-16`() async throws {
        let repository = try await RepositoryFixture()
        let archive = try ArchiveFixture.make(.zip, [("in.yml", Array(secret.utf8))])
        try GauntletFixture.write(archive, to: repository.root + "/a.zip")
        let wide: [UInt8] = secret.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        try GauntletFixture.write(wide, to: repository.root + "/wide.yml")
        try await repository.stage(".gitattributes", "*.yml -diff\n")
        try await repository.stage("hidden.yml", secret)
        try await repository.git("add", ".")
        let report = try await repository.scan(.staged)
        #expect(repository.places(report) == ["a.zip!/in.yml:1", "hidden.yml:1", "wide.yml:1"])
    }

    @Test func `what a policy and .cupelignore leave out is left out; .gitignore is not heard`() async throws {
        let repository = try await RepositoryFixture()
        try repository.put("sub/.cupelignore", "own.yml\n")
        for name in ["vendor/a/x.yml", "sub/own.yml", "sub/kept.yml", "generated.yml", "ignored.log"] {
            try await repository.stage(name, secret)
        }
        try repository.put(".cupelignore", "vendor/\n")
        try repository.put(".gitignore", "*.log\n")
        var options = TreeOptions()
        options.ignoredPaths = ["generated.yml"]
        #expect(repository.places(try await repository.scan(.staged, options)) == ["ignored.log:1", "sub/kept.yml:1"])
    }

    @Test func `what came since a commit counts from where the histories parted`() async throws {
        let repository = try await RepositoryFixture()
        try await repository.stage("a.yml", secret)
        let start = try await repository.commit()
        try await repository.git("checkout", "-q", "-b", "topic")
        try await repository.stage("b.yml", "x: 1\n" + other)
        try await repository.commit()
        try await repository.git("checkout", "-q", "main")
        try await repository.git("rm", "-q", "a.yml")
        try await repository.commit()
        try await repository.git("checkout", "-q", "topic")
        #expect(repository.places(try await repository.scan(.since("main"))) == ["b.yml:2"])
        #expect(repository.places(try await repository.scan(.since(start))) == ["b.yml:2"])
        #expect(try await repository.scan(.since("HEAD")).files == 0)
        for name in ["nowhere", "--output=/tmp/x", ""] {
            let error = await #expect(throws: CupelError.self) { try await repository.scan(.since(name)) }
            #expect(error?.code == .validationError)
        }
    }

    @Test func `the history names the oldest commit and path of each finding`() async throws {
        let repository = try await RepositoryFixture()
        try await repository.commit("nothing yet")
        try await repository.stage("conf/a.yml", "a: 1\n" + secret)
        let first = try await repository.commit("brings it")
        try await repository.stage("conf/a.yml", "a: 1\nb: 2\n" + secret)
        try await repository.commit("moves it")
        try await repository.git("checkout", "-q", "-b", "side")
        try await repository.stage("side.txt", other)
        let side = try await repository.commit("on a branch")
        try await repository.git("checkout", "-q", "main")
        try await repository.git("rm", "-q", "conf/a.yml")
        try await repository.commit("takes it away")
        try await repository.git("merge", "-q", "side", "-m", "both")
        let report = try await repository.history()
        #expect(repository.places(report) == ["conf/a.yml:2", "side.txt:1"] && report.files == 3)
        #expect(report.findings.map(\.message).first?.hasSuffix("it came with commit \(first.prefix(12))") == true)
        #expect(report.findings.map(\.message).last?.hasSuffix("it came with commit \(side.prefix(12))") == true)
        #expect(!report.isTruncated && report.problems == [])
    }

    @Test func `what a merge itself brings is looked at`() async throws {
        let repository = try await RepositoryFixture()
        try await repository.stage("a.yml", "x: 1\n")
        try await repository.commit()
        try await repository.git("checkout", "-q", "-b", "side")
        try await repository.stage("a.yml", "x: 2\n")
        try await repository.commit()
        try await repository.git("checkout", "-q", "main")
        try await repository.stage("a.yml", "x: 3\n")
        try await repository.commit()
        try await repository.git("merge", "-q", "side", expecting: 1)
        try await repository.stage("a.yml", "x: 4\n" + secret)
        let merge = try await repository.commit()
        let report = try await repository.history()
        #expect(repository.places(report) == ["a.yml:2"])
        #expect(report.findings.first?.message.hasSuffix("\(merge.prefix(12))") == true)
    }

    @Test func `nothing that a repository names is run`() async throws {
        let repository = try await RepositoryFixture()
        let proof = repository.root + "/proof"
        let program = repository.root + "/program"
        try repository.put("program", "#!/bin/sh\necho ran >> '\(proof)'\ncat\n")
        chmod(program, 0o755)
        try await repository.stage("a.yml", "a: 1\n")
        try await repository.commit()
        try await repository.stage("a.yml", secret)
        try await repository.stage(".gitattributes", "* diff=evil filter=evil\n")
        for name in [
            "core.fsmonitor", "diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.clean",
            "filter.evil.smudge", "core.pager", "gpg.program", "core.sshCommand",
        ] { try await repository.git("config", name, program) }
        try await repository.git("config", "log.showSignature", "true")
        unlink(proof)
        #expect(repository.places(try await repository.scan(.staged)) == ["a.yml:1"])
        _ = try await repository.scan(.since("HEAD"))
        _ = try await repository.history()
        #expect(access(proof, F_OK) != 0)
    }

    @Test func `without a repository the error says so`() async throws {
        let directory = GauntletFixture.temporaryDirectory("none")
        let error = await #expect(throws: CupelError.self) {
            try await GauntletFixture.engine.get().scan(.staged, in: directory)
        }
        #expect(error?.code == .notFound)
        let missing = await #expect(throws: CupelError.self) {
            try await GauntletFixture.engine.get().scanHistory(in: "/none")
        }
        #expect(missing?.code == .notFound)
    }

    @Test func `a history of many contents is looked at in portions`() async throws {
        let repository = try await RepositoryFixture()
        for number in 0..<600 { try repository.put("f\(number).txt", "number \(number)\n") }
        try repository.put("last.yml", secret)
        try GauntletFixture.write([UInt8](repeating: 0x61, count: 17 << 20), to: repository.root + "/large.txt")
        try await repository.git("add", ".")
        try await repository.commit()
        let steps = Mutex(0)
        let report = try await GauntletFixture.engine.get().scanHistory(in: repository.root) { _ in
            steps.withLock { $0 += 1 }
        }
        #expect(report.files == 601 && report.findings.count == 1 && report.problems.map(\.kind) == [.tooLarge])
        #expect(steps.withLock { $0 } >= 3)
    }
}

@Suite(.timeLimit(.minutes(1))) struct GitHookTests {
    private let program = "/opt/it's here/cupel"

    @Test func `the hook is written, found again and taken away`() async throws {
        let repository = try await RepositoryFixture()
        let hook = try await GitHook(in: repository.root)
        #expect(hook.path == repository.root + "/.git/hooks/pre-commit")
        #expect(try hook.install(program: program, options: ["--fail-on", "high"]) == nil)
        let bytes = try BoundedFile.bytes(at: hook.path, limit: 4096)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("#!/bin/sh\n") && text.contains("cupel='/opt/it'\\''s here/cupel'\n"))
        #expect(text.hasSuffix("exec \"$cupel\" scan --staged --fail-on high\n") && access(hook.path, X_OK) == 0)
        try hook.install(program: program)
        #expect(try hook.uninstall() == false && access(hook.path, F_OK) != 0)
        #expect(throws: CupelError.self) { try hook.uninstall() }
    }

    @Test func `another hook stays, or is kept as a copy and brought back`() async throws {
        let repository = try await RepositoryFixture()
        let hook = try await GitHook(in: repository.root)
        mkdir(repository.root + "/.git/hooks", 0o755)
        let foreign = "#!/bin/sh\necho mine\n"
        try GauntletFixture.write(foreign, to: hook.path)
        let error = #expect(throws: CupelError.self) { try hook.install(program: program) }
        #expect(error?.code == .conflict)
        #expect(try hook.install(program: program, force: true) == hook.path + ".before-cupel")
        #expect(try hook.uninstall() == true)
        #expect(try BoundedFile.bytes(at: hook.path, limit: 4096) == Array(foreign.utf8))
        #expect(throws: CupelError.self) { try hook.uninstall() }
    }

    @Test func `core.hooksPath is honoured, and working trees share the hook`() async throws {
        let repository = try await RepositoryFixture()
        try await repository.commit()
        let tree = GauntletFixture.temporaryDirectory("worktree") + "/tree"
        try await repository.git("worktree", "add", "-q", tree)
        #expect(try await GitHook(in: tree).path == repository.root + "/.git/hooks/pre-commit")
        try await repository.git("config", "core.hooksPath", "tools/hooks")
        mkdir(repository.root + "/tools", 0o755)
        let hook = try await GitHook(in: repository.root)
        #expect(hook.path == repository.root + "/tools/hooks/pre-commit")
        try hook.install(program: program)
    }

    @Test func `git runs the hook, and its answer decides`() async throws {
        let repository = try await RepositoryFixture()
        let stand = repository.root + "/cupel stand-in"
        try GauntletFixture.write("#!/bin/sh\n[ \"$*\" = 'scan --staged' ] && [ ! -e stop ]\n", to: stand)
        chmod(stand, 0o755)
        try await GitHook(in: repository.root).install(program: stand)
        try await repository.git("commit", "-q", "--allow-empty", "-m", "passes")
        try repository.put("stop", "")
        try await repository.git("commit", "-q", "--allow-empty", "-m", "is stopped", expecting: 1)
    }
}
