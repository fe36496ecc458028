package import CupelCore

/// One thing that a file says of its licence, as an assay keeps it.
package struct LicenceStatement: Sendable, Hashable {
    /// What it says, as an SPDX expression.
    package var expression: String
    /// How it says it.
    package var kind: LicenceMatch.Kind

    /// Statements of one file that are kept, at most.
    package static let maximum = 100

    /// A statement.
    package init(expression: String, kind: LicenceMatch.Kind) {
        self.expression = expression
        self.kind = kind
    }

    /// What the matches of one file say, each thing once, in their order.
    package static func of(_ matches: [LicenceMatch]) -> [LicenceStatement] {
        var seen: Set<LicenceStatement> = []
        var result: [LicenceStatement] = []
        for match in matches where result.count < maximum {
            let statement = LicenceStatement(expression: match.expression.description, kind: match.kind)
            if seen.insert(statement).inserted { result.append(statement) }
        }
        return result
    }

    /// The statement as it is stored and sent.
    package var json: JSON { ["expression": .string(expression), "kind": .string(kind.rawValue)] }

    /// Reads what ``json`` wrote.
    /// - Throws: `validation_error` naming the member that is missing or wrong.
    package init(json: JSON) throws {
        self.init(expression: try json.text("expression"), kind: try json.choice("kind"))
    }
}
