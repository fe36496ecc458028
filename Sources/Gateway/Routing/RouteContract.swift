import CupelCore

/// What a call needs of whoever answers it, whatever its name.
///
/// As text, in the header `x-cupel-contract` or in `models:` of the configuration, a list separated by commas:
/// words of ``ModelCapabilities``, `context>=200k`, `output>=8k`, `tier<=2`, `region=eu`, `retention=none`.
package struct RouteContract: Sendable, Hashable {
    /// The header that carries a contract.
    package static let header = "x-cupel-contract"
    /// Bytes of a contract's text.
    package static let mostBytes = 1024
    /// Terms of a contract's text.
    package static let mostTerms = 20

    /// What the model must be able to do.
    package var capabilities: ModelCapabilities = []
    /// Tokens of question and answer together that the model must hold.
    package var minimumContext: Int?
    /// Tokens of an answer that the model must be able to give.
    package var minimumOutput: Int?
    /// How dear the model may be, from 1 to 4.
    package var maximumTier: Int?
    /// Where the answer must come from.
    package var region: String?
    /// Whether nothing may be kept of the call.
    package var needsNoRetention = false

    /// A contract that asks for nothing.
    package init() {}

    /// Whether nothing is asked for.
    package var isEmpty: Bool { self == RouteContract() }

    /// Reads a contract's text.
    /// - Throws: `validation_error` naming the term that is wrong and what is allowed.
    package init(parsing text: some StringProtocol) throws {
        guard text.utf8.count <= Self.mostBytes else { throw Self.wrong("is over \(Self.mostBytes) bytes") }
        let terms = text.split(separator: ",")
        guard terms.count <= Self.mostTerms else { throw Self.wrong("has more than \(Self.mostTerms) terms") }
        var seen: Set<String> = []
        for term in terms {
            let words = String(term).filter { $0 != " " && $0 != "\t" }
            if words.isEmpty { continue }
            let key = try read(words)
            guard seen.insert(key).inserted else { throw Self.wrong("states \(key) twice") }
        }
    }

    /// What both contracts ask for.
    /// - Throws: `validation_error` when no region can satisfy both.
    package func and(_ other: RouteContract) throws -> RouteContract {
        var both = self
        both.capabilities.formUnion(other.capabilities)
        both.minimumContext = [minimumContext, other.minimumContext].compactMap { $0 }.max()
        both.minimumOutput = [minimumOutput, other.minimumOutput].compactMap { $0 }.max()
        both.maximumTier = [maximumTier, other.maximumTier].compactMap { $0 }.min()
        both.needsNoRetention = needsNoRetention || other.needsNoRetention
        if let mine = region, let theirs = other.region {
            guard Region.covers(mine, theirs) || Region.covers(theirs, mine) else {
                throw Self.wrong("asks for region \(mine) where \(theirs) is asked for already")
            }
            both.region = Region.covers(mine, theirs) ? mine : theirs
        } else {
            both.region = region ?? other.region
        }
        return both
    }

    /// The contract as text that reads back as itself.
    package var description: String {
        var terms = capabilities.words
        if let minimumContext { terms.append("context>=\(minimumContext)") }
        if let minimumOutput { terms.append("output>=\(minimumOutput)") }
        if let maximumTier { terms.append("tier<=\(maximumTier)") }
        if let region { terms.append("region=\(region)") }
        if needsNoRetention { terms.append("retention=none") }
        return terms.joined(separator: ", ")
    }

    /// Reads one term and says what it is about.
    private mutating func read(_ term: String) throws -> String {
        if let capability = ModelCapabilities(word: term) {
            capabilities.insert(capability)
            return term
        }
        func value(_ prefix: String) -> Substring? { term.hasPrefix(prefix) ? term.dropFirst(prefix.count) : nil }
        if let text = value("context>=") {
            minimumContext = try Self.tokens(text, term)
            return "context"
        }
        if let text = value("output>=") {
            minimumOutput = try Self.tokens(text, term)
            return "output"
        }
        if let text = value("tier<=") {
            guard let tier = Int(text), (1...4).contains(tier) else { throw Self.wrong("tier<= takes 1 to 4") }
            maximumTier = tier
            return "tier"
        }
        if let text = value("region=") {
            guard Region.isValid(text) else { throw Self.wrong("region= takes a region as eu or eu-west-1") }
            region = String(text)
            return "region"
        }
        if let text = value("retention=") {
            guard text == "none" else { throw Self.wrong("retention= takes none") }
            needsNoRetention = true
            return "retention"
        }
        let allowed = ModelCapabilities.words.map(\.word)
        let near = term.nearest(among: allowed).map { "; did you mean \($0)?" } ?? ""
        throw Self.wrong(
            "'\(term.prefix(40))' is unknown\(near); allowed are \(allowed.joined(separator: ", ")), context>=, "
                + "output>=, tier<=, region=, retention=none"
        )
    }

    /// Reads `8000`, `200k` or `1m`.
    private static func tokens(_ text: Substring, _ term: String) throws -> Int {
        let unit = text.last.map { $0 == "k" || $0 == "K" ? 1000 : $0 == "m" || $0 == "M" ? 1_000_000 : 1 } ?? 1
        let digits = unit == 1 ? text : text.dropLast()
        guard 1...9 ~= digits.utf8.count, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(digits), 1...ModelCard.mostTokens ~= number * unit
        else { throw wrong("'\(term.prefix(40))' takes a number of tokens as 8000, 200k or 1m") }
        return number * unit
    }

    private static func wrong(_ problem: String) -> CupelError {
        CupelError(.validationError, "The contract is wrong.", fields: [FieldProblem(header, problem)])
    }
}

extension RouteContract: CustomStringConvertible {}
