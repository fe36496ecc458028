import CupelCore
import OrderedCollections
import Yams

/// Reads YAML from outside as JSON: anchors refused, depth and nodes bounded, duplicate keys refused.
enum YAMLDocument {
    /// Mappings and sequences inside each other.
    static let maximumDepth = 16

    static func json(_ text: String, maximumNodes: Int) throws(CupelError) -> JSON {
        guard nestingIsBounded(text) else { throw refusal("nested deeper than \(maximumDepth)") }
        do {
            // The parser owns the anchors, nodes only point at them: it must live while they are looked at.
            let parser = try Yams.Parser(yaml: text)
            return try withExtendedLifetime(parser) {
                guard let node = try parser.singleRoot() else { throw refusal("it is empty") }
                var remaining = maximumNodes
                return try convert(node, depth: 0, remaining: &remaining)
            }
        } catch let error as CupelError {
            throw error
        } catch {
            throw CupelError(.validationError, "The answer is not YAML: \(brief(error)).", cause: error)
        }
    }

    private static func refusal(_ problem: String) -> CupelError { PlaybookParser.refusal(problem) }

    /// Whether brackets and dashes cannot nest so deep that the recursion of the YAML library would hurt.
    private static func nestingIsBounded(_ text: String) -> Bool {
        var flow = 0
        var deepest = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { flow += 1 }
            if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { flow = max(0, flow - 1) }
            deepest = max(deepest, flow)
        }
        let leading: [Int] = text.split(whereSeparator: \.isNewline).map { (line: Substring) -> Int in
            line.prefix { $0 == " " || $0 == "-" || $0 == "?" || $0 == ":" }.count
        }
        return deepest <= maximumDepth * 4 && (leading.max() ?? 0) <= maximumDepth * 12
    }

    private static func brief(_ error: any Error) -> String {
        let line: Substring = "\(error)".prefix { (character: Character) in !character.isNewline }
        return String(line.prefix(200))
    }

    private static func convert(_ node: Node, depth: Int, remaining: inout Int) throws(CupelError) -> JSON {
        remaining -= 1
        guard depth <= maximumDepth else { throw refusal("nested deeper than \(maximumDepth)") }
        guard remaining >= 0 else { throw refusal("it has too many values") }
        guard node.anchor == nil else { throw refusal("anchors and aliases are not accepted") }
        switch node {
        case .scalar(let scalar): return self.scalar(scalar)
        case .alias: throw refusal("anchors and aliases are not accepted")
        case .sequence(let sequence):
            var elements: [JSON] = []
            for element in sequence { elements.append(try convert(element, depth: depth + 1, remaining: &remaining)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: OrderedDictionary<String, JSON> = [:]
            for (key, value) in mapping {
                guard case .scalar(let name) = key else { throw refusal("a key is not a text") }
                guard members[name.string] == nil else { throw refusal("the key '\(name.string)' occurs twice") }
                members[name.string] = try convert(value, depth: depth + 1, remaining: &remaining)
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
