import CupelCore
import Testing

@testable import Gateway

@Suite struct ModelPricesTests {
    private static func price(_ dollars: String) throws -> TokenPrice {
        try #require(TokenPrice(dollarsPerMillion: dollars))
    }

    private static func sonnet() throws -> ModelPrices {
        let base = TokenRates(
            input: try price("3"),
            output: try price("15"),
            cacheRead: try price("0.30"),
            cacheWrite: try price("3.75"),
            cacheWriteLong: try price("6")
        )
        let long = TokenRates(input: try price("6"), output: try price("22.50"), cacheRead: try price("0.60"))
        return ModelPrices(base: base, long: [.init(above: 200_000, rates: long)])
    }

    @Test(arguments: [
        (TokenUsage(input: 1000, output: 100), 4500),
        (TokenUsage(input: 1000, output: 100, cacheRead: 1000), 1800),
        (TokenUsage(input: 1000, output: 0, cacheWrite: 400, cacheWriteLong: 600), 5100),
        (TokenUsage(input: 100_000, output: 0, cacheRead: 90_000, cacheWrite: 10_000), 64_500),
        (TokenUsage(input: 200_000, output: 0), 600_000),
        (TokenUsage(input: 200_001, output: 10), 1_200_231),
        (TokenUsage(input: 0, output: 0), 0),
    ])
    func `each class of tokens is billed at its price, once`(_ usage: TokenUsage, _ microdollars: Int) throws {
        #expect(try Self.sonnet().cost(of: usage) == Money(microdollars: Int64(microdollars)))
    }

    @Test(arguments: [(1, 0), (6, 0), (7, 1), (20, 2), (34, 3), (47, 4)])
    func `a sum is rounded once, half up, to a micro-dollar`(_ tokens: Int, _ microdollars: Int) throws {
        let prices = ModelPrices(base: TokenRates(input: try Self.price("0.075"), output: nil))
        #expect(prices.cost(of: TokenUsage(input: tokens, output: 0)) == Money(microdollars: Int64(microdollars)))
    }

    @Test func `counts that contradict each other never make a token free, and huge ones never overflow`() throws {
        let prices = try Self.sonnet()
        // More was read from the cache than was asked: what was read is billed.
        #expect(prices.cost(of: TokenUsage(input: 10, output: 0, cacheRead: 1000)) == Money(microdollars: 300))
        #expect(prices.cost(of: TokenUsage(input: -5, output: -5)) == .zero)
        let most = TokenUsage(input: .max, output: .max, cacheRead: .max, cacheWrite: .max, cacheWriteLong: .max)
        let cost = try #require(prices.cost(of: most))
        #expect(cost.microdollars == Int64.max / 4)
        _ = cost + cost
        #expect(try #require(prices.worstCase(inputTokens: .max, outputTokens: .max)) == cost)
    }

    @Test func `an answer whose price is not known has no cost`() throws {
        let prices = ModelPrices(base: TokenRates(input: try Self.price("0.02"), output: nil))
        #expect(prices.cost(of: TokenUsage(input: 10, output: 1)) == nil)
        #expect(prices.worstCase(inputTokens: 10, outputTokens: 1) == nil)
        #expect(prices.worstCase(inputTokens: 10, outputTokens: 0) == Money(microdollars: 1))
    }

    @Test func `the worst case is never less than what any mix of classes costs`() throws {
        let prices = try Self.sonnet()
        var generator = SplitMix(seed: 7)
        for _ in 0..<2000 {
            let input = Int.random(in: 0...400_000, using: &generator)
            let read = Int.random(in: 0...input, using: &generator)
            let written = Int.random(in: 0...(input - read), using: &generator)
            let output = Int.random(in: 0...9000, using: &generator)
            let usage = TokenUsage(
                input: input,
                output: output,
                cacheRead: read,
                cacheWrite: written / 2,
                cacheWriteLong: written - written / 2,
                reasoning: output / 3
            )
            let worst = try #require(prices.worstCase(inputTokens: input, outputTokens: output))
            #expect(try #require(prices.cost(of: usage)) <= worst)
        }
    }

    @Test func `reasoning has its own price where one is stated`() throws {
        let rates = TokenRates(input: try Self.price("1"), output: try Self.price("2"), reasoning: try Self.price("5"))
        let usage = TokenUsage(input: 0, output: 1000, reasoning: 400)
        #expect(ModelPrices(base: rates).cost(of: usage) == Money(microdollars: 3200))
        #expect(ModelPrices(base: rates).worstCase(inputTokens: 0, outputTokens: 1000) == Money(microdollars: 5000))
    }

    @Test func `a region that costs a tenth more costs a tenth more`() throws {
        let prices = try Self.sonnet().scaled(percent: 110)
        #expect(prices.cost(of: TokenUsage(input: 1_000_000, output: 0)) == Money(dollars: "6.60"))
        #expect(prices.cost(of: TokenUsage(input: 100_000, output: 0)) == Money(dollars: "0.33"))
    }
}
