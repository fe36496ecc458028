import CupelCore
import Yams

extension ArtefactPolicy {
    private static let keys = ["thresholds", "quality", "licences", "rules", "paths", "exceptions"]

    /// Reads the section; what is wrong goes to the reader.
    init?(_ node: Node, _ reader: inout PolicyReader) {
        self.init()
        // A section whose keys are all commented out.
        if node.scalarText?.isEmpty == true { return }
        guard let section = reader.section(node, "artefacts", known: Self.keys) else { return nil }
        thresholds = reader.thresholds(section)
        leastQuality = reader.leastQuality(section)
        licences = reader.licences(section)
        if let rules = reader.child(section, "rules", known: ["off", "severity", "packs"]) {
            rulesOff = reader.patterns(rules, "off") ?? []
            severities = reader.severities(rules)
            packs = reader.texts(rules, "packs", most: Self.maximumPacks)
        }
        if let paths = reader.child(section, "paths", known: ["ignore"]) {
            ignoredPaths = reader.texts(paths, "ignore", most: PolicyReader.maximumPatterns)
        }
        exceptions = reader.exceptions(section)
        note(node, "")
    }

    /// Notes where a node and what is inside stand; the reader has bounded how deep that goes.
    private mutating func note(_ node: Node, _ path: String) {
        if !path.isEmpty, let mark = node.mark { places[path] = PolicyText.location(mark) }
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                let name = key.scalarText ?? "?"
                note(value, path.isEmpty ? name : "\(path).\(name)")
            }
        case .sequence(let items):
            for (index, item) in items.enumerated() { note(item, "\(path)[\(index)]") }
        case .scalar, .alias: break
        }
    }
}

extension PolicyReader {
    private static let exceptionKeys = ["rule", "path", "fingerprint", "reason", "owner", "expires"]
    private static let textBytes = 1000

    /// A mapping inside another; `nil` when it is not there or is none.
    fileprivate mutating func child(_ section: PolicySection, _ key: String, known: [String]) -> PolicySection? {
        guard let node = section.members[key], node.scalarText?.isEmpty != true else { return nil }
        return self.section(node, section.path(of: key), known: known)
    }

    fileprivate mutating func thresholds(_ section: PolicySection) -> [String: ArtefactPolicy.Thresholds] {
        guard let own = child(section, "thresholds", known: ArtefactPolicy.layers) else { return [:] }
        var result: [String: ArtefactPolicy.Thresholds] = [:]
        for layer in ArtefactPolicy.layers where own.members[layer] != nil {
            guard let one = child(own, layer, known: ["review", "block"]) else { continue }
            let words = ArtefactPolicy.severityWords + ["never"]
            let (review, block) = (word(one, "review", of: words), word(one, "block", of: words))
            result[layer] = ArtefactPolicy.Thresholds(
                review: review == "never" ? nil : review,
                block: block == "never" ? nil : block
            )
            for key in ["review", "block"] where one.members[key] == nil {
                problem(one.node, one.path(of: key), "is missing; say a severity, or never")
            }
        }
        return result
    }

    fileprivate mutating func leastQuality(_ section: PolicySection) -> Double? {
        guard let own = child(section, "quality", known: ["least"]), let node = own.members["least"] else { return nil }
        guard let number = node.scalarText.flatMap(Double.init), (0...1).contains(number) else {
            problem(node, own.path(of: "least"), "must be a number from 0 to 1, as 0.7")
            return nil
        }
        return number
    }

    fileprivate mutating func licences(_ section: PolicySection) -> ArtefactPolicy.Licences {
        var licences = ArtefactPolicy.Licences()
        guard let own = child(section, "licences", known: ["allow", "review", "block", "unknown"]) else {
            return licences
        }
        licences.allow = (patterns(own, "allow") ?? []).map(\.text)
        licences.review = (patterns(own, "review") ?? []).map(\.text)
        licences.block = (patterns(own, "block") ?? []).map(\.text)
        licences.unknown = word(own, "unknown", of: ArtefactPolicy.verdictWords)
        return licences
    }

    fileprivate mutating func severities(_ section: PolicySection) -> [String: String] {
        guard let node = section.members["severity"], node.scalarText?.isEmpty != true else { return [:] }
        let path = section.path(of: "severity")
        guard case .mapping(let mapping) = node else {
            problem(node, path, "must be a mapping of rules to severities")
            return [:]
        }
        var result: [String: String] = [:]
        for (key, value) in mapping {
            guard let rule = key.scalarText, let severity = value.scalarText,
                ArtefactPolicy.severityWords.contains(severity)
            else {
                let words = ArtefactPolicy.severityWords.joined(separator: ", ")
                problem(value, "\(path).\(key.scalarText ?? "?")", "must be one of \(words)")
                continue
            }
            result[rule] = severity
        }
        return result
    }

    fileprivate mutating func exceptions(_ section: PolicySection) -> [ArtefactPolicy.Exception] {
        guard let node = section.members["exceptions"], node.scalarText?.isEmpty != true else { return [] }
        let path = section.path(of: "exceptions")
        guard case .sequence(let items) = node, items.count <= ArtefactPolicy.maximumExceptions else {
            problem(node, path, "must be a list of at most \(ArtefactPolicy.maximumExceptions) exceptions")
            return []
        }
        return items.enumerated().compactMap { index, item in exception(item, "\(path)[\(index)]") }
    }

    private mutating func exception(_ node: Node, _ path: String) -> ArtefactPolicy.Exception? {
        guard let own = section(node, path, known: Self.exceptionKeys) else { return nil }
        let missing = ["rule", "path", "reason", "owner", "expires"].filter { own.members[$0] == nil }
        guard missing.isEmpty else {
            problem(node, path, "needs \(missing.joined(separator: ", ")): an exception says why, who, and until when")
            return nil
        }
        let rule = patterns(own, "rule")?.first
        let files = text(own, "path", limit: Self.textBytes)
        let reason = text(own, "reason", limit: Self.textBytes)
        let owner = text(own, "owner", limit: Self.textBytes)
        let fingerprint = text(own, "fingerprint", limit: Self.textBytes)
        let date = text(own, "expires", limit: Self.textBytes)
        let expires = date.flatMap { Timestamp(rfc3339: "\($0)T00:00:00Z") }
        if date != nil, expires == nil {
            problem(own.members["expires"], own.path(of: "expires"), "must be a day, as 2027-06-30")
        }
        guard let rule, let files, let reason, let owner, let expires else { return nil }
        return ArtefactPolicy.Exception(
            rule: rule,
            path: files,
            fingerprint: fingerprint,
            reason: reason,
            owner: owner,
            // It holds through its last day.
            expires: expires + .seconds(86_400),
            location: node.mark.map(PolicyText.location)
        )
    }

    /// One of some words.
    private mutating func word(_ section: PolicySection, _ key: String, of words: [String]) -> String? {
        guard let node = section.members[key] else { return nil }
        guard let word = node.scalarText, words.contains(word) else {
            let nearest = node.scalarText.flatMap { $0.nearest(among: words) }.map { "; did you mean \($0)?" } ?? ""
            problem(node, section.path(of: key), "must be one of \(words.joined(separator: ", "))\(nearest)")
            return nil
        }
        return word
    }

    /// A list of texts, or one alone.
    fileprivate mutating func texts(_ section: PolicySection, _ key: String, most: Int) -> [String] {
        guard let node = section.members[key] else { return [] }
        let items: [Node] = if case .sequence(let sequence) = node { Array(sequence) } else { [node] }
        let found = items.compactMap(\.scalarText).filter { (1...Self.textBytes).contains($0.utf8.count) }
        guard found.count == items.count, items.count <= most else {
            problem(node, section.path(of: key), "must be a list of at most \(most) texts")
            return []
        }
        return found
    }
}
