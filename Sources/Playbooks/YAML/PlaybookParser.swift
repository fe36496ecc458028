package import CupelCore

/// Reads a playbook that a larger model answered as YAML into the same tree, within bounds.
///
/// What the tree cannot hold (blocks, roles, imports of other plays) is refused with a message for the model.
package struct PlaybookParser: Sendable {
    /// Bytes of a playbook from outside.
    package static let maximumBytes = 64 * 1024
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
        let value = try YAMLDocument.json(Self.unfenced(text), maximumNodes: Self.maximumNodes)
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
        var fences: [String.Index] = []
        for index in text.indices where text[index] == "`" && text[index...].hasPrefix("```") {
            if fences.last.map({ text.distance(from: $0, to: index) >= 3 }) ?? true { fences.append(index) }
            if fences.count == 2 { break }
        }
        guard fences.count == 2 else { return text }
        return String(text[fences[0]..<fences[1]].dropFirst(3).drop { $0.isLetter })
    }
}
