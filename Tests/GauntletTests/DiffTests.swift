import CupelCore
@testable import Gauntlet
import Testing

@Suite struct DiffTests {
    private var secret: String { RepositoryFixture.secret }

    private func scan(_ diff: String) async throws -> [String] {
        try await GauntletFixture.engine.get().scan(diff: Array(diff.utf8)).findings.map { "\($0.path):\($0.line)" }
    }

    private func files(_ diff: String, keepsText: Bool = false) -> [UnifiedDiff.File] {
        var reader = UnifiedDiff(keepsText: keepsText)
        let ended = diff.split(separator: "\n", omittingEmptySubsequences: false).compactMap {
            reader.take(Array($0.utf8))
        }
        return ended + [reader.finish()].compactMap { $0 }
    }

    @Test func `only new lines count, by their number in the new file`() async throws {
        let diff = """
            diff --git a/conf.yml b/conf.yml
            index 1111111..2222222 100644
            --- a/conf.yml
            +++ b/conf.yml
            @@ -1,3 +1,3 @@ section
             \(secret)-\(secret)+b: 2
             c: 3
            @@ -10,2 +10,4 @@
             d: 4
            +e: 5
            +\(secret) f: 6

            """
        #expect(try await scan(diff) == ["conf.yml:12"])
    }

    @Test func `a plain diff has names and dates behind tabs`() async throws {
        let diff =
            "--- old/a.yml\t2026-01-01\n+++ new/a.yml\t2026-01-02\n@@ -0,0 +1 @@\n+\(secret)"
            + "--- /dev/null\n+++ b.yml\n@@ -0,0 +1,2 @@\n+x: 1\n+\(secret)\\ No newline at end of file\n"
        #expect(try await scan(diff) == ["b.yml:2", "new/a.yml:1"])
    }

    @Test func `lines that look like headers inside a hunk are lines`() {
        let read = files("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- y\n+++ z\n q\n--- a/w\n+++ b/w\n@@ -1 +1 @@\n-a\n+b\n")
        #expect(read.map { String(decoding: $0.path, as: UTF8.self) } == ["x", "w"])
        #expect(read.map(\.added) == [[1...1], [1...1]])
    }

    @Test func `names in quotes, deleted files, links and binary files`() {
        let read = files(
            """
            diff --git "a/d\\303\\251 \\"q\\"\\t" "b/d\\303\\251 \\"q\\"\\t"
            index 1..2 100644
            --- "a/d\\303\\251 \\"q\\"\\t"
            +++ "b/d\\303\\251 \\"q\\"\\t"
            @@ -1 +1,2 @@
            +x
             y
            diff --git a/gone b/gone
            deleted file mode 100644
            index 1..0
            --- a/gone
            +++ /dev/null
            @@ -1 +0,0 @@
            -x
            diff --git a/link b/link
            new file mode 120000
            index 0..3
            --- /dev/null
            +++ b/link
            @@ -0,0 +1 @@
            +/etc
            diff --git a/p q.bin b/p q.bin
            new file mode 100644
            index 0..4
            Binary files /dev/null and b/p q.bin differ
            """
        )
        #expect(
            read.map { String(decoding: $0.path, as: UTF8.self) } == ["d\u{E9} \"q\"\t", "gone", "link", "p q.bin"]
        )
        #expect(
            read.map(\.isNoFile) == [false, true, true, false] && read.map(\.isBinary) == [false, false, false, true]
        )
        #expect(read.map(\.blob) == ["2", "0", "3", "4"])
    }

    @Test func `what is no diff is refused, an empty one passes`() async throws {
        #expect(try await scan("\n") == [])
        let error = await #expect(throws: CupelError.self) { try await scan("just text\n") }
        #expect(error?.code == .validationError)
    }

    @Test(
        arguments: [
            ":100644 100755 \(String(repeating: "1", count: 40)) 22 M": "22",
            "::100644 100644 100644 11 22 33 MM": "33",
            ":100644 000000 11 00 D": nil,
            ":000000 120000 00 22 A": nil,
            ":000000 160000 00 22 A": nil,
            ":": nil, ":::::": nil, ": 1": nil,
        ] as [String: String?]
    )
    func `the log's fields name the new content`(_ field: String, _ name: String?) {
        #expect(HistoryLog.blob(field) == name)
    }

    @Test func `damaged diffs never crash`() async throws {
        let diff = Array(
            ("diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ \"b/\\303x\"\n@@ -1,3 +1,4 @@\n a\n-b\n+c\n+d\n e\n"
                + "diff --git a/y b/y\nrename to z\n@@ -1 +1 @@\n-q\n+\(secret)").utf8
        )
        let engine = try GauntletFixture.engine.get()
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            var bytes = Array(diff.prefix(Int.random(in: 0...diff.count, using: &generator)))
            for _ in 0..<Int.random(in: 0...5, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            do {
                let report = try await engine.scan(diff: bytes)
                #expect(report.findings.count <= 1)
            } catch let error as CupelError {
                #expect(error.code == .validationError)
            }
        }
    }
}
