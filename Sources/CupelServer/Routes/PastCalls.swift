import CupelCore
import Gateway
import Policy

/// Recorded calls as the policy sees them, for a dry run.
struct PastCalls: Sendable {
    let store: CallStore
    /// What is known today of a model at a provider; records hold its name alone.
    let candidate: @Sendable (_ model: String, _ provider: String) -> CandidateFacts

    /// The facts that records do not hold, so that rules over them say nothing in a dry run.
    static let unknown = ["tools"]
    /// Calls of one dry run at most.
    static let maximumCount = 20_000

    /// The newest calls.
    func newest(_ count: Int) async throws -> [PastCall] {
        var found: [PastCall] = []
        var before: Identifier<CallRecord>?
        while found.count < count {
            let limit = min(1000, count - found.count)
            let page = try await store.calls(before: before, limit: limit)
            found += page.map(past)
            before = page.last?.id
            if page.count < limit { break }
        }
        return found
    }

    private func past(_ call: StoredCall) -> PastCall {
        func text(_ name: String) -> String? {
            call.json[name]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        }
        func number(_ name: String) -> Int? { call.json[name]?.intValue }
        let reserved = number("reserved_microdollars") ?? 0
        let cost = (reserved > 0 ? reserved : number("cost_microdollars")).map { Money(microdollars: Int64($0)) }
        return PastCall(
            id: call.id.description,
            caller: CallerFacts(
                keyName: text("key_name"),
                person: text("person"),
                team: text("team"),
                project: text("project")
            ),
            candidate: candidate(text("model") ?? text("model_asked") ?? "", text("upstream") ?? ""),
            request: RequestFacts(
                inputTokens: number("input_tokens") ?? 0,
                outputTokens: number("output_tokens") ?? 0,
                worstCost: cost
            )
        )
    }
}
