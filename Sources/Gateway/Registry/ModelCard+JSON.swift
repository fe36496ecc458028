package import CupelCore
import OrderedCollections

extension ModelCard {
    /// Pico-dollars a token: $10,000 a million tokens.
    static let highestPrice: Int64 = 10_000_000_000
    /// Tokens: a window beyond this is a mistake.
    static let mostTokens = 1_000_000_000

    /// Reads a card; wrong fields are named in the reader.
    init?(json: JSON, at path: String, reader: inout DataReader) {
        let card = reader.object(json, at: path) { fields, reader -> ModelCard? in
            let id = fields.name("id")
            let capabilities = fields.capabilities("capabilities")
            let served = reader.list(fields.value("served"), at: path + ".served", most: 40) { json, path, reader in
                ServedModel(json: json, at: path, reader: &reader)
            }
            if served.isEmpty { fields.problem("served", "must name at least one provider that serves the model") }
            return ModelCard(
                id: id,
                family: fields.text("family", limit: 40),
                aliases: fields.texts("aliases", limit: 128, most: 20),
                snapshots: fields.texts("snapshots", limit: 128, most: 20),
                served: served,
                capabilities: capabilities,
                context: fields.optionalInteger("context", in: 1...Self.mostTokens),
                maximumOutput: fields.optionalInteger("maximum_output", in: 0...Self.mostTokens),
                prices: ModelPrices(fields: &fields, at: path, reader: &reader),
                tier: fields.integer("tier", default: 4, in: 1...4),
                knowledge: fields.date("knowledge"),
                retires: fields.date("retires"),
                source: fields.page("source") ?? "",
                checked: fields.date("checked"),
                via: fields.optionalPage("via"),
                note: fields.optionalText("note", limit: 400)
            )
        }
        guard let card else { return nil }
        self = card
    }

    /// The card as the registry's file holds it; what is as usual is left out.
    package var json: JSON {
        var members: OrderedDictionary<String, JSON> = ["id": .string(id), "family": .string(family)]
        if !aliases.isEmpty { members["aliases"] = .array(aliases.map { .string($0) }) }
        if !snapshots.isEmpty { members["snapshots"] = .array(snapshots.map { .string($0) }) }
        members["served"] = .array(served.map(\.json))
        members["capabilities"] = .array(capabilities.words.map { .string($0) })
        members["context"] = context.map { .integer(Int64($0)) } ?? .null
        members["maximum_output"] = maximumOutput.map { .integer(Int64($0)) } ?? .null
        if let prices {
            members["prices"] = prices.base.json
            if !prices.long.isEmpty { members["long"] = .array(prices.long.map(\.json)) }
        }
        members["tier"] = .integer(Int64(tier))
        members["knowledge"] = knowledge.map { .string($0.description) } ?? .null
        members["retires"] = retires.map { .string($0.description) } ?? .null
        members["source"] = .string(source)
        members["checked"] = checked.map { .string($0.description) } ?? .null
        if let via { members["via"] = .string(via) }
        if let note { members["note"] = .string(note) }
        return .object(members)
    }
}

extension ModelCard {
    /// The card's members but who serves it, each as text, for people.
    package var fields: [(name: String, value: String)] {
        guard case .object(let members) = json else { return [] }
        return members.filter { $0.key != "served" }.map { name, value in
            (name, value.stringValue ?? (value.isNull ? "not known" : value.text()))
        }
    }
}

extension ServedModel {
    init?(json: JSON, at path: String, reader: inout DataReader) {
        let served = reader.object(json, at: path) { fields, reader -> ServedModel? in
            let region = fields.optionalText("region", limit: 32)
            if let region, !Region.isValid(region) { fields.problem("region", "must be a region as eu or eu-west-1") }
            return ServedModel(
                provider: fields.text("provider", limit: 40),
                name: fields.name("name"),
                region: region,
                prices: ModelPrices(fields: &fields, at: path, reader: &reader),
                pricePercent: fields.integer("price_percent", default: 100, in: 1...1000),
                isPriceUnknown: fields.flag("price_unknown", default: false),
                context: fields.optionalInteger("context", in: 1...ModelCard.mostTokens),
                maximumOutput: fields.optionalInteger("maximum_output", in: 0...ModelCard.mostTokens),
                retires: fields.date("retires")
            )
        }
        guard let served else { return nil }
        self = served
    }

    var json: JSON {
        var members: OrderedDictionary<String, JSON> = ["provider": .string(provider), "name": .string(name)]
        if let region { members["region"] = .string(region) }
        if let prices {
            members["prices"] = prices.base.json
            if !prices.long.isEmpty { members["long"] = .array(prices.long.map(\.json)) }
        }
        if pricePercent != 100 { members["price_percent"] = .integer(Int64(pricePercent)) }
        if isPriceUnknown { members["price_unknown"] = .bool(true) }
        if let context { members["context"] = .integer(Int64(context)) }
        if let maximumOutput { members["maximum_output"] = .integer(Int64(maximumOutput)) }
        if let retires { members["retires"] = .string(retires.description) }
        return .object(members)
    }
}

extension ModelPrices {
    /// Reads `prices` and `long` of a card or an offer; `nil` when there are no prices.
    init?(fields: inout JSONFields, at path: String, reader: inout DataReader) {
        let long = fields.value("long")
        guard let json = fields.value("prices"), !json.isNull else {
            if long != nil { fields.problem("long", "needs prices beside it") }
            return nil
        }
        let base = reader.object(json, at: path + ".prices") { fields, _ in TokenRates(fields: &fields) }
        let tiers = reader.list(long, at: path + ".long", most: 5) { json, path, reader in
            reader.object(json, at: path) { fields, _ -> Long? in
                let above = fields.integer("above", default: 1, in: 1...ModelCard.mostTokens)
                return TokenRates(fields: &fields).map { Long(above: above, rates: $0) }
            }
        }
        guard let base else { return nil }
        self.init(base: base, long: tiers)
    }
}

extension ModelPrices.Long {
    fileprivate var json: JSON {
        var members: OrderedDictionary<String, JSON> = ["above": .integer(Int64(above))]
        members.merge(rates.members) { $1 }
        return .object(members)
    }
}

extension TokenRates {
    fileprivate init?(fields: inout JSONFields) {
        let input = fields.price("input")
        if input == nil { fields.problem("input", "is required") }
        let output = fields.price("output")
        let cacheRead = fields.price("cache_read")
        let cacheWrite = fields.price("cache_write")
        let cacheWriteLong = fields.price("cache_write_long")
        let reasoning = fields.price("reasoning")
        guard let input else { return nil }
        self.init(
            input: input,
            output: output,
            cacheRead: cacheRead,
            cacheWrite: cacheWrite,
            cacheWriteLong: cacheWriteLong,
            reasoning: reasoning
        )
    }

    fileprivate var members: OrderedDictionary<String, JSON> {
        let prices: [(String, TokenPrice?)] = [
            ("input", input), ("output", output), ("cache_read", cacheRead), ("cache_write", cacheWrite),
            ("cache_write_long", cacheWriteLong), ("reasoning", reasoning),
        ]
        var members: OrderedDictionary<String, JSON> = [:]
        for (name, price) in prices { if let price { members[name] = .string(price.dollarsPerMillion) } }
        return members
    }

    fileprivate var json: JSON { .object(members) }
}

extension TokenPrice {
    /// Dollars a million tokens with as few places as are needed: `2.5`, `0.075`, `10`.
    package var dollarsPerMillion: String {
        let fraction = String(picodollars % 1_000_000 + 1_000_000).dropFirst()
        let places = fraction.reversed().drop { $0 == "0" }.reversed()
        return "\(picodollars / 1_000_000)" + (places.isEmpty ? "" : "." + String(places))
    }
}

extension JSONFields {
    /// A name of a model: 1 to 128 visible ASCII characters, so that it can stand in a path and a header.
    fileprivate mutating func name(_ field: String) -> String {
        let text = text(field, limit: 128)
        if !ModelRegistry.isName(text) { problem(field, "must be 1 to 128 visible ASCII characters") }
        return text
    }

    fileprivate mutating func capabilities(_ field: String) -> ModelCapabilities {
        var set: ModelCapabilities = []
        for word in texts(field, limit: 40, most: 20) {
            if let capability = ModelCapabilities(word: word) {
                set.insert(capability)
            } else {
                let nearest = word.nearest(among: ModelCapabilities.words.map(\.word))
                problem(field, "'\(word)' is unknown" + (nearest.map { "; did you mean \($0)?" } ?? ""))
            }
        }
        return set
    }

    fileprivate mutating func page(_ field: String) -> String? {
        guard let page = optionalPage(field) else {
            problem(field, "is required")
            return nil
        }
        return page
    }

    fileprivate mutating func optionalPage(_ field: String) -> String? {
        guard let text = optionalText(field, limit: 300) else { return nil }
        if !text.hasPrefix("https://") || text.utf8.count < 12 || text.contains(" ") {
            problem(field, "must be the https:// address of a page")
        }
        return text
    }
}
