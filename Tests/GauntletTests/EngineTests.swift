import CupelCore
import Gauntlet
import Glibc
import Testing

@Suite struct EngineTests {
    private static let text = (0..<50).map { index in
        "line \(index)\nkey_\(index) = \(GauntletFixture.awsKey(index))\npassword: \"\(GauntletFixture.password)\"\n"
    }.joined()

    @Test func `many threads get the same answer`() async throws {
        let engine = try GauntletFixture.engine.get()
        let bytes = Array(Self.text.utf8)
        let expected = engine.scan(bytes, path: "a.yml").findings
        #expect(expected.count == 100)
        let pool = ScanPool(threads: 8)
        await withTaskGroup(of: [Finding].self) { group in
            for _ in 0..<64 {
                group.addTask { await pool.run { engine.scan(bytes, path: "a.yml").findings } }
            }
            for await findings in group { #expect(findings == expected) }
        }
    }

    @Test func `random bytes never harm`() throws {
        let engine = try GauntletFixture.engine.get()
        var generator = SeededGenerator(seed: 5)
        let pieces = [
            "password", "\"", "'", ": ", "=", "\n", "-----BEGIN RSA PRIVATE KEY-----", "-----END", "://a:", "@h", "ey",
            ".",
            "AKI", "A", "<password>", "\u{E9}", "\0", "cupel:allow ", "Authorization: Basic ", "{{", "}}", "\\n",
        ].map { Array($0.utf8) }
        for _ in 0..<5000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12, using: &generator) {
                bytes += pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                bytes += (0..<Int.random(in: 0..<24, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            }
            for finding in engine.scan(bytes, path: "x").findings {
                #expect(finding.line >= 1 && finding.column >= 1)
                #expect(finding.excerpt.start + finding.excerpt.length <= finding.excerpt.text.unicodeScalars.count)
            }
        }
    }

    @Test func `nothing in gives nothing out`() throws {
        let assay = try GauntletFixture.engine.get().assay([], path: "empty")
        #expect(assay.findings == [] && assay.verdict == .pass && assay.bytes == 0 && !assay.isTruncated)
        let none = try GauntletEngine(rules: RulePack(release: "0", rules: []), cacheDirectory: nil)
        #expect(none.scan(Array(Self.text.utf8), path: "a").findings == [])
    }

    @Test func `findings are cut at one over their limit and the assay says so`() throws {
        let engine = try GauntletFixture.engine.get()
        let line = "key = \(GauntletFixture.awsKey())\n"
        let limit = GauntletEngine.maximumFindings
        let exact = engine.scan(Array(String(repeating: line, count: limit).utf8), path: "a")
        #expect(exact.findings.count == limit && !exact.isTruncated)
        let over = engine.scan(Array(String(repeating: line, count: limit + 1).utf8), path: "a")
        #expect(over.findings.count == limit && over.isTruncated)
    }

    @Test func `a secret at the very end and the very start is found`() throws {
        let key = GauntletFixture.awsKey()
        #expect(try GauntletFixture.scan(key).findings.count == 1)
        #expect(try GauntletFixture.scan(key + "\n" + key).findings.count == 2)
        #expect(
            try GauntletFixture.scan(String(repeating: " ", count: 100_000) + key).findings.first?.column == 100_001
        )
    }

    @Test func `a hostile file takes no longer a byte than the shapes it imitates`() throws {
        let engine = try GauntletFixture.engine.get()
        func cost(_ bytes: [UInt8]) -> Double {
            var best = Double.infinity
            for _ in 0..<3 {
                let start = cpuSeconds()
                _ = engine.scan(bytes, path: "a.yml")
                best = min(best, cpuSeconds() - start)
            }
            return best
        }
        let hostile = Array("password: -----BEGIN RSA PRIVATE KEY----- ey".utf8)
        let small = cost(Array(repeatElement(hostile, count: 2000).joined()))
        let large = cost(Array(repeatElement(hostile, count: 16000).joined()))
        // Eight times the bytes may cost at most twice as much a byte.
        #expect(large < small * 16)
    }

    @Test func `a warm artefact of 10 kB costs less than ten digests of it`() throws {
        let engine = try GauntletFixture.engine.get()
        let task = "- name: Create a user\n  ansible.builtin.user:\n    name: deploy\n    groups: [sudo]\n"
        let bytes = Array(String(repeating: task, count: 120).utf8.prefix(10_000))
        _ = engine.scan(bytes, path: "site.yml")
        let start = cpuSeconds()
        for _ in 0..<50 { _ = engine.scan(bytes, path: "site.yml") }
        let scanning = cpuSeconds() - start
        let middle = cpuSeconds()
        for _ in 0..<50 { _ = Digest(of: bytes) }
        let digesting = cpuSeconds() - middle
        #expect(scanning < digesting * 10)
    }

    private func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
