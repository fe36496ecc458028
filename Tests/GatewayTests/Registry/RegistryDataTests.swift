import CupelCore
import Testing

@testable import Gateway

/// Holds every line of the data to its shape: what is wrong here would be billed wrong or routed nowhere.
@Suite struct RegistryDataTests {
    @Test func `the built-in registry is broad, and every family that it promises is in it`() throws {
        let registry = try ModelRegistry(parsing: PackageResources.models_json)
        #expect(registry.models.count >= 65)
        let families = Dictionary(grouping: registry.models, by: \.family).mapValues(\.count)
        for family in ["openai", "anthropic", "google", "xai", "amazon", "mistral", "deepseek", "qwen", "llama"] {
            #expect((families[family] ?? 0) >= 4, "\(family)")
        }
        #expect(registry.updated?.hasDay == true)
    }

    @Test(arguments: ModelRegistry.builtIn.models)
    func `a model's figures fit each other, and it says where they stand`(_ card: ModelCard) {
        #expect(card.source.hasPrefix("https://"))
        #expect(card.via?.hasPrefix("https://") != false)
        #expect(card.checked.map { $0.hasDay && $0 <= ModelRegistry.builtIn.updated ?? $0 } != false)
        #expect(card.retires?.hasDay != false)
        if let context = card.context, let output = card.maximumOutput { #expect(context > output) }
        #expect(Set(card.served.map { "\($0.provider) \($0.name)" }).count == card.served.count)
        for offer in card.served {
            #expect(ProviderPreset.named(offer.provider) != nil, "\(offer.provider)")
            let prices = card.prices(of: offer)
            #expect((prices == nil) == offer.isPriceUnknown)
            guard let prices else { continue }
            #expect(prices.base.input.picodollars > 0)
            #expect((prices.base.output == nil) == card.capabilities.contains(.embeddings))
            #expect((prices.base.cacheRead?.picodollars ?? 0) <= prices.base.input.picodollars)
            #expect((prices.base.cacheWrite?.picodollars ?? .max) >= prices.base.input.picodollars)
            for long in prices.long {
                #expect(long.rates.input.picodollars >= prices.base.input.picodollars)
                #expect(long.above < card.context ?? .max)
            }
        }
        #expect(card.capabilities.contains(.embeddings) == (card.maximumOutput == 0))
    }

    @Test(arguments: ModelRegistry.builtIn.models)
    func `a model is found by each of its names`(_ card: ModelCard) {
        let registry = ModelRegistry.builtIn
        for name in [card.id] + card.aliases + card.snapshots { #expect(registry[name]?.id == card.id) }
        for offer in card.served { #expect(registry.find(offer.name, servedBy: offer.provider) != nil) }
    }

    @Test func `the tier follows the price of the answer`() throws {
        for card in ModelRegistry.builtIn.models {
            guard let rates = card.prices?.base else { continue }
            let price = (rates.output ?? rates.input).picodollars
            let tier = price <= 1_250_000 ? 1 : price <= 6_000_000 ? 2 : price <= 25_000_000 ? 3 : 4
            #expect(card.tier == tier, "\(card.id)")
        }
    }

    @Test func `the registry written out reads back as itself`() throws {
        let again = try ModelRegistry(parsing: Array(ModelRegistry.builtIn.fileText.utf8))
        #expect(again.models == ModelRegistry.builtIn.models)
        #expect(ModelRegistry.builtIn.diff(again).isEmpty)
    }
}
