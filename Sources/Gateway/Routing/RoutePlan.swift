import CupelCore

/// Which upstreams a call may go to, decided once for a name, a contract and who asks; the order is decided a call.
package struct RoutePlan: Sendable {
    /// What was asked for.
    package let asked: String
    /// How the name led to the candidates.
    package let by: RouteReason
    /// How one of several is chosen.
    package let strategy: RouteStrategy
    /// What each had to satisfy.
    package let contract: RouteContract
    /// Every candidate, those that are out with the reason.
    package let candidates: [RouteCandidate]
    private let primary: [RouteCandidate]
    private let fallbacks: [RouteCandidate]

    /// Decides where calls of this kind may go.
    /// - Parameter allowed: the rule of the policy that forbids a candidate; `nil` when none does.
    /// - Throws: `no_llm_configured` when no provider can be used at all; `model_not_available` for a name that is
    ///   unknown, with the nearest ones, and for one that no usable provider serves, with what is in the way;
    ///   `policy_violation` naming the rule, when only the policy is in the way; `validation_error` for a contract
    ///   that contradicts the configuration's.
    package static func make(
        _ request: RouteRequest,
        in table: RouteTable,
        allowed: (RouteCandidate) -> String? = { _ in nil }
    ) throws -> RoutePlan {
        guard table.providers.contains(where: \.isUsable) else { throw RouteFailure.noProvider(table) }
        guard ModelRegistry.isName(request.model) else { throw RouteFailure.noName() }
        return try withoutActuallyEscaping(allowed) { allowed in
            let resolver = RouteResolver(table: table, operation: request.operation, allowed: allowed)
            let plan = try plan(request, table, resolver)
            guard plan.candidates.contains(where: { $0.refusal == nil }) else {
                throw RouteFailure.nothing(plan, table)
            }
            return plan
        }
    }

    private static func plan(_ request: RouteRequest, _ table: RouteTable, _ resolver: RouteResolver) throws
        -> RoutePlan
    {
        if let route = table.routes.routes[request.model] {
            let contract = try request.contract.and(route.contract)
            let found = route.variants.flatMap { resolver.candidates(for: $0, contract: contract).found }
            let rest = route.fallbacks.flatMap {
                resolver.candidates(for: $0, contract: contract, isFallback: true).found
            }
            return RoutePlan(request.model, .config, route.strategy, contract, found + rest)
        }
        let variant = ModelRoute.Variant(request.model)
        if request.model == RouteRequest.automatic, table.registry[request.model] == nil {
            guard !request.contract.isEmpty else { throw RouteFailure.noContract() }
            let found = resolver.candidates(satisfying: request.contract)
            return RoutePlan(request.model, .contract, .cheapest, request.contract, found)
        }
        let (found, by) = resolver.candidates(for: variant, contract: request.contract)
        return RoutePlan(request.model, by, .ordered, request.contract, found)
    }

    private init(
        _ asked: String,
        _ by: RouteReason,
        _ strategy: RouteStrategy,
        _ contract: RouteContract,
        _ candidates: [RouteCandidate]
    ) {
        (self.asked, self.by, self.strategy, self.contract) = (asked, by, strategy, contract)
        var seen: Set<String> = []
        self.candidates = candidates.filter { candidate in
            // Of two ways to the same upstream the first counts.
            seen.insert("\(candidate.provider) \(candidate.upstreamModel)").inserted
        }
        let usable = self.candidates.filter { $0.refusal == nil }
        var primary = usable.filter { !$0.isFallback }
        if strategy == .cheapest {
            let order = primary.enumerated().sorted {
                ($0.element.blendedPrice ?? .max, $0.offset) < ($1.element.blendedPrice ?? .max, $1.offset)
            }
            primary = order.map(\.element)
        }
        self.primary = primary
        fallbacks = usable.filter(\.isFallback)
    }

    /// The candidates that are not out, as they stand before a call's chance and the upstreams' state.
    package var chosen: [RouteCandidate] { primary + fallbacks }

    /// The candidates of one call in the order in which they are tried; none when no upstream may be called now.
    package func order(
        availability: (RouteCandidate) -> RouteAvailability,
        using generator: inout some RandomNumberGenerator
    ) -> [RouteCandidate] {
        if primary.count == 1, fallbacks.isEmpty { return availability(primary[0]).isUsable ? primary : [] }
        var usable: [(candidate: RouteCandidate, latency: Duration)] = []
        for candidate in primary {
            let state = availability(candidate)
            if state.isUsable { usable.append((candidate, state.latency ?? .zero)) }
        }
        var order: [RouteCandidate]
        switch strategy {
        case .ordered, .cheapest: order = usable.map(\.candidate)
        case .fastest:
            order = usable.enumerated().sorted {
                ($0.element.latency, $0.offset) < ($1.element.latency, $1.offset)
            }.map(\.element.candidate)
        case .weighted: order = Self.drawn(usable.map(\.candidate), using: &generator)
        }
        for candidate in fallbacks where availability(candidate).isUsable { order.append(candidate) }
        return order
    }

    /// All of them in an order by chance, each place in proportion to the weights that are left.
    private static func drawn(_ candidates: [RouteCandidate], using generator: inout some RandomNumberGenerator)
        -> [RouteCandidate]
    {
        var rest = candidates
        var order: [RouteCandidate] = []
        var total = rest.reduce(0) { $0 + $1.weight }
        while !rest.isEmpty {
            var ticket = Int.random(in: 0..<max(total, 1), using: &generator)
            let index = rest.firstIndex { candidate in
                ticket -= candidate.weight
                return ticket < 0
            }
            let candidate = rest.remove(at: index ?? 0)
            total -= candidate.weight
            order.append(candidate)
        }
        return order
    }
}
