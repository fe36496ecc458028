import CupelCore
import OrderedCollections

/// How well one module's words fit a clause, and which words those were.
struct ModuleMatch: Sendable {
    let module: String
    let score: Double
    /// The words that matched, the weightiest first.
    let words: [String]
}

/// Finds the modules whose words fit a clause, by Okapi BM25 over weighted words.
struct ModuleIndex: Sendable {
    /// How fast a word's weight saturates, and how much a module's length counts (the usual values of BM25).
    private static let saturation = 1.2
    private static let lengthEffect = 0.3
    private static let nameWeight = 2.0
    private static let optionWeight = 0.5

    private let weights: [(module: String, words: [String: Double], length: Double)]
    private let rarity: [String: Double]
    private let averageLength: Double

    init(catalog: ModuleCatalog) {
        weights = catalog.modules.values.map { spec in
            let words = Self.words(of: spec)
            return (spec.shortName, words, words.values.reduce(0, +))
        }
        var counts: [String: Int] = [:]
        for entry in weights { for word in entry.words.keys { counts[word, default: 0] += 1 } }
        let total = Double(weights.count)
        rarity = counts.mapValues { Self.rarity(of: Double($0), in: total) }
        averageLength = weights.map(\.length).reduce(0, +) / max(1, total)
    }

    /// ln(1 + (N - n + ½) / (n + ½)), in a series that needs no C library: ln x = 2 artanh((x-1)/(x+1)).
    private static func rarity(of count: Double, in total: Double) -> Double {
        var value = 1 + (total - count + 0.5) / (count + 0.5)
        var halvings = 0.0
        while value > 2 {
            value /= 2
            halvings += 1
        }
        let ratio = (value - 1) / (value + 1)
        var power = ratio
        var sum = 0.0
        for term in stride(from: 1.0, to: 15.0, by: 2.0) {
            sum += power / term
            power *= ratio * ratio
        }
        return 2 * sum + halvings * 0.693_147_180_559_945
    }

    private static func words(of spec: ModuleSpec) -> [String: Double] {
        var words: [String: Double] = [:]
        func add(_ word: String, _ weight: Double) { words[word] = max(words[word] ?? 0, weight) }
        add(spec.shortName, nameWeight * 2)
        for part in spec.shortName.split(separator: "_") { add(Stem.of(String(part)), nameWeight) }
        for option in spec.options.keys { add(Stem.of(option), optionWeight) }
        for entry in Vocabulary.words[spec.shortName] ?? [] { add(entry.word, entry.weight) }
        return words
    }

    /// Every module, best first; one whose words are none of the clause's has nought.
    func rank(_ clause: Clause) -> [ModuleMatch] {
        var terms: [String: Double] = [:]
        for word in clause.words where word.kind == .plain && !Self.ignored.contains(word.lower) {
            terms[word.stem] = 1
        }
        for word in clause.words where word.kind != .plain && word.kind != .mark { terms["@" + word.kind.rawValue] = 1 }
        if clause.words.contains(where: { $0.kind == .url && $0.lower.hasSuffix(".git") }) { terms["@git"] = 1 }
        for (index, action) in clause.actions.enumerated() { terms["!" + action.rawValue] = index == 0 ? 2 : 1.5 }
        return weights.map { entry in
            let norm = Self.saturation * (1 - Self.lengthEffect + Self.lengthEffect * entry.length / averageLength)
            let hits = terms.compactMap { term, count -> (String, Double)? in
                guard let weight = entry.words[term] else { return nil }
                let part = weight * (Self.saturation + 1) / (weight + norm)
                return (term, count * (rarity[term] ?? 0) * part)
            }
            let ordered = hits.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
            return ModuleMatch(module: entry.module, score: hits.map(\.1).reduce(0, +), words: ordered.map(\.0))
        }
        .sorted { ($1.score, $0.module) < ($0.score, $1.module) }
    }

    private static let ignored: Set<String> = [
        "the", "a", "an", "and", "to", "of", "in", "on", "it", "is", "for", "with", "from", "at", "that", "all", "be",
    ]
}
