import CupelCore
import Yams

/// A mapping of a policy file: its members by key.
struct PolicySection {
    let path: String
    let node: Node
    let members: [String: Node]

    func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// Reads the nodes of a policy file and collects every problem on the way, so that all are named at once.
struct PolicyReader {
    private(set) var problems: [PolicyProblem] = []

    /// Patterns in one list.
    static let maximumPatterns = 1000

    /// Adds a problem at a node.
    mutating func problem(_ node: Node?, _ path: String, _ message: String) {
        let location = node?.mark.map(PolicyText.location)
        problems.append(PolicyProblem(location: location, message: path.isEmpty ? message : "\(path) \(message)"))
    }

    /// A mapping whose keys are all known; unknown ones are named with what was perhaps meant.
    mutating func section(_ node: Node, _ path: String, known: [String]) -> PolicySection? {
        guard case .mapping(let mapping) = node else {
            problem(node, path, "must be a mapping with \(known.joined(separator: ", "))")
            return nil
        }
        var members: [String: Node] = [:]
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                problem(key, path, "has a key that is no text")
                continue
            }
            let full = path.isEmpty ? name.string : "\(path).\(name.string)"
            guard known.contains(name.string) else {
                let nearest = name.string.nearest(among: known).map { "; did you mean \($0)?" }
                let allowed = nearest ?? "; there are \(known.joined(separator: ", "))"
                problem(key, String(full.prefix(200)), "is unknown\(allowed)")
                continue
            }
            members[name.string] = value
        }
        return PolicySection(path: path, node: node, members: members)
    }

    /// The text of a scalar; `nil` when the key is missing or its value is something else.
    mutating func text(_ section: PolicySection, _ key: String, limit: Int) -> String? {
        guard let node = section.members[key] else { return nil }
        guard case .scalar(let scalar) = node, (1...limit).contains(scalar.string.utf8.count) else {
            problem(node, section.path(of: key), "must be a text of 1 to \(limit) bytes")
            return nil
        }
        return scalar.string
    }

    /// A truth value.
    mutating func flag(_ section: PolicySection, _ key: String) -> Bool? {
        guard let node = section.members[key] else { return nil }
        switch node.scalarText {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default:
            problem(node, section.path(of: key), "must be true or false")
            return nil
        }
    }

    /// A whole number within a range.
    mutating func integer(_ section: PolicySection, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = section.members[key] else { return nil }
        guard let number = node.scalarText.flatMap({ Int($0) }), range.contains(number) else {
            let allowed = "must be a whole number from \(range.lowerBound) to \(range.upperBound)"
            problem(node, section.path(of: key), allowed)
            return nil
        }
        return number
    }

    /// An amount in dollars, over zero.
    mutating func money(_ section: PolicySection, _ key: String) -> Money? {
        guard let node = section.members[key] else { return nil }
        guard let amount = node.scalarText.flatMap({ Money(dollars: $0) }), amount > .zero else {
            problem(node, section.path(of: key), "must be dollars over 0 with at most six places, as 0.05")
            return nil
        }
        return amount
    }

    /// One of the words of a closed set.
    mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ section: PolicySection,
        _ key: String,
        of type: Value.Type
    ) -> Value? where Value.RawValue == String {
        guard let node = section.members[key] else { return nil }
        let words = Value.allCases.map(\.rawValue)
        guard let word = node.scalarText, let value = Value(rawValue: word) else {
            let nearest = node.scalarText.flatMap { $0.nearest(among: words) }.map { "; did you mean \($0)?" } ?? ""
            problem(node, section.path(of: key), "must be one of \(words.joined(separator: ", "))\(nearest)")
            return nil
        }
        return value
    }

    /// A list of patterns, or one alone.
    mutating func patterns(_ section: PolicySection, _ key: String) -> [Glob]? {
        guard let node = section.members[key] else { return nil }
        let path = section.path(of: key)
        let items: [Node]
        switch node {
        case .sequence(let sequence): items = Array(sequence)
        case .scalar(let scalar) where !scalar.string.isEmpty: items = [node]
        default:
            problem(node, path, "must be a list of patterns, as [\"gpt-*\"]")
            return nil
        }
        guard items.count <= Self.maximumPatterns else {
            problem(node, path, "must have at most \(Self.maximumPatterns) patterns")
            return nil
        }
        return items.enumerated().compactMap { index, item in
            let glob = item.scalarText.flatMap { Glob($0) }
            if glob == nil {
                problem(item, "\(path)[\(index)]", "must be a pattern of 1 to \(Glob.maximumBytes) bytes")
            }
            return glob
        }
    }
}

extension Node {
    /// The text, when this is a scalar.
    var scalarText: String? {
        if case .scalar(let scalar) = self { scalar.string } else { nil }
    }
}
