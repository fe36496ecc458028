import CupelCore

/// A model as the registry knows it: names, who serves it, what it can do, what it costs, and where that stands.
package struct ModelCard: Sendable, Hashable {
    /// Its name.
    package var id: String
    /// The family of models that it belongs to, as `anthropic`.
    package var family: String
    /// Other names for the same model.
    package var aliases: [String]
    /// Dated names that its own maker knows; they are passed on as they were asked for.
    package var snapshots: [String]
    /// Who serves it, its maker first.
    package var served: [ServedModel]
    /// What it can do.
    package var capabilities: ModelCapabilities
    /// Tokens of question and answer together; `nil` when not known.
    package var context: Int?
    /// Tokens of an answer; `nil` when there is no limit of its own.
    package var maximumOutput: Int?
    /// What it costs; `nil` when not known.
    package var prices: ModelPrices?
    /// How dear it is, from 1 to 4.
    package var tier: Int
    /// The last day or month that it learnt from.
    package var knowledge: ModelDate?
    /// The day from which it is no longer served.
    package var retires: ModelDate?
    /// The official page that its figures can be held to.
    package var source: String
    /// The day of the copy of that page that the figures were read in; `nil` when none was read.
    package var checked: ModelDate?
    /// Where that copy was, when it was not the page itself.
    package var via: String?
    /// What a person should know about the figures.
    package var note: String?

    /// How a provider of this kind serves the model from a region; `nil` when it does not.
    ///
    /// Of several offers the one of the region's own geography goes first (`eu` for `eu-west-1`), then one that has no
    /// region, then one for everywhere, then the first.
    package func served(by preset: String, from region: String? = nil) -> ServedModel? {
        let offers = served.filter { $0.provider == preset }
        if offers.count <= 1 { return offers.first }
        if let region, let own = offers.first(where: { ($0.region).map { Region.covers(region, $0) } ?? false }) {
            return own
        }
        return offers.first { $0.region == nil } ?? offers.first { $0.region == Region.everywhere } ?? offers.first
    }

    /// What the model costs as it is served; `nil` when not known.
    package func prices(of offer: ServedModel) -> ModelPrices? {
        if offer.isPriceUnknown { return nil }
        return (offer.prices ?? prices)?.scaled(percent: offer.pricePercent)
    }
}

/// A model as one kind of provider serves it; what is not stated is as on the card.
package struct ServedModel: Sendable, Hashable {
    /// The name of the provider's preset.
    package var provider: String
    /// What the provider calls the model.
    package var name: String
    /// The region that answers under this name; `nil` when it is the provider's own.
    package var region: String?
    /// What it costs there.
    package var prices: ModelPrices?
    /// The price there in percent of the card's.
    package var pricePercent: Int
    /// Whether the price there is not known at all.
    package var isPriceUnknown: Bool
    /// Tokens of question and answer together.
    package var context: Int?
    /// Tokens of an answer.
    package var maximumOutput: Int?
    /// The day from which it is no longer served there.
    package var retires: ModelDate?
}

/// Names of regions: a geography as `eu`, or a place in one as `eu-west-1`.
package enum Region {
    /// The region that may be anywhere.
    package static let everywhere = "global"

    /// Whether what runs in `place` stays within `asked`.
    package static func covers(_ place: String, _ asked: String) -> Bool {
        place == asked || (place.hasPrefix(asked) && place.dropFirst(asked.count).hasPrefix("-"))
    }

    /// Whether a text may be a region: 1 to 32 lower-case letters, digits and hyphens.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
            }
    }
}
