import CupelCore

/// The models that are known, each found by any of its names at once. Immutable: a change makes another.
package struct ModelRegistry: Sendable {
    /// How a name led to a card.
    package enum Match: Sendable, Hashable {
        /// It is the card's own name.
        case name
        /// It is another name of it.
        case alias
        /// It is a dated name that the maker knows, and is passed on.
        case snapshot
        /// It is what a provider calls the model.
        case upstream
    }

    /// The most models that a registry holds.
    package static let mostModels = 5000

    /// Every card, in the file's order.
    package let models: [ModelCard]
    /// The day that the data was last changed.
    package let updated: ModelDate?
    private let names: [String: (index: Int, match: Match)]
    private let upstream: [String: Int]

    /// A registry of cards.
    /// - Throws: `validation_error` naming each name that two models would answer to, and too many models.
    package init(_ models: [ModelCard], updated: ModelDate? = nil) throws {
        guard models.count <= Self.mostModels else {
            throw CupelError(.validationError, "A registry holds at most \(Self.mostModels) models.")
        }
        var names: [String: (index: Int, match: Match)] = [:]
        var upstream: [String: Int] = [:]
        var problems: [FieldProblem] = []
        for (index, card) in models.enumerated() {
            let own =
                [(card.id, Match.name)] + card.aliases.map { ($0, .alias) } + card.snapshots.map { ($0, .snapshot) }
            for (name, match) in own {
                if !Self.isName(name) {
                    problems.append(FieldProblem(card.id, "'\(name)' is no name: 1 to 128 visible ASCII characters"))
                } else if let other = names.updateValue((index, match), forKey: name) {
                    let owner = models[other.index].id
                    problems.append(FieldProblem(card.id, "the name '\(name)' belongs to \(owner) as well"))
                }
            }
            for offer in card.served where upstream[Self.key(offer.provider, offer.name)] == nil {
                upstream[Self.key(offer.provider, offer.name)] = index
            }
        }
        guard problems.isEmpty else {
            throw CupelError(.validationError, "The registry of models is wrong.", fields: problems)
        }
        self.models = models
        self.updated = updated
        self.names = names
        self.upstream = upstream
    }

    /// The card of a name or an alias, and how it was found.
    package func find(_ name: String) -> (card: ModelCard, match: Match)? {
        names[name].map { (models[$0.index], $0.match) }
    }

    /// The card of a name or an alias.
    package subscript(name: String) -> ModelCard? { find(name)?.card }

    /// The card that a provider of a kind serves under a name of its own.
    package func find(_ name: String, servedBy preset: String) -> ModelCard? {
        upstream[Self.key(preset, name)].map { models[$0] }
    }

    /// The names that are nearest to one that is unknown, nearest first.
    package func nearest(to name: String, count: Int = 3) -> [String] {
        // A name is bounded before it is compared with all of them.
        String(name.prefix(128)).nearest(among: names.keys, count: count)
    }

    /// This registry with the models of another in place of those of the same name, and its new ones at the end.
    /// - Throws: `validation_error` when a name of the update belongs to a model that it does not replace.
    package func merge(update: ModelRegistry) throws -> ModelRegistry {
        var merged = models.map { update.names[$0.id]?.match == .name ? update[$0.id] ?? $0 : $0 }
        let own = Set(models.map(\.id))
        merged += update.models.filter { !own.contains($0.id) }
        return try ModelRegistry(merged, updated: [updated, update.updated].compactMap { $0 }.max())
    }

    /// Whether a text may be the name of a model: 1 to 128 visible ASCII characters.
    package static func isName(_ text: String) -> Bool {
        1...128 ~= text.utf8.count && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func key(_ provider: String, _ name: String) -> String { provider + " " + name }
}
