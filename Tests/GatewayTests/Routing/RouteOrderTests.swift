import CupelCore
import Testing

@testable import Gateway

@Suite struct RouteOrderTests {
    private func plan(_ strategy: RouteStrategy, weights: [Int] = [1, 1, 1]) throws -> RoutePlan {
        let models = ["gpt-5", "claude-sonnet-4-5", "gpt-5-nano"]
        let key = "sk-" + String(repeating: "k", count: 24)
        let yaml = "providers:\n  openai: {api_key: \(key)}\n  anthropic: {api_key: \(key)}\n"
        let reader = SettingsReader(try SettingsSources(file: (path: "cupel.yaml", text: yaml)))
        let variants = zip(models, weights).map { ModelRoute.Variant($0, weight: $1) }
        let route = ModelRoute(variants, fallbacks: [.init("gpt-4o")], strategy: strategy)
        let table = RouteTable(providers: ProviderSettings(reader: reader), routes: ModelRoutes(["any": route]))
        return try RoutePlan.make(RouteRequest(model: "any"), in: table)
    }

    private func order(
        _ plan: RoutePlan,
        seed: UInt64 = 1,
        _ availability: (RouteCandidate) -> RouteAvailability = { _ in RouteAvailability() }
    ) -> [String] {
        var generator = SplitMix(seed: seed)
        return plan.order(availability: availability, using: &generator).map(\.model)
    }

    @Test func `ordered keeps the order, and fallbacks come last`() throws {
        #expect(order(try plan(.ordered)) == ["gpt-5", "claude-sonnet-4-5", "gpt-5-nano", "gpt-4o"])
    }

    @Test func `what may not be called is left out, down to nothing`() throws {
        let plan = try plan(.ordered)
        #expect(
            order(plan) { RouteAvailability(isUsable: $0.provider != "openai") } == ["claude-sonnet-4-5"]
        )
        #expect(order(plan) { _ in RouteAvailability(isUsable: false) } == [])
    }

    @Test func `cheapest goes by price`() throws {
        #expect(order(try plan(.cheapest)) == ["gpt-5-nano", "gpt-5", "claude-sonnet-4-5", "gpt-4o"])
    }

    @Test func `fastest goes by latency, and tries what it does not know first`() throws {
        let plan = try plan(.fastest)
        let order = order(plan) { candidate in
            switch candidate.model {
            case "gpt-5": RouteAvailability(latency: .milliseconds(900))
            case "claude-sonnet-4-5": RouteAvailability(latency: .milliseconds(300))
            default: RouteAvailability()
            }
        }
        #expect(order == ["gpt-5-nano", "claude-sonnet-4-5", "gpt-5", "gpt-4o"])
    }

    @Test func `weighted gives each its share, and every call a full order`() throws {
        let plan = try plan(.weighted, weights: [1, 2, 7])
        var generator = SplitMix(seed: 42)
        var firsts: [String: Int] = [:]
        for _ in 0..<10_000 {
            let order = plan.order(availability: { _ in RouteAvailability() }, using: &generator).map(\.model)
            #expect(Set(order).count == 4 && order.last == "gpt-4o")
            firsts[order[0], default: 0] += 1
        }
        // Within five standard deviations of the shares.
        #expect(abs((firsts["gpt-5"] ?? 0) - 1000) < 150)
        #expect(abs((firsts["claude-sonnet-4-5"] ?? 0) - 2000) < 200)
        #expect(abs((firsts["gpt-5-nano"] ?? 0) - 7000) < 230)
    }
}
