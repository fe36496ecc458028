import CupelCore
import Yams

/// Turns the text of a policy file into YAML nodes (YAML 1.1), bounded before the parser sees it.
enum PolicyText {
    /// The largest file, in bytes.
    static let maximumBytes = 1 << 20
    /// Brackets inside each other, and the leading dashes and spaces of a line, by which blocks nest.
    static let maximumDepth = 32
    static let maximumIndent = 200

    /// Hands the root to a reader; the parser lives meanwhile, since nodes point at what it owns.
    /// - Throws: `invalid_policy` with the place.
    static func read<Value>(_ text: String, _ body: (Node?) throws -> Value) throws -> Value {
        guard text.utf8.count <= maximumBytes else {
            throw refusal(nil, "is over \(maximumBytes >> 20) MiB; a policy is a few pages")
        }
        if let problem = outOfBounds(text) { throw PolicyProblem.error([problem]) }
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: text, encoding: .utf8)
            root = try parser.singleRoot()
        } catch let error as YamlError {
            throw PolicyProblem.error([problem(error)])
        }
        return try withExtendedLifetime(parser) { try body(root) }
    }

    /// What the recursion of the parser, or of whoever walks its nodes, would suffer from: deep nesting, and anchors, by
    /// which a short text stands for an endless one. It errs on the strict side: a quoted text may not look like one.
    private static func outOfBounds(_ text: String) -> PolicyProblem? {
        var (line, column, depth) = (1, 0, 0)
        var isIndent = true
        var previous = UInt8(ascii: "\n")
        var beforeAnchor: PolicyLocation?
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if byte == UInt8(ascii: "\n") { line += 1 }
                (column, isIndent, previous, beforeAnchor) = (0, true, byte, nil)
                continue
            }
            column += 1
            let here = PolicyLocation(line: line, column: column)
            if let beforeAnchor, !" \t&".utf8.contains(byte) {
                return PolicyProblem(location: beforeAnchor, message: "'&' begins an anchor; anchors are not accepted")
            }
            beforeAnchor = byte == UInt8(ascii: "&") && " \t\n\r[{,:-?".utf8.contains(previous) ? here : nil
            isIndent = isIndent && " -?:".utf8.contains(byte)
            if isIndent, column > maximumIndent {
                return PolicyProblem(location: here, message: "is indented by more than \(maximumIndent)")
            }
            if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
            if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth = max(0, depth - 1) }
            if depth > maximumDepth {
                return PolicyProblem(location: here, message: "is nested deeper than \(maximumDepth) brackets")
            }
            previous = byte
        }
        return nil
    }

    private static func problem(_ error: YamlError) -> PolicyProblem {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let hint =
                problem.contains("alias") ? "; a pattern that begins with '*' must stand in quotes, as \"*mini*\"" : ""
            return PolicyProblem(location: location(mark), message: "is not YAML: \(problem)\(hint)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.prefix(3).map { "'\($0.prefix(100))'" }.joined(separator: ", ")
            return PolicyProblem(location: location(context.mark), message: "the key \(names) occurs twice here")
        case .reader(let problem, _, _, _):
            return PolicyProblem(location: nil, message: "is not YAML: \(problem)")
        default: return PolicyProblem(location: nil, message: "is not YAML that can be read")
        }
    }

    static func location(_ mark: Mark) -> PolicyLocation { PolicyLocation(line: mark.line, column: mark.column) }

    private static func refusal(_ location: PolicyLocation?, _ message: String) -> CupelError {
        PolicyProblem.error([PolicyProblem(location: location, message: message)])
    }
}
