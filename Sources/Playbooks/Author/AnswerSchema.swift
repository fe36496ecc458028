package import CupelCore
package import OrderedCollections

/// The JSON Schema that a model's answer is constrained by, made from a plan.
///
/// It keeps to what llama.cpp's converter, OpenAI's strict mode and others share: `type`, `enum`, `const`, `anyOf`,
/// `properties`, `required`, `additionalProperties`. Every value is one that the ask or the specification gives.
package struct AnswerSchema: Sendable {
    /// Characters of a text that is offered as it stands; a longer one is offered under a label.
    static let maximumLiteral = 80
    /// Tokens of an answer at most, whatever the schema allows.
    static let maximumTokens = 1500

    /// The schema.
    package let schema: JSON
    /// What each label stands for.
    package let labels: OrderedDictionary<String, JSON>
    /// Tokens that every allowed answer fits in.
    package let tokenLimit: Int

    /// Composes the schema of a plan.
    package init(plan: Plan, catalog: ModuleCatalog) {
        var composer = SchemaComposer(catalog: catalog)
        var properties: OrderedDictionary<String, JSON> = [
            "name": Self.choice(plan.titles.map(JSON.string)), "hosts": Self.choice(plan.hosts.map(JSON.string)),
        ]
        for (index, task) in plan.tasks.enumerated() { properties["task\(index + 1)"] = composer.task(task) }
        schema = SchemaComposer.object(properties)
        labels = composer.labels
        // A token is a byte at the least; the grammar allows a space or a line break around every mark.
        tokenLimit = min(Self.maximumTokens, max(128, schema.text().utf8.count))
    }

    /// One value is a constant, several are an enumeration.
    static func choice(_ values: [JSON]) -> JSON {
        values.count == 1 ? ["const": values[0]] : ["enum": .array(values)]
    }
}

/// Builds the parts of a schema and remembers its labels.
private struct SchemaComposer {
    let catalog: ModuleCatalog
    var labels: OrderedDictionary<String, JSON> = [:]

    init(catalog: ModuleCatalog) { self.catalog = catalog }

    static func object(_ properties: OrderedDictionary<String, JSON>) -> JSON {
        [
            "type": "object", "properties": .object(properties),
            "required": .array(properties.keys.map { .string($0) }), "additionalProperties": false,
        ]
    }

    mutating func task(_ draft: TaskDraft) -> JSON {
        var forms: [JSON] = []
        for offer in draft.offers { forms.append(form(offer, titles: titles(of: offer, in: draft))) }
        return forms.count == 1 ? forms[0] : ["anyOf": .array(forms)]
    }

    private func titles(of offer: ModuleOffer, in draft: TaskDraft) -> [JSON] {
        let own = TaskName.normalised(offer.title)
        let titles = offer.module == draft.module ? draft.titles : [own] + draft.titles.dropFirst()
        return titles.map(JSON.string)
    }

    private mutating func form(_ offer: ModuleOffer, titles: [JSON]) -> JSON {
        var properties: OrderedDictionary<String, JSON> = [
            "module": ["const": .string(offer.module)], "name": AnswerSchema.choice(titles),
        ]
        var options: OrderedDictionary<String, JSON> = [:]
        for slot in offer.slots { options[slot.option] = value(slot) }
        if !options.isEmpty { properties["args"] = Self.object(options) }
        return Self.object(properties)
    }

    private mutating func value(_ slot: Slot) -> JSON {
        var choices: [JSON] = []
        for candidate in slot.candidates { choices.append(literal(candidate)) }
        return AnswerSchema.choice(choices)
    }

    /// A value as itself where every grammar converter takes it alike, else a label that stands for it.
    ///
    /// llama.cpp's converter of constants leaves backslashes unescaped, so that a pattern would come back changed.
    private mutating func literal(_ value: JSON) -> JSON {
        switch value {
        case .bool, .integer, .null: return value
        case .string(let text) where Self.isPlain(text): return value
        default: break
        }
        if let known = labels.first(where: { $0.value == value }) { return .string(known.key) }
        let label = "<value \(labels.count + 1)>"
        labels[label] = value
        return .string(label)
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= AnswerSchema.maximumLiteral && !text.hasPrefix("<value ")
            && text.utf8.allSatisfy {
                (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"")
            }
    }
}
