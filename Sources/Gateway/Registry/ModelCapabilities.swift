/// What a model can do beyond answering with text.
package struct ModelCapabilities: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Calls tools.
    package static let tools = ModelCapabilities(rawValue: 1 << 0)
    /// Sees images.
    package static let vision = ModelCapabilities(rawValue: 1 << 1)
    /// Answers in a shape that is given as JSON Schema.
    package static let structuredOutput = ModelCapabilities(rawValue: 1 << 2)
    /// Thinks before it answers.
    package static let reasoning = ModelCapabilities(rawValue: 1 << 3)
    /// Bills a repeated beginning of a prompt at a lower price.
    package static let promptCache = ModelCapabilities(rawValue: 1 << 4)
    /// Turns text into vectors; such a model does not chat.
    package static let embeddings = ModelCapabilities(rawValue: 1 << 5)

    /// Every capability with the word that the registry and contracts use, in their order.
    package static let words: [(word: String, capability: ModelCapabilities)] = [
        ("tools", .tools), ("vision", .vision), ("structured_output", .structuredOutput), ("reasoning", .reasoning),
        ("prompt_cache", .promptCache), ("embeddings", .embeddings),
    ]

    /// The capability that a word stands for; `nil` for any other word.
    package init?(word: some StringProtocol) {
        guard let match = Self.words.first(where: { $0.word == word }) else { return nil }
        self = match.capability
    }

    /// The words of what is in the set.
    package var words: [String] { Self.words.filter { contains($0.capability) }.map(\.word) }
}
