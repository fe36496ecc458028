/// One thing wrong with the arguments of one task, in words that a person or a model can act on.
package struct ArgumentProblem: Sendable, Hashable {
    /// What kind of thing is wrong.
    package enum Kind: String, Sendable {
        case unknownModule = "unknown_module"
        case unknownOption = "unknown_option"
        case missingOption = "missing_option"
        case wrongType = "wrong_type"
        case notAChoice = "not_a_choice"
        case duplicateOption = "duplicate_option"
        case mutuallyExclusive = "mutually_exclusive"
        case incomplete = "incomplete"
        case freeForm = "free_form"
    }

    /// The kind.
    package let kind: Kind
    /// Where: `plays[0].tasks[1]`.
    package let path: String
    /// The module's short name.
    package let module: String
    /// What is wrong and what is allowed.
    package let message: String

    /// The problem as a line of text.
    package var text: String { "\(path) (\(module)): \(message)" }
}
