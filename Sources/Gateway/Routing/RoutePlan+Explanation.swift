package import CupelCore

extension RoutePlan {
    /// The header that says where a call went.
    package static let header = "x-cupel-route"

    /// The header's value: who answered, how the name led there, and at which try.
    package func header(answered: RouteCandidate, tried: Int) -> String {
        "\(answered.provider)/\(answered.upstreamModel); by=\(by.rawValue); tried=\(tried)"
    }

    /// The decision for a person: what was asked, every candidate, why each was out, and what was chosen.
    package var explanation: JSON {
        [
            "asked": .string(asked), "by": .string(by.rawValue), "strategy": .string(strategy.rawValue),
            "contract": .string(contract.description),
            "candidates": .array(candidates.map(\.json)),
            "chosen": .array(chosen.map { .string("\($0.provider)/\($0.upstreamModel)") }),
        ]
    }
}

/// Why there is no route, in words that help.
enum RouteFailure {
    /// No provider can be used.
    static func noProvider(_ table: RouteTable) -> CupelError {
        let reasons = table.providers.prefix(3).map { provider in
            "\(provider.name): " + (provider.isEnabled ? provider.missing ?? "" : "it is disabled")
        }
        let detail = reasons.isEmpty ? "" : " " + reasons.joined(separator: "; ") + "."
        return CupelError(
            .noModelConfigured,
            "No provider of models can be used.\(detail) Set a key, as OPENAI_API_KEY, or a section of `providers:`."
        )
    }

    /// The name cannot be one.
    static func noName() -> CupelError {
        CupelError(.validationError, "The model's name must be 1 to 128 visible ASCII characters.")
    }

    /// The choice was left to a contract that is not there.
    static func noContract() -> CupelError {
        CupelError(
            .validationError,
            "The model `auto` is chosen by a contract: send \(RouteContract.header), as `tools, context>=200k`."
        )
    }

    /// Every candidate is out, or there is none.
    static func nothing(_ plan: RoutePlan, _ table: RouteTable) -> CupelError {
        let name = plan.asked
        if plan.candidates.isEmpty { return none(plan, table) }
        if let rule = plan.candidates.lazy.compactMap(\.rule).first {
            return CupelError(.policyViolation, "The policy's rule \(rule) forbids the model \(name).")
        }
        let reasons = plan.candidates.prefix(3).map { "\($0.provider)/\($0.upstreamModel): \($0.refusal ?? "")" }
        let more = plan.candidates.count > 3 ? "; and \(plan.candidates.count - 3) more" : ""
        return CupelError(
            .modelNotAvailable,
            "Nothing can answer for the model \(name): \(reasons.joined(separator: "; "))\(more)."
        )
    }

    /// No provider serves the name: it is unknown, or nobody who does is configured.
    private static func none(_ plan: RoutePlan, _ table: RouteTable) -> CupelError {
        let name = plan.asked
        if plan.by == .contract {
            return CupelError(.modelNotAvailable, "No provider that is configured serves a model of the registry.")
        }
        if let card = table.registry[name] {
            let kinds = card.served.map(\.provider).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            return CupelError(
                .modelNotAvailable,
                "No provider that is configured serves the model \(name); \(kinds.joined(separator: ", ")) would."
            )
        }
        if plan.by == .config {
            return CupelError(
                .modelNotAvailable,
                "No provider that is configured serves what `models:` has as \(name)."
            )
        }
        let own = name.nearest(among: table.routes.routes.keys, count: 3)
        let nearest = (own + table.registry.nearest(to: name).filter { !own.contains($0) }).prefix(3)
        let help =
            nearest.isEmpty
            ? "`cupel models list` shows those there are" : "did you mean \(nearest.joined(separator: ", "))?"
        return CupelError(
            .modelNotAvailable,
            "There is no model \(name); \(help) A provider's own models are named as provider/model."
        )
    }
}
