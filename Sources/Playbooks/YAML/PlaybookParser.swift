package import CupelCore
import OrderedCollections
import Yams

/// Reads a playbook that a larger model answered as YAML into the same tree, within bounds.
///
/// What the tree cannot hold (blocks, roles, imports of other plays) is refused with a message for the model.
package struct PlaybookParser: Sendable {
    /// Bytes of a playbook from outside.
    package static let maximumBytes = 64 * 1024
    /// Mappings and sequences inside each other.
    package static let maximumDepth = 16
    /// Nodes in the whole playbook.
    package static let maximumNodes = 5000

    let catalog: ModuleCatalog

    /// A parser that knows these modules.
    package init(catalog: ModuleCatalog) { self.catalog = catalog }

    /// Reads YAML; a fence of three backticks around it is taken off.
    /// - Throws: ``CupelError`` `validation_error` saying what is wrong and where.
    package func parse(_ text: String) throws(CupelError) -> Playbook {
        guard text.utf8.count <= Self.maximumBytes else {
            throw Self.refusal("the playbook is over \(Self.maximumBytes) bytes")
        }
        let value = try value(of: Self.unfenced(text))
        guard let plays = value.arrayValue, !plays.isEmpty else { throw Self.refusal("a playbook is a list of plays") }
        var read: [Play] = []
        for (index, play) in plays.enumerated() { read.append(try self.play(play, number: index + 1)) }
        return Playbook(plays: read)
    }

    static func refusal(_ problem: String) -> CupelError {
        CupelError(.validationError, "The answer is not a playbook that Cupel accepts: \(problem).")
    }

    /// The text between the first pair of fences, or the text itself.
    static func unfenced(_ text: String) -> String {
        let parts = text.split(separator: "```", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return text }
        return String(parts[1].drop { $0.isLetter })
    }

    /// The document as JSON: anchors refused, depth and nodes bounded, duplicate keys refused.
    private func value(of text: String) throws(CupelError) -> JSON {
        let node: Node?
        do {
            // A carriage return alone is a line break to YAML but not to whoever looks at the text.
            guard try depthIsBounded(text) else { throw Self.refusal("nested deeper than \(Self.maximumDepth)") }
            node = try Yams.compose(yaml: text)
        } catch let error as CupelError {
            throw error
        } catch {
            throw CupelError(
                .validationError, "The answer is not YAML: \(Self.brief(error)).", cause: error)
        }
        guard let node else { throw Self.refusal("it is empty") }
        var count = 0
        return try convert(node, depth: 0, count: &count)
    }

    /// Whether flow brackets and indentation cannot nest deeper than the parser's own recursion should go.
    private func depthIsBounded(_ text: String) throws -> Bool {
        var flow = 0
        var deepest = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { flow += 1 }
            if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { flow = max(0, flow - 1) }
            deepest = max(deepest, flow)
        }
        let dashes = text.split(separator: "\n").map { $0.prefix { $0 == " " || $0 == "-" || $0 == "?" }.count }.max()
        return deepest <= Self.maximumDepth * 4 && (dashes ?? 0) <= Self.maximumDepth * 12
    }

    private static func brief(_ error: any Error) -> String {
        let first = "\(error)".split(separator: "\n").first.map(String.init) ?? "it cannot be parsed"
        return String(first.prefix(200))
    }

    private func convert(_ node: Node, depth: Int, count: inout Int) throws(CupelError) -> JSON {
        count += 1
        guard depth <= Self.maximumDepth else { throw Self.refusal("nested deeper than \(Self.maximumDepth)") }
        guard count <= Self.maximumNodes else { throw Self.refusal("more than \(Self.maximumNodes) values") }
        guard node.anchor == nil else { throw Self.refusal("anchors and aliases are not accepted") }
        switch node {
        case .scalar(let scalar): return Self.scalar(scalar)
        case .alias: throw Self.refusal("anchors and aliases are not accepted")
        case .sequence(let sequence):
            var elements: [JSON] = []
            for element in sequence { elements.append(try convert(element, depth: depth + 1, count: &count)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: OrderedDictionary<String, JSON> = [:]
            for (key, value) in mapping {
                guard case .scalar(let name) = key else { throw Self.refusal("a key is not a text") }
                guard members[name.string] == nil else { throw Self.refusal("the key '\(name.string)' occurs twice") }
                members[name.string] = try convert(value, depth: depth + 1, count: &count)
            }
            return .object(members)
        }
    }

    /// A scalar by the rules of YAML 1.1: only plain ones are anything but text.
    private static func scalar(_ scalar: Node.Scalar) -> JSON {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch text.lowercased() {
        case "", "~", "null": return .null
        case "true", "yes", "on": return .bool(true)
        case "false", "no", "off": return .bool(false)
        default: break
        }
        // An octal such as 0644 stays text: as a mode it is meant as it is written.
        if text.count > 1, text.hasPrefix("0"), text.allSatisfy(\.isNumber) { return .string(text) }
        if let integer = Int64(text) { return .integer(integer) }
        if text.first?.isNumber == true || text.first == "-", text.contains("."), let number = Double(text) {
            return .number(number)
        }
        return .string(text)
    }
}
