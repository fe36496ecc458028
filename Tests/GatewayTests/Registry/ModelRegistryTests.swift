import CupelCore
import Testing

@testable import Gateway

@Suite struct ModelRegistryTests {
    private static let small = """
        {"version": 1, "updated": "2026-11-01", "models": [
        {"id": "alpha", "family": "f", "aliases": ["a"], "snapshots": ["alpha-2026-01-01"],
         "served": [{"provider": "openai", "name": "alpha"}], "capabilities": ["tools"], "context": 1000,
         "maximum_output": 100, "prices": {"input": "1", "output": "2"}, "tier": 1, "knowledge": "2025-01",
         "retires": null, "source": "https://example.org/a", "checked": null},
        {"id": "beta", "family": "f", "served": [{"provider": "openai", "name": "beta"}], "capabilities": [],
         "context": null, "maximum_output": null, "tier": 2, "knowledge": null, "retires": "2026-12-31",
         "source": "https://example.org/b", "checked": "2026-11-01"}]}
        """

    private static func parse(_ text: String) throws -> ModelRegistry { try ModelRegistry(parsing: Array(text.utf8)) }

    /// The small registry with one text in place of another.
    private static func parse(_ old: String, _ new: String) throws -> ModelRegistry {
        let parts = small.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        #expect(parts.count == 2, "\(old)")
        return try parse(parts.joined(separator: new))
    }

    @Test func `a name, an alias and a snapshot lead to their card, and say how`() throws {
        let registry = try Self.parse(Self.small)
        #expect(registry.find("alpha")?.match == .name)
        #expect(registry.find("a")?.match == .alias)
        #expect(registry.find("alpha-2026-01-01")?.match == .snapshot)
        #expect(registry.find("gamma") == nil)
        #expect(registry.find("alpha", servedBy: "openai")?.id == "alpha")
        #expect(registry.find("alpha", servedBy: "xai") == nil)
    }

    @Test(arguments: [
        ("gpt5-mini", "gpt-5-mini"), ("claude-sonet-4-5", "claude-sonnet-4-5"), ("Gemini-2.5-Pro", "gemini-2.5-pro"),
    ])
    func `an unknown name is answered with the nearest three`(_ name: String, _ nearest: String) {
        let names = ModelRegistry.builtIn.nearest(to: name)
        #expect(names.first == nearest)
        #expect(names.count <= 3)
    }

    @Test func `a name that is like none has no neighbours, however long it is`() {
        #expect(ModelRegistry.builtIn.nearest(to: "???").isEmpty)
        _ = ModelRegistry.builtIn.nearest(to: String(repeating: "gpt", count: 100_000))
    }

    @Test(arguments: [
        (#""id": "alpha""#, #""id": """#, "models[0].id"),
        (#""id": "alpha""#, #""id": "al pha""#, "models[0].id"),
        (#""id": "alpha""#, #""idd": "alpha""#, "models[0].idd"),
        (#""input": "1""#, #""input": 1"#, "models[0].prices.input"),
        (#""input": "1""#, #""input": "-1""#, "models[0].prices.input"),
        (#""input": "1""#, #""input": "10000.01""#, "models[0].prices.input"),
        (#""input": "1", "#, "", "models[0].prices.input"),
        (#""output": "2""#, #""outputs": "2""#, "models[0].prices.outputs"),
        (#"["tools"]"#, #"["tool"]"#, "models[0].capabilities"),
        (#""provider": "openai", "name": "alpha""#, #""provider": "openai""#, "models[0].served[0].name"),
        (#"[{"provider": "openai", "name": "alpha"}]"#, "[]", "models[0].served"),
        (#""context": 1000"#, #""context": -1"#, "models[0].context"),
        (#""tier": 2"#, #""tier": 5"#, "models[1].tier"),
        (#""2026-12-31""#, #""2026-02-30""#, "models[1].retires"),
        (#""https://example.org/b""#, #""example.org""#, "models[1].source"),
        (#""version": 1"#, #""version": 2"#, "registry.version"),
        (#""aliases": ["a"]"#, #""aliases": ["beta"]"#, "beta"),
        (#""aliases": ["a"]"#, #""aliases": ["alpha"]"#, "alpha"),
    ])
    func `a wrong field is named by its path`(_ old: String, _ new: String, _ field: String) throws {
        let error = #expect(throws: CupelError.self) { _ = try Self.parse(old, new) }
        #expect(error?.code == .validationError)
        #expect(error?.fields.map(\.field).contains(field) == true, "\(error?.description ?? "")")
    }

    @Test func `an unknown member is named with its nearest neighbour`() {
        let error = #expect(throws: CupelError.self) { _ = try Self.parse(#""tier": 2"#, #""teir": 2"#) }
        #expect(error?.fields.first?.message == "is unknown; did you mean tier?")
    }

    @Test func `what is no registry at all is refused with a position or a path`() {
        #expect(throws: CupelError.self) { _ = try Self.parse("{") }
        #expect(throws: CupelError.self) { _ = try Self.parse("[]") }
        #expect(throws: CupelError.self) { _ = try Self.parse("{\"version\": 1}") }
    }

    @Test func `every truncation and flipped byte gives a registry or a typed error`() {
        let good = Array(Self.small.utf8)
        var generator = SplitMix(seed: 1)
        for length in stride(from: 0, to: good.count, by: 3) { check(Array(good[..<length])) }
        for _ in 0..<1500 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            check(bytes)
        }
        func check(_ bytes: [UInt8]) {
            do { _ = try ModelRegistry(parsing: bytes) } catch { #expect(error is CupelError) }
        }
    }

    @Test func `an update replaces models of the same name and adds new ones`() throws {
        let registry = try Self.parse(Self.small)
        let update = try Self.parse(#""id": "beta""#, #""id": "gamma""#)
        var cards = update.models
        cards[0].tier = 4
        let merged = try registry.merge(update: ModelRegistry(cards))
        #expect(merged.models.map(\.id) == ["alpha", "beta", "gamma"])
        #expect(merged["alpha"]?.tier == 4)
        let diff = registry.diff(merged)
        #expect(diff.added == ["gamma"])
        #expect(diff.removed == [])
        #expect(diff.lines == ["+ gamma", "~ alpha tier: 1 -> 4"])
    }

    @Test func `an update may not take a name from a model that it leaves in place`() throws {
        let registry = try Self.parse(Self.small)
        var card = try #require(registry["beta"])
        (card.id, card.aliases) = ("gamma", ["a"])
        let update = try ModelRegistry([card])
        #expect(throws: CupelError.self) { _ = try registry.merge(update: update) }
    }

    @Test func `a diff names each member that changed, and offers by who makes them`() throws {
        let old = try Self.parse(Self.small)
        let new = try Self.parse(#""input": "1""#, #""input": "1.50", "cache_read": "0.1""#)
        let changes = try #require(old.diff(new).changed.first?.changes)
        #expect(changes.map(\.field) == ["prices.cache_read", "prices.input"])
        #expect(changes[1].old == "\"1\"" && changes[1].new == "\"1.5\"")
        #expect(changes[0].old == nil)
    }

    @Test func `the data directory's file overlays the built-in registry, and a broken one is named`() throws {
        let directory = "/tmp/cupel-registry-\(Identifier<Int>())"
        #expect(try ModelRegistry.load(dataDirectory: directory).models.count == ModelRegistry.builtIn.models.count)
        try DirectoryMaker.make(directory)
        try BoundedFile.replace(ModelRegistry.overlayPath(in: directory), with: Array(Self.small.utf8))
        let registry = try ModelRegistry.load(dataDirectory: directory)
        #expect(registry["a"]?.id == "alpha")
        #expect(registry["gpt-5"] != nil)
        try BoundedFile.replace(ModelRegistry.overlayPath(in: directory), with: Array("{".utf8))
        let error = #expect(throws: CupelError.self) { _ = try ModelRegistry.load(dataDirectory: directory) }
        #expect(error?.message.contains("models.json") == true)
    }

    @Test(arguments: ["2026", "2026-13", "2026-00", "2026-2-1", "26-02-01", "2025-02-29", "2026-04-31", "2026-11-21T"])
    func `a date that is none is refused`(_ text: String) { #expect(ModelDate(text) == nil) }

    @Test func `dates and months sort by time`() throws {
        let dates = try ["2024-02-29", "2025-01", "2025-01-31", "2026-11-21"].map { try #require(ModelDate($0)) }
        #expect(dates == dates.shuffled().sorted())
    }
}
