import CupelCore
import Testing

@testable import Gateway

@Suite struct ModelRoutesTests {
    private func read(_ yaml: String) throws -> (routes: ModelRoutes, reader: SettingsReader) {
        let sources = try SettingsSources(file: (path: "cupel.yaml", text: yaml))
        let reader = SettingsReader(sources)
        return (ModelRoutes(reader: reader), reader)
    }

    @Test func `a name is an alias, a list or a mapping, dots and slashes in it included`() throws {
        let yaml = """
            models:
              gpt-4.1: gpt-5-mini
              fast:
                - gpt-5-nano
                - {model: claude-haiku-4-5, provider: anthropic, weight: 3}
              team/smart:
                strategy: cheapest
                variants: [gpt-5, claude-sonnet-4-5]
                fallbacks: [{model: local, provider: ollama}]
                contract: tools, context>=200k
            """
        let (routes, reader) = try read(yaml)
        try reader.finish()
        #expect(routes.routes["gpt-4.1"] == ModelRoute([.init("gpt-5-mini")]))
        let fast = try #require(routes.routes["fast"])
        #expect(fast.strategy == .weighted)
        #expect(fast.variants == [.init("gpt-5-nano"), .init("claude-haiku-4-5", provider: "anthropic", weight: 3)])
        let smart = try #require(routes.routes["team/smart"])
        #expect(smart.strategy == .cheapest)
        #expect(smart.fallbacks == [.init("local", provider: "ollama")])
        #expect(smart.contract.minimumContext == 200_000)
        let entry = try #require(reader.entries.first { $0.key == "models" })
        #expect(entry.value == "gpt-4.1,fast,team/smart")
        #expect(entry.origin.description == "cupel.yaml:2")
    }

    @Test(arguments: [
        ("a: [x, [y]]", "models.a[1]", "cupel.yaml:2: a model is a text"),
        ("a: {variants: [x], stratgy: weighted}", "models.a.stratgy", "did you mean strategy?"),
        ("a: {variants: [x], strategy: random}", "models.a.strategy", "ordered, weighted, fastest, cheapest"),
        ("a: {variants: [x], contract: toolz}", "models.a.contract", "did you mean tools?"),
        ("a: {fallbacks: [x]}", "models.a.variants", "at least one"),
        ("a: [{model: x, weight: 0}]", "models.a[0].weight", "1 to 1000"),
        ("a: [{model: x, weight: 1001}]", "models.a[0].weight", "1 to 1000"),
        ("a: [{provider: x}]", "models.a[0]", "a model is needed"),
        ("a: [{model: x, wieght: 1}]", "models.a[0].wieght", "did you mean weight?"),
        ("a: []", "models.a", "1 to 20"),
        ("'a b': x", "models.a b", "1 to 128"),
        ("a: ''", "models.a", "a model is needed"),
    ])
    func `what is wrong is named with its line`(_ line: String, _ field: String, _ message: String) throws {
        let (_, reader) = try read("models:\n  \(line)\n")
        let error = #expect(throws: CupelError.self) { try reader.finish() }
        let problem = try #require(error?.fields.first { $0.field == field }, "\(error?.description ?? "")")
        #expect(problem.message.contains(message), "\(problem.message)")
    }

    @Test func `no models at all is fine, and a list of them is not`() throws {
        let (routes, reader) = try read("server:\n")
        #expect(routes.routes.isEmpty)
        try reader.finish()
        let (_, wrong) = try read("models: [a]\n")
        #expect(throws: CupelError.self) { try wrong.finish() }
    }

    @Test func `too deep a mapping is refused`() {
        let deep = "models:\n  a: " + String(repeating: "[", count: 20) + String(repeating: "]", count: 20) + "\n"
        #expect(throws: CupelError.self) { _ = try self.read(deep) }
    }
}
