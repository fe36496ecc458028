import CupelCore
import Policy

/// Answers the pipeline's question: who may answer this caller's call for this model.
struct CallRouter: Sendable {
    let table: RouteTable
    let factory: CandidateFactory

    /// Who may answer, best first.
    /// - Throws: `model_not_available`, `no_llm_configured`, `policy_violation`, `validation_error`, `forbidden`.
    func route(_ name: String, _ caller: Caller, _ needs: CallNeeds) throws(CupelError) -> CallRoute {
        let plan = try plan(name, caller, needs)
        let made = plan.chosen.compactMap { found in factory.make(found, for: caller).map { (found, $0) } }
        guard !made.isEmpty else {
            throw CupelError(.modelNotAvailable, "`\(name)` has no provider that can be reached.")
        }
        let choice: CallRoute.Choice =
            switch plan.strategy {
            case .weighted: .weighted
            case .fastest: .fastest
            case .ordered, .cheapest: .ordered
            }
        return CallRoute(
            made.map(\.1),
            choice: choice,
            means: plan.by.rawValue,
            primaries: made.count { !$0.0.isFallback }
        )
    }

    /// The decision itself, for an explanation too.
    func plan(_ name: String, _ caller: Caller, _ needs: CallNeeds) throws(CupelError) -> RoutePlan {
        do {
            let contract = try needs.contract.map { try RouteContract(parsing: $0) } ?? RouteContract()
            let request = RouteRequest(model: name, contract: contract, operation: needs.endpoint.operation)
            return try RoutePlan.make(request, in: table) { candidate in
                guard caller.allows(candidate.model) || caller.allows(name) else { return "the key's list of models" }
                return caller.policy.verdict(factory.facts(candidate)).map { "\($0.rule)" }
            }
        } catch let error as CupelError {
            throw error
        } catch {
            throw CupelError(.internalError, "The route could not be decided.", cause: error)
        }
    }

    /// The models that a caller may ask for: those that some usable provider serves, and the configuration's names.
    func models(_ caller: Caller) -> [ListedModel] {
        let names = table.routes.routes.keys.sorted().filter { name in
            // A name that leads this caller nowhere would only be refused.
            [Endpoint.chatCompletions, .embeddings].contains { endpoint in
                (try? plan(name, caller, CallNeeds(endpoint: endpoint))) != nil
            }
        }
        var listed = names.map { ListedModel(id: $0, displayName: $0, owner: "cupel") }
        for card in table.registry.models where caller.allows(card.id) {
            let isServed = table.providers.contains { provider in
                provider.isUsable && card.served(by: provider.preset.name, from: provider.region) != nil
                    && provider.serves(card.id)
            }
            if isServed { listed.append(ListedModel(id: card.id, displayName: card.id, owner: card.family)) }
        }
        for provider in table.providers where provider.isUsable {
            for name in provider.models.patterns where !name.contains("*") && !listed.contains(where: { $0.id == name })
            {
                listed.append(ListedModel(id: name, displayName: name, owner: provider.name))
            }
        }
        return listed
    }
}

extension Endpoint {
    /// What a provider is asked to do.
    var operation: ProviderOperation {
        switch self {
        case .embeddings: .embeddings
        case .responses: .responses
        case .countTokens: .countTokens
        case .models, .model: .models
        case .chatCompletions, .messages: .chat
        }
    }
}
