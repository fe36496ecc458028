package import CupelCore

/// Who calls, by the names that rules speak of.
package struct CallerFacts: Sendable, Hashable {
    /// The key's name.
    package var keyName: String?
    /// The key's identifier, which rules may name too.
    package var keyID: String?
    package var person: String?
    package var team: String?
    package var project: String?

    /// A caller; what is `nil` is matched by no pattern, `*` neither.
    package init(
        keyName: String? = nil,
        keyID: String? = nil,
        person: String? = nil,
        team: String? = nil,
        project: String? = nil
    ) {
        self.keyName = keyName
        self.keyID = keyID
        self.person = person
        self.team = team
        self.project = project
    }
}

/// A model at a provider that could answer a call.
package struct CandidateFacts: Sendable, Hashable {
    /// The name in the registry.
    package var model: String
    /// Other names of the same model; a pattern that matches one matches the model.
    package var aliases: [String]
    package var provider: String
    /// Where it is computed; `nil` when nobody says, which is in no list of regions.
    package var region: String?
    /// The cost tier, from 1 for the cheapest; `nil` when it is not known, which is within no tier.
    package var tier: Int?
    /// Whether the provider promises to keep nothing of what is said.
    package var keepsNothing: Bool

    /// A candidate.
    package init(
        model: String,
        aliases: [String] = [],
        provider: String,
        region: String? = nil,
        tier: Int? = nil,
        keepsNothing: Bool = false
    ) {
        self.model = model
        self.aliases = aliases
        self.provider = provider
        self.region = region
        self.tier = tier
        self.keepsNothing = keepsNothing
    }
}

/// What a call asks for.
package struct RequestFacts: Sendable, Hashable {
    /// The names of the tools that the model may call.
    package var toolNames: [String]
    /// Tokens in, as counted or estimated.
    package var inputTokens: Int
    /// The most tokens out that may come.
    package var outputTokens: Int
    /// What the call may cost at worst; `nil` when the model's price is not known.
    package var worstCost: Money?

    /// A request.
    package init(toolNames: [String] = [], inputTokens: Int = 0, outputTokens: Int = 0, worstCost: Money? = .zero) {
        self.toolNames = toolNames
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.worstCost = worstCost
    }
}
