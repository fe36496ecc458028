import Yams

/// A value of the configuration file that is read whole, each part with its line.
package indirect enum SettingsTree: Sendable, Hashable {
    /// A scalar as it was written.
    case text(String, line: Int)
    /// A sequence.
    case list([SettingsTree], line: Int)
    /// A mapping in its order; of equal keys YAML keeps none, so they cannot occur.
    case map([Member], line: Int)

    /// A key of a mapping with its value.
    package struct Member: Sendable, Hashable {
        /// The key as it was written.
        package var key: String
        /// What it is set to.
        package var value: SettingsTree
    }

    /// Mappings and sequences inside each other, at most.
    package static let mostDepth = 16

    init(_ node: Node, path: String, depth: Int = 0) throws {
        let line = node.mark?.line ?? 0
        guard depth <= Self.mostDepth else {
            throw CupelError(.configurationInvalid, "\(path):\(line): nested deeper than \(Self.mostDepth).")
        }
        switch node {
        case .scalar(let scalar): self = .text(scalar.string, line: line)
        case .sequence(let sequence):
            self = .list(try sequence.map { try SettingsTree($0, path: path, depth: depth + 1) }, line: line)
        case .mapping(let mapping):
            let members = try mapping.map { key, value -> Member in
                guard let name = key.string else {
                    throw CupelError(.configurationInvalid, "\(path):\(line): a key must be a text.")
                }
                return Member(key: name, value: try SettingsTree(value, path: path, depth: depth + 1))
            }
            self = .map(members, line: line)
        case .alias:
            throw CupelError(.configurationInvalid, "\(path):\(line): YAML aliases are not supported here.")
        }
    }

    /// The line that it begins at.
    package var line: Int {
        switch self {
        case .text(_, let line), .list(_, let line), .map(_, let line): line
        }
    }

    /// What kind of value this is, in YAML's words.
    package var kind: String {
        switch self {
        case .text: "text"
        case .list: "a list"
        case .map: "a mapping"
        }
    }
}
