import CupelCore
import Policy
import Testing

@Suite struct PolicyComparisonTests {
    private func call(_ id: String, _ model: String, tools: [String] = [], output: Int = 10) -> PastCall {
        PastCall(
            id: id,
            caller: PolicyExamples.other,
            candidate: CandidateFacts(model: model, provider: "p"),
            request: RequestFacts(toolNames: tools, outputTokens: output)
        )
    }

    @Test func `past calls that would go another way are named, with the rule`() throws {
        let old = try PolicyExamples.calls(
            """
              - {name: no-a, deny: {models: [a]}}
              - {name: no-e, deny: {models: [e]}}
            """
        )
        let new = try PolicyExamples.calls(
            """
              - {name: no-b, deny: {models: [b]}}
              - {name: short, limits: {output_tokens: 50}}
              - {name: watch-c, when: {models: [c]}, secrets: observe, cache: off}
              - {name: neither-e, deny: {models: [e]}}
            """
        )
        let calls = [
            call("1", "a"), call("2", "b"), call("3", "c"), call("4", "d"), call("5", "d", output: 51), call("6", "e"),
        ]
        let comparison = PolicyComparison.compare(old, new, calls: calls)
        #expect(comparison.checked == 6)
        #expect(comparison.differences.map(\.call) == ["1", "2", "3", "5", "6"])
        #expect(comparison.differences.map(\.change) == [.allowed, .refused, .changed, .refused, .changed])
        #expect(comparison.counts == [.allowed: 1, .refused: 2, .changed: 2])
        #expect(comparison.refusedByRule == ["no-b": 1, "short": 1, "neither-e": 1])
        let sentences = comparison.differences.map(\.explanation)
        #expect(sentences[0].contains("'no-a'") && sentences[1].contains("'no-b'"))
        #expect(sentences[2] == "secrets: redact → observe")
        #expect(sentences[3].contains("51 tokens out"))
    }

    @Test func `the same policy differs in nothing`() throws {
        let policy = try PolicyFile(PolicyExamples.whole).calls
        let calls = [call("1", "gpt-3"), call("2", "x", tools: ["shell"]), call("3", "y")]
        let comparison = PolicyComparison.compare(policy, policy, calls: calls)
        #expect(comparison.differences.isEmpty && comparison.refusedByRule == ["no-old-models": 1, "no-shell": 1])
    }

    @Test func `beyond the bound differences are counted and not listed`() throws {
        let new = try PolicyExamples.calls("  - {name: none, deny: {models: [\"*\"]}}")
        let calls = (0...PolicyComparison.maximumDifferences).map { call("\($0)", "m") }
        let comparison = PolicyComparison.compare(.standard, new, calls: calls)
        #expect(comparison.differences.count == PolicyComparison.maximumDifferences)
        #expect(comparison.counts[.refused] == PolicyComparison.maximumDifferences + 1)
    }
}
