extension RouteContract {
    /// Why a candidate does not satisfy the contract; `nil` when it does. What is not known of a model is not assumed.
    func refusal(of candidate: RouteCandidate, retention: ProviderRetention) -> String? {
        if !capabilities.isEmpty {
            guard let card = candidate.card else { return "it is not known whether it has \(words(capabilities))" }
            let missing = capabilities.subtracting(card.capabilities)
            if !missing.isEmpty { return "it has no \(words(missing))" }
        }
        if let minimumContext {
            guard let context = candidate.context else { return "its window is not known" }
            if context < minimumContext { return "its window of \(context) tokens is under \(minimumContext)" }
        }
        if let minimumOutput {
            // A model without a limit of its own may fill its window.
            guard let most = candidate.maximumOutput ?? candidate.context else {
                return "its longest answer is not known"
            }
            if most < minimumOutput { return "its longest answer of \(most) tokens is under \(minimumOutput)" }
        }
        if let maximumTier {
            guard let card = candidate.card else { return "its tier is not known" }
            if card.tier > maximumTier { return "its tier \(card.tier) is over \(maximumTier)" }
        }
        if let region {
            guard let place = candidate.region else { return "it is not known where it runs" }
            if !Region.covers(place, region) { return "it runs in \(place), not in \(region)" }
        }
        if needsNoRetention, retention != .none { return "its provider keeps calls as its terms state" }
        return nil
    }

    private func words(_ set: ModelCapabilities) -> String { set.words.joined(separator: ", ") }
}

extension ModelCard {
    /// Whether the model itself satisfies a contract; where it runs and what is kept there is its provider's matter.
    package func satisfies(_ contract: RouteContract) -> Bool {
        var own = contract
        (own.region, own.needsNoRetention) = (nil, false)
        let candidate = RouteCandidate(
            model: id,
            provider: "",
            upstreamModel: id,
            card: self,
            prices: prices,
            context: context,
            maximumOutput: maximumOutput,
            region: nil,
            weight: 1,
            isFallback: false
        )
        return own.refusal(of: candidate, retention: .none) == nil
    }
}
