package import CupelCore

/// One model at one provider that a call could go to.
package struct RouteCandidate: Sendable, Hashable {
    /// What people call the model: the registry's name, or what was asked for.
    package var model: String
    /// The configured provider.
    package var provider: String
    /// What that provider calls the model.
    package var upstreamModel: String
    /// What is known of the model; `nil` when nothing is.
    package var card: ModelCard?
    /// What it costs there; `nil` when not known.
    package var prices: ModelPrices?
    /// Tokens of question and answer together; `nil` when not known.
    package var context: Int?
    /// Tokens of an answer; `nil` when not known or without a limit of its own.
    package var maximumOutput: Int?
    /// Where it runs; `nil` when not known.
    package var region: String?
    /// How much of the calls it gets under `weighted`.
    package var weight: Int
    /// Whether it is only tried after all that are not.
    package var isFallback: Bool
    /// Why it is out, in words; `nil` when it is not.
    package var refusal: String?
    /// The rule of the policy that put it out.
    package var rule: String?

    /// What three tokens of question and one of answer cost, in pico-dollars: how `cheapest` compares.
    package var blendedPrice: Int64? {
        guard let rates = prices?.base else { return nil }
        return rates.input.picodollars * 3 + (rates.output?.picodollars ?? 0)
    }

    /// The candidate as an explanation shows it.
    package var json: JSON {
        [
            "model": .string(model), "provider": .string(provider), "upstream_model": .string(upstreamModel),
            "known": .bool(card != nil), "priced": .bool(prices != nil), "weight": .integer(Int64(weight)),
            "region": region.map { .string($0) } ?? .null, "fallback": .bool(isFallback),
            "out": refusal.map { .string($0) } ?? .null,
        ]
    }
}

/// What is known of an upstream right now.
package struct RouteAvailability: Sendable, Hashable {
    /// Whether it may be called: its breaker lets calls through.
    package var isUsable: Bool
    /// How long it lately took until an answer began; `nil` when not known.
    package var latency: Duration?

    /// What is known of an upstream.
    package init(isUsable: Bool = true, latency: Duration? = nil) {
        self.isUsable = isUsable
        self.latency = latency
    }
}

/// How one of several candidates is chosen.
package enum RouteStrategy: String, Sendable, Hashable, CaseIterable {
    /// The first, then the next.
    case ordered
    /// By chance, in proportion to the weights.
    case weighted
    /// The one that lately answered soonest; one that is not known yet is tried first.
    case fastest
    /// The one that costs least; one whose price is not known goes last.
    case cheapest
}

/// How a name led to its candidates.
package enum RouteReason: String, Sendable, Hashable {
    /// The registry's own name.
    case name
    /// Another name of the registry.
    case alias
    /// A dated name of the registry.
    case snapshot
    /// A name of `models:` in the configuration.
    case config
    /// A provider was named with the model.
    case provider
    /// A provider lists the name among its models.
    case listed
    /// The contract alone, asked for as `auto`.
    case contract
}
