import CupelCore
import Gauntlet
import Glibc
import Testing

@Suite struct DatabaseCacheTests {
    private static func pack() throws -> RulePack {
        let text = """
            rules:
              - {id: one, layer: secrets, category: t, severity: high, description: a thing, pattern: 'thing-[a-z]{4}'}
            """
        return try RulePack(parsing: Array(text.utf8), origin: "x")
    }

    private static func finds(_ engine: GauntletEngine) -> Bool {
        engine.scan(Array("a thing-abcd".utf8), path: "x").findings.map(\.rule) == ["one"]
    }

    private static func file(in directory: String) -> String? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".hsdb") { return directory + "/" + name }
        }
        return nil
    }

    @Test func `a missing cache directory is made and used`() throws {
        let directory = GauntletFixture.temporaryDirectory("cache") + "/inner"
        #expect(Self.finds(try GauntletEngine(rules: Self.pack(), cacheDirectory: directory)))
        #expect(Self.file(in: directory) != nil)
        #expect(Self.finds(try GauntletEngine(rules: Self.pack(), cacheDirectory: directory)))
    }

    @Test func `a directory that cannot be is no harm`() throws {
        #expect(Self.finds(try GauntletEngine(rules: Self.pack(), cacheDirectory: "/dev/null/none")))
    }

    @Test func `a corrupt, cut or foreign cache is rebuilt`() throws {
        let directory = GauntletFixture.temporaryDirectory("cache")
        _ = try GauntletEngine(rules: Self.pack(), cacheDirectory: directory)
        let path = try #require(Self.file(in: directory))
        let good = try read(path)
        var flipped = good
        flipped[good.count / 2] ^= 0xFF
        let bad: [[UInt8]] = [flipped, Array(good.prefix(good.count / 2)), [], Array("no database".utf8)]
        for bytes in bad {
            try GauntletFixture.write(bytes, to: path)
            #expect(Self.finds(try GauntletEngine(rules: Self.pack(), cacheDirectory: directory)))
            #expect(try read(path) == good)
        }
    }

    @Test func `a cache that others may write is not trusted`() throws {
        let directory = GauntletFixture.temporaryDirectory("cache")
        _ = try GauntletEngine(rules: Self.pack(), cacheDirectory: directory)
        let path = try #require(Self.file(in: directory))
        chmod(path, 0o666)
        #expect(Self.finds(try GauntletEngine(rules: Self.pack(), cacheDirectory: directory)))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o022 == 0)
    }

    private func read(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        return Array(bytes.prefix(fread(&bytes, 1, bytes.count, file)))
    }
}
