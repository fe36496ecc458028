import CupelCore
import Testing

@testable import Gateway

@Suite struct RoutePlanTests {
    private static let key = "sk-" + String(repeating: "k", count: 24)

    private func table(
        _ yaml: String = "providers:\n  openai: {api_key: KEY}\n  anthropic: {api_key: KEY}\n",
        today: String? = nil
    ) throws -> RouteTable {
        let text = yaml.split(separator: "KEY", omittingEmptySubsequences: false).joined(separator: Self.key)
        let reader = SettingsReader(try SettingsSources(file: (path: "cupel.yaml", text: text)))
        let providers = ProviderSettings(reader: reader)
        let routes = ModelRoutes(reader: reader)
        try reader.finish()
        return RouteTable(providers: providers, routes: routes, today: today.flatMap { ModelDate($0) })
    }

    private func plan(
        _ model: String,
        _ table: RouteTable,
        contract: String = "",
        operation: ProviderOperation = .chat,
        allowed: (RouteCandidate) -> String? = { _ in nil }
    ) throws -> RoutePlan {
        let contract = try RouteContract(parsing: contract)
        return try RoutePlan.make(
            RouteRequest(model: model, contract: contract, operation: operation),
            in: table,
            allowed: allowed
        )
    }

    private func names(_ candidates: [RouteCandidate]) -> [String] {
        candidates.map { "\($0.provider)/\($0.upstreamModel)" }
    }

    @Test(arguments: [
        ("gpt-5", RouteReason.name, "openai/gpt-5"),
        ("claude-sonnet-4-5-20250929", .snapshot, "anthropic/claude-sonnet-4-5-20250929"),
        ("gpt-5.6", .alias, "openai/gpt-5.6-sol"),
        ("openai/gpt-5", .provider, "openai/gpt-5"),
        ("anthropic/claude-of-tomorrow", .provider, "anthropic/claude-of-tomorrow"),
    ])
    func `a name, an alias, a dated name and a named provider lead to their upstream`(
        _ model: String,
        _ by: RouteReason,
        _ chosen: String
    ) throws {
        let plan = try plan(model, try table())
        #expect(plan.by == by)
        #expect(names(plan.chosen) == [chosen])
    }

    @Test func `an unknown model of a named provider goes through, priced as unknown, and says so`() throws {
        let plan = try plan("openai/gpt-of-tomorrow", try table())
        let candidate = try #require(plan.chosen.first)
        #expect(candidate.card == nil && candidate.prices == nil)
        #expect(candidate.json["known"] == false && candidate.json["priced"] == false)
        #expect(plan.header(answered: candidate, tried: 2) == "openai/gpt-of-tomorrow; by=provider; tried=2")
    }

    @Test func `an unknown name is refused with the nearest names`() throws {
        let table = try table()
        let error = #expect(throws: CupelError.self) { _ = try self.plan("gpt5-mini", table) }
        #expect(error?.code == .modelNotAvailable)
        #expect(error?.message.contains("did you mean gpt-5-mini") == true)
    }

    @Test func `a known model that nobody configured serves names who would`() throws {
        let table = try table()
        let error = #expect(throws: CupelError.self) { _ = try self.plan("grok-4", table) }
        #expect(error?.message == "No provider that is configured serves the model grok-4; xai, openrouter would.")
    }

    @Test(arguments: ["", "providers:\n  openai: {}\n", "providers:\n  openai: {api_key: KEY, enabled: false}\n"])
    func `without a provider that can be used there is no model at all`(_ yaml: String) throws {
        let table = try table(yaml.isEmpty ? "server:\n" : yaml)
        let error = #expect(throws: CupelError.self) { _ = try self.plan("gpt-5", table) }
        #expect(error?.code == .noModelConfigured)
        #expect(error?.code.rawValue == "no_llm_configured")
    }

    @Test func `a disabled provider and one without a key are out with the reason`() throws {
        let table = try table(
            "providers:\n  openai: {api_key: KEY, enabled: false}\n  openrouter: {}\n  groq: {api_key: KEY}\n"
        )
        let error = #expect(throws: CupelError.self) { _ = try self.plan("gpt-5", table) }
        #expect(error?.code == .modelNotAvailable)
        #expect(error?.message.contains("openai/gpt-5: its provider is disabled") == true)
        #expect(error?.message.contains("it has no key") == true)
    }

    @Test func `the heavier of two providers goes first, equal ones in the file's order`() throws {
        let yaml = "providers:\n  openrouter: {api_key: KEY}\n  openai: {api_key: KEY, weight: WEIGHT}\n"
        let light = try table(yaml.split(separator: "WEIGHT").joined(separator: "1"))
        let heavy = try table(yaml.split(separator: "WEIGHT").joined(separator: "5"))
        #expect(try names(plan("gpt-5", light).chosen) == ["openrouter/openai/gpt-5", "openai/gpt-5"])
        #expect(try names(plan("gpt-5", heavy).chosen) == ["openai/gpt-5", "openrouter/openai/gpt-5"])
    }

    @Test func `a policy's rule puts candidates out, and is named when nothing is left`() throws {
        let table = try table("providers:\n  openai: {api_key: KEY}\n  openrouter: {api_key: KEY}\n")
        let some = try plan("gpt-5", table) { $0.provider == "openai" ? "no-direct" : nil }
        #expect(names(some.chosen) == ["openrouter/openai/gpt-5"])
        #expect(some.candidates.first?.rule == "no-direct")
        let error = #expect(throws: CupelError.self) { _ = try self.plan("gpt-5", table) { _ in "nobody" } }
        #expect(error?.code == .policyViolation)
        #expect(error?.message.contains("rule nobody") == true)
    }

    @Test(arguments: [
        ("o3-mini", "vision", "it has no vision"),
        ("gpt-4o", "context>=200k", "its window of 128000 tokens is under 200000"),
        ("gpt-4o", "output>=20k", "its longest answer of 16384 tokens is under 20000"),
        ("o1", "tier<=3", "its tier 4 is over 3"),
        ("gpt-4o", "region=eu", "it is not known where it runs"),
        ("gpt-4o", "retention=none", "its provider keeps calls as its terms state"),
        ("openai/gpt-new", "tools", "it is not known whether it has tools"),
        ("openai/gpt-new", "context>=1k", "its window is not known"),
    ])
    func `what the contract asks for and the model lacks is said`(_ model: String, _ contract: String, _ reason: String)
        throws
    {
        let table = try table()
        let error = #expect(throws: CupelError.self) { _ = try self.plan(model, table, contract: contract) }
        #expect(error?.code == .modelNotAvailable)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func `auto takes the cheapest model that satisfies the contract`() throws {
        let table = try table()
        let plan = try plan("auto", table, contract: "tools, vision, context>=150k")
        let first = try #require(plan.chosen.first)
        #expect(first.card?.capabilities.isSuperset(of: [.tools, .vision]) == true)
        let prices = plan.chosen.compactMap(\.blendedPrice)
        #expect(prices == prices.sorted() && prices.count == plan.chosen.count)
        #expect(plan.candidates.allSatisfy { $0.card?.capabilities.contains(.embeddings) == false })
        #expect(throws: CupelError.self) { _ = try self.plan("auto", table) }
    }

    @Test func `embeddings and chats go to models of their kind only`() throws {
        let table = try table()
        #expect(try names(plan("text-embedding-3-small", table, operation: .embeddings).chosen).count == 1)
        #expect(throws: CupelError.self) { _ = try self.plan("text-embedding-3-small", table) }
        #expect(throws: CupelError.self) { _ = try self.plan("gpt-5", table, operation: .embeddings) }
        #expect(throws: CupelError.self) { _ = try self.plan("anthropic/any", table, operation: .embeddings) }
    }

    @Test func `a model that is no longer served is out from its last day on`() throws {
        let yaml = "providers:\n  bedrock: {api_key: KEY}\n"
        let before = try table(yaml, today: "2026-09-13")
        let after = try table(yaml, today: "2026-09-14")
        #expect(try names(plan("nova-premier", before).chosen) == ["bedrock/us.amazon.nova-premier-v1:0"])
        let error = #expect(throws: CupelError.self) { _ = try self.plan("nova-premier", after) }
        #expect(error?.message.contains("no longer served since 2026-09-14") == true)
    }

    @Test(arguments: [
        ("eu-west-1", "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", 330),
        ("us-east-1", "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", 330),
        ("ap-northeast-1", "bedrock/global.anthropic.claude-sonnet-4-5-20250929-v1:0", 300),
    ])
    func `a region chooses the name and the price it is served under`(_ region: String, _ name: String, _ cents: Int)
        throws
    {
        let table = try table("providers:\n  bedrock: {api_key: KEY, region: \(region)}\n")
        let candidate = try #require(try plan("claude-sonnet-4-5", table).chosen.first)
        #expect(names([candidate]) == [name])
        let cost = candidate.prices?.cost(of: TokenUsage(input: 1_000_000, output: 0))
        #expect(cost == Money(microdollars: Int64(cents) * 10_000))
    }

    @Test func `a region that is asked for is kept`() throws {
        let yaml = "providers:\n  bedrock: {api_key: KEY, region: REGION}\n  anthropic: {api_key: KEY}\n"
        let eu = try table(yaml.split(separator: "REGION").joined(separator: "eu-west-1"))
        let ap = try table(yaml.split(separator: "REGION").joined(separator: "ap-northeast-1"))
        let plan = try plan("claude-sonnet-4-5", eu, contract: "region=eu, retention=none")
        #expect(names(plan.chosen) == ["bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"])
        #expect(throws: CupelError.self) {
            _ = try self.plan("claude-sonnet-4-5", ap, contract: "region=eu")
        }
    }

    @Test func `azure answers for what is deployed there, under the deployment's name`() throws {
        let yaml = """
            providers:
              azure:
                base_url: https://own.openai.azure.com
                api_key: KEY
                deployments: [gpt-5=main]
            """
        let table = try table(yaml)
        #expect(try names(plan("gpt-5", table).chosen) == ["azure/main"])
        #expect(try names(plan("gpt-5-2025-08-07", table).chosen) == ["azure/main"])
        #expect(try plan("gpt-5", table).chosen.first?.prices != nil)
        #expect(throws: CupelError.self) { _ = try self.plan("gpt-5-mini", table) }
    }

    @Test func `a server of one's own answers for the models that it lists`() throws {
        let yaml = """
            providers:
              gpu: {base_url: 'http://10.0.0.7:8000/v1', auth: none, models: [own-model, llama-3.3-70b, tmp-*]}
            """
        let table = try table(yaml)
        let own = try plan("own-model", table)
        #expect(own.by == .listed)
        #expect(names(own.chosen) == ["gpu/own-model"])
        let known = try #require(try plan("llama-3.3-70b", table).chosen.first)
        #expect(known.card != nil && known.prices == nil)
        #expect(try names(plan("gpu/tmp-1", table).chosen) == ["gpu/tmp-1"])
        #expect(throws: CupelError.self) { _ = try self.plan("gpu/other", table) }
    }

    @Test func `a configured name has its variants, then its fallbacks, under its own contract`() throws {
        let yaml = """
            providers:
              openai: {api_key: KEY}
              anthropic: {api_key: KEY}
              ollama: {}
            models:
              smart:
                variants: [gpt-4o, claude-sonnet-4-5, gpt-5]
                fallbacks: [ollama/llama3]
                contract: context>=150k
              local: ollama/qwen
              gpt-4o: [{model: gpt-4o-mini, provider: openai}]
            """
        let table = try table(yaml)
        let smart = try plan("smart", table)
        #expect(names(smart.chosen) == ["anthropic/claude-sonnet-4-5", "openai/gpt-5"])
        #expect(smart.candidates.map(\.isFallback) == [false, false, false, true])
        #expect(smart.explanation["candidates"]?[0]?["out"]?.stringValue?.contains("128000") == true)
        #expect(smart.explanation["chosen"]?.arrayValue?.count == 2)
        #expect(try names(plan("local", table).chosen) == ["ollama/qwen"])
        #expect(try names(plan("gpt-4o", table).chosen) == ["openai/gpt-4o-mini"])
        #expect(throws: CupelError.self) { _ = try self.plan("smart", table, contract: "tier<=1") }
    }

    @Test func `a name that could not stand in a header is refused`() throws {
        let table = try table()
        for name in ["", "a b", "a\r\nx: y", String(repeating: "a", count: 129), "m\u{E9}"] {
            let error = #expect(throws: CupelError.self) { _ = try self.plan(name, table) }
            #expect(error?.code == .validationError)
        }
    }
}
