import CupelCore
import Yams

/// Reads one mapping of `combinations`.
struct CombinationReader: PackReader {
    let node: Node
    let origin: String
    var defaults: Node? { nil }

    private static let known: Set<String> = [
        "id", "category", "severity", "description", "languages", "all", "without", "within", "scope", "references",
        "match", "miss",
    ]

    /// The combination.
    /// - Throws: `validation_error` with the file, the line and what is wrong there.
    func combination() throws -> Combination {
        guard let mapping = node.mapping else { throw failure("a combination is a mapping") }
        for key in mapping.keys where !Self.known.contains(key.string ?? "") {
            throw failure("'\(key.string ?? "?")' is not a member of a combination")
        }
        let parts = strings("all").map { $0.split(separator: "|").map { $0.filter { $0 != " " } } }
        guard (2...Combination.maximumParts).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw failure("`all` is a list of 2 to \(Combination.maximumParts) signals, alternatives joined by |")
        }
        let within = node.member("within")?.int
        if let within, !(1...Combination.maximumLines).contains(within) {
            throw failure("`within` is a number of lines from 1 to \(Combination.maximumLines)")
        }
        return Combination(
            id: try required("id"),
            category: try required("category"),
            severity: try choice("severity"),
            description: try required("description"),
            languages: Set(try strings("languages").map { try Language.named($0) { failure($0) } }),
            parts: parts,
            without: strings("without"),
            within: within,
            scope: node.member("scope") == nil ? .file : try choice("scope"),
            references: strings("references"),
            examples: RuleExamples(match: strings("match"), miss: strings("miss"))
        )
    }
}

extension Language {
    static func named(_ text: String, _ failure: (String) -> CupelError) throws -> Language {
        guard let language = Language(rawValue: text) else { throw failure("no language is '\(text)'") }
        return language
    }
}
