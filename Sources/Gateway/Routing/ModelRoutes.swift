package import CupelCore

/// What a name of `models:` stands for.
package struct ModelRoute: Sendable, Hashable {
    /// One of the models behind a name.
    package struct Variant: Sendable, Hashable {
        /// A name of the registry, `provider/model`, or what the provider calls it.
        package var model: String
        /// The provider that it must come from; `nil` for any that serves it.
        package var provider: String?
        /// How much of the calls it gets under `weighted`.
        package var weight: Int

        /// A model behind a name.
        package init(_ model: String, provider: String? = nil, weight: Int = 1) {
            self.model = model
            self.provider = provider
            self.weight = weight
        }
    }

    /// The models behind the name.
    package var variants: [Variant]
    /// What is tried after all of them, in this order.
    package var fallbacks: [Variant]
    /// How one of the variants is chosen.
    package var strategy: RouteStrategy
    /// What each must satisfy.
    package var contract: RouteContract

    /// What a name stands for.
    package init(
        _ variants: [Variant],
        fallbacks: [Variant] = [],
        strategy: RouteStrategy = .ordered,
        contract: RouteContract = RouteContract()
    ) {
        self.variants = variants
        self.fallbacks = fallbacks
        self.strategy = strategy
        self.contract = contract
    }
}

/// The names that `models:` in `cupel.yaml` adds or overrides.
///
/// A name (1 to 128 visible ASCII characters) stands for
/// - a text: another name for that model;
/// - a list of variants, each a text or `{model, provider, weight}`; `weighted` when one has a weight;
/// - a mapping with `variants` (such a list), `strategy` (`ordered`, `weighted`, `fastest`, `cheapest`; default
///   `ordered`), `fallbacks` (a list of the same form) and `contract` (as ``RouteContract`` reads it).
///
/// `weight` is 1 to 1000, default 1. At most 1000 names, 20 variants and 20 fallbacks each.
package struct ModelRoutes: Sendable, Hashable {
    /// The most names.
    package static let mostNames = 1000
    /// The most variants of a name, and the most fallbacks.
    package static let mostVariants = 20

    /// What each name stands for.
    package var routes: [String: ModelRoute]

    /// Routes that were put together elsewhere.
    package init(_ routes: [String: ModelRoute] = [:]) { self.routes = routes }

    /// Reads `models`; what is wrong is kept in the reader with its line.
    package init(reader: SettingsReader) {
        routes = [:]
        let allowed = "names, each with a model, a list of variants, or variants, strategy, fallbacks and contract"
        let purpose = "Names for models: aliases, weighted variants, fallbacks and contracts."
        guard let (tree, path) = reader.tree("models", allowed: allowed, purpose: purpose) else { return }
        let parser = ModelRouteParser(path: path, reader: reader)
        guard case .map(let members, _) = tree else {
            parser.problem("models", tree.line, "a mapping of names is expected, not \(tree.kind)")
            return
        }
        if members.count > Self.mostNames { parser.problem("models", tree.line, "at most \(Self.mostNames) names") }
        for member in members.prefix(Self.mostNames) {
            let key = "models." + member.key
            guard ModelRegistry.isName(member.key) else {
                parser.problem(key, member.value.line, "a name is 1 to 128 visible ASCII characters")
                continue
            }
            if let route = parser.route(member.value, key) { routes[member.key] = route }
        }
    }
}

/// Reads the values of `models:`.
private struct ModelRouteParser {
    let path: String
    let reader: SettingsReader

    func problem(_ key: String, _ line: Int, _ message: String) { reader.problem(key, "\(path):\(line): \(message)") }

    func route(_ tree: SettingsTree, _ key: String) -> ModelRoute? {
        switch tree {
        case .text(let name, let line): return variant(name, nil, 1, line, key).map { ModelRoute([$0]) }
        case .list:
            guard let variants = variants(tree, key) else { return nil }
            let isWeighted = variants.contains { $0.weight != 1 }
            return ModelRoute(variants, strategy: isWeighted ? .weighted : .ordered)
        case .map(let members, let line): return route(members, line, key)
        }
    }

    private func route(_ members: [SettingsTree.Member], _ line: Int, _ key: String) -> ModelRoute? {
        var route = ModelRoute([])
        for member in members {
            let inner = key + "." + member.key
            switch (member.key, member.value) {
            case ("variants", let value): route.variants = variants(value, inner) ?? []
            case ("fallbacks", let value): route.fallbacks = variants(value, inner) ?? []
            case ("strategy", .text(let text, let line)):
                if let strategy = RouteStrategy(rawValue: text) {
                    route.strategy = strategy
                } else {
                    let allowed = RouteStrategy.allCases.map(\.rawValue).joined(separator: ", ")
                    problem(inner, line, "'\(text)' is not allowed; allowed is \(allowed)")
                }
            case ("contract", .text(let text, let line)):
                do {
                    route.contract = try RouteContract(parsing: text)
                } catch {
                    problem(inner, line, (error as? CupelError)?.fields.first?.message ?? "is no contract")
                }
            case ("strategy", let value), ("contract", let value):
                problem(inner, value.line, "a text is expected, not \(value.kind)")
            default:
                let near = member.key.nearest(among: ["variants", "fallbacks", "strategy", "contract"])
                problem(inner, member.value.line, "unknown" + (near.map { "; did you mean \($0)?" } ?? ""))
            }
        }
        if route.variants.isEmpty { problem(key + ".variants", line, "at least one model is needed") }
        return route.variants.isEmpty ? nil : route
    }

    private func variants(_ tree: SettingsTree, _ key: String) -> [ModelRoute.Variant]? {
        guard case .list(let items, let line) = tree else {
            problem(key, tree.line, "a list of models is expected, not \(tree.kind)")
            return nil
        }
        guard 1...ModelRoutes.mostVariants ~= items.count else {
            problem(key, line, "1 to \(ModelRoutes.mostVariants) models are expected, not \(items.count)")
            return nil
        }
        return items.enumerated().compactMap { index, item in
            let inner = "\(key)[\(index)]"
            switch item {
            case .text(let name, let line): return variant(name, nil, 1, line, inner)
            case .map(let members, let line): return variant(members, line, inner)
            case .list:
                problem(inner, item.line, "a model is a text or {model, provider, weight}")
                return nil
            }
        }
    }

    private func variant(_ members: [SettingsTree.Member], _ line: Int, _ key: String) -> ModelRoute.Variant? {
        var (model, provider, weight) = ("", String?.none, 1)
        for member in members {
            guard case .text(let text, let line) = member.value else {
                problem(key + "." + member.key, member.value.line, "a text is expected, not \(member.value.kind)")
                continue
            }
            switch member.key {
            case "model": model = text
            case "provider": provider = text
            case "weight":
                weight = Int(text).flatMap { 1...1000 ~= $0 ? $0 : nil } ?? 0
                if weight == 0 { problem(key + ".weight", line, "'\(text)' is not allowed; allowed is 1 to 1000") }
            default:
                let near = member.key.nearest(among: ["model", "provider", "weight"])
                problem(key + "." + member.key, line, "unknown" + (near.map { "; did you mean \($0)?" } ?? ""))
            }
        }
        return variant(model, provider, max(weight, 1), line, key)
    }

    private func variant(_ model: String, _ provider: String?, _ weight: Int, _ line: Int, _ key: String)
        -> ModelRoute.Variant?
    {
        guard ModelRegistry.isName(model) else {
            problem(
                key,
                line,
                model.isEmpty ? "a model is needed" : "a model's name is 1 to 128 visible ASCII characters"
            )
            return nil
        }
        return ModelRoute.Variant(model, provider: provider, weight: weight)
    }
}
