import CupelCore
import Identity
import Policy

/// Turns what routing found into what a call is sent with.
struct CandidateFactory: Sendable {
    let table: RouteTable
    let targets: [String: UpstreamTarget]
    /// Budgets of a model, by its name in the registry.
    let budgets: @Sendable (String) -> [BudgetMeter]
    /// Limits of a model, by its name in the registry.
    let limits: @Sendable (String) -> CallCandidate.Limits

    /// The candidate of a route; `nil` where its provider cannot be reached.
    func make(_ found: RouteCandidate, for caller: Caller) -> CallCandidate? {
        guard let provider = table.provider(found.provider), let target = targets[found.provider],
            let chat = provider.path(of: .chat, model: found.upstreamModel),
            let stream = provider.path(of: .chat, model: found.upstreamModel, streams: true)
        else { return nil }
        var cost: (@Sendable (TokenUsage) -> Money)?
        var worstCase: (@Sendable (Int, Int) -> Money)?
        if let prices = found.prices {
            cost = { prices.cost(of: $0) ?? .zero }
            worstCase = { prices.worstCase(inputTokens: $0, outputTokens: $1) ?? .zero }
        }
        return CallCandidate(
            target: target,
            dialect: provider.dialect,
            model: found.upstreamModel,
            name: found.model,
            weight: found.weight,
            paths: CallCandidate.Paths(
                chat: chat,
                stream: stream,
                responses: provider.path(of: .responses, model: found.upstreamModel),
                embeddings: provider.path(of: .embeddings, model: found.upstreamModel),
                countTokens: provider.path(of: .countTokens, model: found.upstreamModel)
            ),
            traits: Self.traits(provider, found),
            contextWindow: found.context,
            maximumOutput: found.maximumOutput,
            cost: cost,
            worstCase: worstCase,
            decision: caller.policy.decision(for: facts(found)),
            budgets: budgets(found.model),
            limits: limits(found.model),
            sign: Self.signature(provider)
        )
    }

    /// What the policy is asked about.
    func facts(_ found: RouteCandidate) -> CandidateFacts {
        CandidateFacts(
            model: found.model,
            aliases: (found.card?.aliases ?? []) + [found.upstreamModel],
            provider: found.provider,
            region: found.region,
            tier: found.card?.tier,
            keepsNothing: table.provider(found.provider)?.retention == ProviderRetention.none
        )
    }

    private static func traits(_ provider: ProviderConfiguration, _ found: RouteCandidate) -> ProviderTraits {
        let isOpenAI = provider.preset.name == "openai" || provider.preset.name == "azure"
        return ProviderTraits(
            defaultMaxOutputTokens: min(found.maximumOutput ?? 4096, 32_000),
            knowsMaxCompletionTokens: isOpenAI,
            knowsStreamUsage: provider.preset.takesStreamUsage,
            knowsTopK: !isOpenAI,
            knowsUser: provider.preset.name != "mistral",
            takesThoughtsBack: provider.preset.name == "deepseek",
            thinksAdaptively: found.model.contains("opus-4-6") || found.model.contains("opus-4-7"),
            thinksInLevels: found.model.hasPrefix("gemini-3")
        )
    }

    /// Signs each request to AWS; others show a key that never changes.
    private static func signature(
        _ provider: ProviderConfiguration
    ) -> (@Sendable (CallCandidate.SignedParts) -> [(name: String, value: String)])? {
        guard provider.auth == .sigv4, let aws = provider.aws else { return nil }
        let signature = AWSSignature(
            AWSSignature.Credentials(
                accessKeyID: aws.accessKey.expose(),
                secretAccessKey: aws.secretKey,
                sessionToken: aws.sessionToken
            ),
            region: provider.region ?? "us-east-1"
        )
        let host = provider.address.authority
        return { parts in
            signature.headers(
                method: "POST",
                path: parts.path,
                headers: [("content-type", "application/json"), ("host", host)],
                bodyDigest: Digest(of: parts.body),
                at: parts.time
            )
        }
    }
}
