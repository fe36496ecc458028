import CupelCore

/// Finds every candidate for a name, those that are out with the reason.
struct RouteResolver {
    let table: RouteTable
    let operation: ProviderOperation
    let allowed: (RouteCandidate) -> String?

    /// The candidates of one model, and how its name led to them; none when the name is unknown.
    func candidates(
        for variant: ModelRoute.Variant,
        contract: RouteContract,
        isFallback: Bool = false
    ) -> (found: [RouteCandidate], by: RouteReason) {
        var (offers, by) = offers(variant.model, from: variant.provider)
        for index in offers.indices {
            offers[index].candidate.weight = variant.weight
            offers[index].candidate.isFallback = isFallback
            judge(&offers[index], contract)
        }
        return (offers.map(\.candidate), by)
    }

    /// Every model that some provider serves, for a contract alone.
    func candidates(satisfying contract: RouteContract) -> [RouteCandidate] {
        table.registry.models.flatMap { card in
            // A model of another kind is no candidate that is out, it is none.
            card.capabilities.contains(.embeddings) == (operation == .embeddings)
                ? candidates(for: ModelRoute.Variant(card.id), contract: contract).found : []
        }
    }

    /// A model at a provider, before it is known whether it may be used.
    private struct Offer {
        var candidate: RouteCandidate
        var provider: ProviderConfiguration
        var served: ServedModel?
    }

    private func offers(_ name: String, from provider: String?) -> ([Offer], RouteReason) {
        if let provider {
            guard let provider = table.provider(provider) else { return ([], .provider) }
            return ([offer(name, at: provider)], .provider)
        }
        if let (card, match) = table.registry.find(name) {
            let offers = table.providers.compactMap { offer(of: card, asked: name, match, at: $0) }
            let by: RouteReason =
                switch match {
                case .alias: .alias
                case .snapshot: .snapshot
                case .name, .upstream: .name
                }
            return (offers, by)
        }
        // A provider that lists the name serves it; `provider/model` names both.
        let listing = table.providers.filter { $0.models.names(name) }
        if !listing.isEmpty { return (listing.map { offer(name, at: $0) }, .listed) }
        guard let slash = name.firstIndex(of: "/"), let provider = table.provider(String(name[..<slash])) else {
            return ([], .name)
        }
        let model = String(name[name.index(after: slash)...])
        return (model.isEmpty ? [] : [offer(model, at: provider)], .provider)
    }

    /// A known model where it is served: by the registry, by a deployment, or because the provider lists it.
    private func offer(
        of card: ModelCard,
        asked: String,
        _ match: ModelRegistry.Match,
        at provider: ProviderConfiguration
    ) -> Offer? {
        if provider.preset.name == "azure" {
            guard let name = deployment(of: card, asked, provider) else { return nil }
            return make(card, name, card.served(by: "azure"), provider)
        }
        if let served = card.served(by: provider.preset.name, from: provider.region) {
            // A dated name goes to its maker as it was asked; others know the model under their own.
            let isMaker = served.provider == card.served.first?.provider
            return make(card, match == .snapshot && isMaker ? asked : served.name, served, provider)
        }
        return provider.models.names(asked) ? make(card, asked, nil, provider) : nil
    }

    /// A model at a provider that was named with it; an unknown one goes through as it was asked for.
    private func offer(_ name: String, at provider: ProviderConfiguration) -> Offer {
        if let (card, match) = table.registry.find(name) {
            return offer(of: card, asked: name, match, at: provider) ?? make(card, name, nil, provider)
        }
        if let card = table.registry.find(name, servedBy: provider.preset.name) {
            let served = card.served.first { $0.provider == provider.preset.name && $0.name == name }
            return make(card, name, served, provider)
        }
        return make(nil, provider.deployments[name] ?? name, nil, provider, known: name)
    }

    private func deployment(of card: ModelCard, _ asked: String, _ provider: ProviderConfiguration) -> String? {
        ([asked, card.id] + card.aliases + card.snapshots).lazy.compactMap { provider.deployments[$0] }.first
    }

    private func make(
        _ card: ModelCard?,
        _ upstream: String,
        _ served: ServedModel?,
        _ provider: ProviderConfiguration,
        known: String? = nil
    ) -> Offer {
        let candidate = RouteCandidate(
            model: card?.id ?? known ?? upstream,
            provider: provider.name,
            upstreamModel: upstream,
            card: card,
            prices: served.flatMap { card?.prices(of: $0) },
            context: served?.context ?? card?.context,
            maximumOutput: served?.maximumOutput ?? card?.maximumOutput,
            region: served?.region ?? provider.region,
            weight: 1,
            isFallback: false
        )
        return Offer(candidate: candidate, provider: provider, served: served)
    }

    /// Puts a candidate out when something forbids it; the policy is asked last, so that a rule is named only where
    /// nothing else is in the way.
    private func judge(_ offer: inout Offer, _ contract: RouteContract) {
        let candidate = offer.candidate
        offer.candidate.refusal =
            refusal(offer) ?? contract.refusal(of: candidate, retention: offer.provider.retention)
        guard offer.candidate.refusal == nil, let rule = allowed(candidate) else { return }
        offer.candidate.rule = rule
        offer.candidate.refusal = "the policy's rule \(rule) forbids it"
    }

    private func refusal(_ offer: Offer) -> String? {
        let (provider, candidate) = (offer.provider, offer.candidate)
        if !provider.isEnabled { return "its provider is disabled" }
        if let missing = provider.missing { return "its provider cannot be used: \(missing)" }
        if !provider.serves(candidate.model, candidate.upstreamModel) {
            return "the provider's list of models leaves it out"
        }
        if let day = offer.served?.retires ?? candidate.card?.retires, let today = table.today, day <= today {
            return "it is no longer served since \(day)"
        }
        if let place = offer.served?.region, place != Region.everywhere, let own = provider.region,
            !Region.covers(own, place)
        {
            return "it is served in \(place), not from \(own)"
        }
        let makesVectors = candidate.card?.capabilities.contains(.embeddings)
        if operation == .embeddings {
            if makesVectors == false { return "it makes no embeddings" }
            if provider.path(of: .embeddings, model: candidate.upstreamModel) == nil {
                return "its provider has no embeddings"
            }
        } else if makesVectors == true {
            return "it only makes embeddings"
        }
        return nil
    }
}
