import CupelCore
import Yams

/// Reads the members of one mapping of a pack: a rule or a combination.
protocol PackReader {
    var node: Node { get }
    /// Where members may stand once for the whole file; `nil` where they may not.
    var defaults: Node? { get }
    /// The file, for messages.
    var origin: String { get }
}

extension PackReader {
    /// A text that must be there.
    func required(_ name: String) throws -> String {
        guard let text = (node.member(name) ?? defaults?.member(name))?.string, !text.isEmpty else {
            throw failure("`\(name)` is missing")
        }
        return text
    }

    /// One of a closed set of words.
    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String) throws -> Choice
    where Choice.RawValue == String {
        let text = try required(name)
        guard let value = Choice(rawValue: text) else {
            let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure("`\(name)` is '\(text)'; it must be one of \(allowed)")
        }
        return value
    }

    /// A list of texts, or one alone; empty when there is none.
    func strings(_ name: String) -> [String] {
        guard let value = node.member(name) else { return [] }
        return value.sequence.map { $0.compactMap(\.string) } ?? [value.string].compactMap { $0 }
    }

    /// What is wrong, with the file, the line and the rule.
    func failure(_ problem: String) -> CupelError {
        let line = node.mark.map { ":\($0.line)" } ?? ""
        let name = node.member("id")?.string.map { " (\($0))" } ?? ""
        return CupelError(.validationError, "\(origin)\(line)\(name): \(problem)")
    }
}

extension Node {
    /// The value of a member. Yams' own subscript asks of every key what YAML makes of it, which took a third of a start.
    func member(_ name: String) -> Node? {
        guard case .mapping(let members) = self else { return nil }
        return members.first { $0.key.scalar?.string == name }?.value
    }
}
