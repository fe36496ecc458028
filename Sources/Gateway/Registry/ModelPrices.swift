package import CupelCore

/// What the tokens of each class cost at one length of prompt.
package struct TokenRates: Sendable, Hashable {
    /// A token of the question that no cache held.
    package var input: TokenPrice
    /// A token of the answer; `nil` where a model gives none, as for embeddings.
    package var output: TokenPrice?
    /// A token that was read from the upstream's cache; as input where it is not stated.
    package var cacheRead: TokenPrice?
    /// A token that was written to that cache for five minutes; as input where it is not stated.
    package var cacheWrite: TokenPrice?
    /// A token that was written to that cache for an hour; as the shorter write where it is not stated.
    package var cacheWriteLong: TokenPrice?
    /// A token of reasoning; as output where it is not stated.
    package var reasoning: TokenPrice?

    /// Prices of each class.
    package init(
        input: TokenPrice,
        output: TokenPrice?,
        cacheRead: TokenPrice? = nil,
        cacheWrite: TokenPrice? = nil,
        cacheWriteLong: TokenPrice? = nil,
        reasoning: TokenPrice? = nil
    ) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.cacheWriteLong = cacheWriteLong
        self.reasoning = reasoning
    }

    /// What a token of the question costs at worst: written to a cache for the longest time.
    package var dearestInput: TokenPrice {
        let prices = [input, cacheWrite ?? input, cacheWriteLong ?? input]
        return TokenPrice(picodollars: prices.map(\.picodollars).max() ?? input.picodollars)
    }

    /// What a token of the answer costs at worst.
    package var dearestOutput: TokenPrice? {
        output.map { TokenPrice(picodollars: max($0.picodollars, reasoning?.picodollars ?? 0)) }
    }

    /// The same prices in percent, each rounded up to a whole pico-dollar.
    func scaled(percent: Int64) -> TokenRates {
        func scale(_ price: TokenPrice) -> TokenPrice {
            TokenPrice(picodollars: (price.picodollars * percent + 99) / 100)
        }
        return TokenRates(
            input: scale(input),
            output: output.map(scale),
            cacheRead: cacheRead.map(scale),
            cacheWrite: cacheWrite.map(scale),
            cacheWriteLong: cacheWriteLong.map(scale),
            reasoning: reasoning.map(scale)
        )
    }
}

/// What a model costs, with the prices of longer prompts where there are any.
package struct ModelPrices: Sendable, Hashable {
    /// Prices from a length of prompt on.
    package struct Long: Sendable, Hashable {
        /// The whole call is priced so when its question has more tokens than this.
        package var above: Int
        /// The prices then.
        package var rates: TokenRates

        /// Prices of prompts over a length.
        package init(above: Int, rates: TokenRates) {
            self.above = above
            self.rates = rates
        }
    }

    /// Prices of an ordinary prompt.
    package var base: TokenRates
    /// Prices of longer prompts, shortest first.
    package var long: [Long]

    /// Prices of a model.
    package init(base: TokenRates, long: [Long] = []) {
        self.base = base
        self.long = long.sorted { $0.above < $1.above }
    }

    /// The prices of a call whose question has so many tokens.
    package func rates(inputTokens: Int) -> TokenRates {
        guard let tier = long.last(where: { inputTokens > $0.above }) else { return base }
        return tier.rates
    }

    /// What a call cost: the exact sum over all classes of tokens, rounded once, half up, to micro-dollars.
    /// Counts that contradict each other are read so that no token is free; `nil` when the model answered and the price
    /// of its answers is not known.
    package func cost(of usage: TokenUsage) -> Money? {
        let rates = rates(inputTokens: usage.input)
        guard usage.output <= 0 || rates.output != nil else { return nil }
        let read = max(usage.cacheRead, 0)
        let written = max(usage.cacheWrite, 0)
        let writtenLong = max(usage.cacheWriteLong, 0)
        let plain = Int128(max(usage.input, 0)) - Int128(read) - Int128(written) - Int128(writtenLong)
        let reasoning = min(max(usage.reasoning, 0), max(usage.output, 0))
        let write = rates.cacheWrite ?? rates.input
        var sum = max(plain, 0) * Int128(rates.input.picodollars)
        sum += Self.price(read, rates.cacheRead ?? rates.input)
        sum += Self.price(written, write)
        sum += Self.price(writtenLong, rates.cacheWriteLong ?? write)
        if let output = rates.output {
            sum += Self.price(max(usage.output, 0) - reasoning, output)
            sum += Self.price(reasoning, rates.reasoning ?? output)
        }
        return Self.money(sum)
    }

    /// The most that a call may cost: every token of the question in its dearest class, every token of the answer used,
    /// and the prices of long prompts where the length allows them. `nil` when an answer is allowed whose price is not
    /// known.
    package func worstCase(inputTokens: Int, outputTokens: Int) -> Money? {
        let question = max(inputTokens, 0)
        let answer = max(outputTokens, 0)
        var worst = Int128(0)
        for rates in [base] + long.filter({ question > $0.above }).map(\.rates) {
            guard answer == 0 || rates.output != nil else { return nil }
            var sum = Self.price(question, rates.dearestInput)
            if let output = rates.dearestOutput { sum += Self.price(answer, output) }
            worst = max(worst, sum)
        }
        return Self.money(worst, roundingUp: true)
    }

    /// The same prices in percent, as for a region that costs a tenth more.
    package func scaled(percent: Int) -> ModelPrices {
        guard percent != 100 else { return self }
        return ModelPrices(
            base: base.scaled(percent: Int64(percent)),
            long: long.map { Long(above: $0.above, rates: $0.rates.scaled(percent: Int64(percent))) }
        )
    }

    private static func price(_ tokens: Int, _ price: TokenPrice) -> Int128 {
        Int128(tokens) * Int128(price.picodollars)
    }

    /// Pico-dollars as micro-dollars. What does not fit stays at the largest amount: a budget then stops the call.
    private static func money(_ picodollars: Int128, roundingUp: Bool = false) -> Money {
        let rounded = (picodollars + (roundingUp ? 999_999 : 500_000)) / 1_000_000
        // A quarter of the range, so that sums of a few such amounts cannot overflow.
        return Money(microdollars: Int64(clamping: min(rounded, Int128(Int64.max / 4))))
    }
}
