/// What a route is asked for.
package struct RouteRequest: Sendable, Hashable {
    /// The name that leaves the choice to the contract.
    package static let automatic = "auto"

    /// The model's name as the client wrote it.
    package var model: String
    /// What the call needs.
    package var contract: RouteContract
    /// What the provider is asked to do; `embeddings` only goes to models that make them.
    package var operation: ProviderOperation

    /// A question for a route.
    package init(model: String, contract: RouteContract = RouteContract(), operation: ProviderOperation = .chat) {
        self.model = model
        self.contract = contract
        self.operation = operation
    }
}

/// What routes are decided from: an immutable snapshot, replaced as a whole.
package struct RouteTable: Sendable {
    /// The models that are known.
    package let registry: ModelRegistry
    /// Every provider, the heavier first.
    package let providers: [ProviderConfiguration]
    /// The names of the configuration.
    package let routes: ModelRoutes
    /// The day that it is, for models that are no longer served.
    package let today: ModelDate?
    private let byName: [String: ProviderConfiguration]

    /// A snapshot of everything that a route depends on.
    package init(
        registry: ModelRegistry = .builtIn,
        providers: ProviderSettings,
        routes: ModelRoutes = ModelRoutes(),
        today: ModelDate? = nil
    ) {
        self.registry = registry
        self.routes = routes
        self.today = today
        let order = providers.providers.enumerated().sorted {
            ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
        }
        self.providers = order.map(\.element)
        byName = Dictionary(providers.providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The provider of a name.
    package func provider(_ name: String) -> ProviderConfiguration? { byName[name] }
}
