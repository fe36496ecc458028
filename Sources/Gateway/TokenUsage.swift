/// Tokens of a call, as the upstream counts them, in one meaning for every dialect.
package struct TokenUsage: Sendable, Hashable {
    /// All tokens of the question, those read from and written to the upstream's prompt cache among them.
    package var input: Int
    /// Tokens of the question that were read from the upstream's prompt cache; part of ``input``.
    package var cacheRead: Int
    /// Tokens of the question that were written to that cache for five minutes; part of ``input``.
    package var cacheWrite: Int
    /// Tokens of the question that were written to that cache for an hour; part of ``input``.
    package var cacheWriteLong: Int
    /// All tokens of the answer, reasoning among them.
    package var output: Int
    /// Tokens of the answer that were reasoning; part of ``output``.
    package var reasoning: Int

    /// Counts of a call.
    package init(
        input: Int,
        output: Int,
        cacheRead: Int = 0,
        cacheWrite: Int = 0,
        cacheWriteLong: Int = 0,
        reasoning: Int = 0
    ) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.cacheWriteLong = cacheWriteLong
        self.reasoning = reasoning
    }
}
