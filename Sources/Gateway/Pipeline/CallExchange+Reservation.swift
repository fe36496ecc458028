import CupelCore
import Policy

/// What a call may cost at most, and whether that may be spent.
extension CallExchange {
    // MARK: Reservation

    /// Draws on the rates and holds in every budget what the call may cost at most.
    func reserve() throws(CupelError) {
        let input = call.skim?.mostInputTokens ?? 0
        imposeOutputBound()
        let output = mostOutputTokens
        call.mostTokens = input + output
        try keepAllowed(input, output)
        var worst = Money.zero
        for candidate in order { worst = max(worst, candidate.worstCase?(input, output) ?? .zero) }
        try checkPerCall(worst)
        takeMeters()
        try hold.enter(caller.parallel + [candidate.limits.parallel].compactMap { $0 })
        let now = Self.now
        try drawRates(now)
        record.reserved = worst
        try holdMoney(now)
    }

    /// Holds what the call may cost; where a slice of a budget is too small, the call waits for the store.
    func holdMoney(_ now: Int64) throws(CupelError) {
        do {
            guard let lack = try hold.reserve(record.reserved, caller.budgets, order, now: now) else { return }
            wait(for: lack, now)
        } catch {
            giveBackRates()
            throw error
        }
    }

    /// The rates that the call draws on: the caller's, and those of the model that is tried first.
    private func takeMeters() {
        call.requests = caller.requests
        call.tokens = caller.tokens
        if let meter = candidate.limits.requests { call.requests.append(meter) }
        if let meter = candidate.limits.tokens { call.tokens.append(meter) }
    }

    /// A request that states no limit gets the policy's, rather than a refusal.
    private func imposeOutputBound() {
        guard call.skim?.maxTokens == nil, endpoint != .embeddings, endpoint != .countTokens else { return }
        call.imposedMaxTokens = order.compactMap { $0.decision.settings.bounds.outputTokens?.value }.min()
    }

    /// Drops candidates that the policy's bounds or its rules on tools put out.
    /// - Throws: `policy_violation` naming the rule, when none is left.
    private func keepAllowed(_ input: Int, _ output: Int) throws(CupelError) {
        guard order.contains(where: { !$0.decision.isUnbounded }) else { return }
        let names = toolNames
        var violation: PolicyViolation?
        order.removeAll { candidate in
            let facts = RequestFacts(
                toolNames: names,
                inputTokens: call.skim.map { $0.narrowBytes / 4 + $0.wideBytes / 2 } ?? 0,
                outputTokens: output,
                worstCost: candidate.worstCase?(input, output)
            )
            guard let found = candidate.decision.check(facts) else { return false }
            violation = violation ?? found
            return true
        }
        guard order.isEmpty, let violation else {
            record.upstream = candidate.target.name
            record.model = candidate.name
            return
        }
        record.rule = violation.rule
        throw violation.error
    }

    /// The names of the tools that the request offers, in any dialect.
    private var toolNames: [String] {
        guard let range = call.skim?.tools, let tools = Self.member(call.bytes, range)?.arrayValue else { return [] }
        return tools.map { tool in
            tool["function"]?["name"]?.stringValue ?? tool["name"]?.stringValue ?? tool["type"]?.stringValue ?? "?"
        }
    }

    /// Tokens of the answer at most: what was asked for, else what the policy or the model allows.
    private var mostOutputTokens: Int {
        guard endpoint != .embeddings, endpoint != .countTokens else { return 0 }
        let stated = call.skim?.maxTokens ?? call.imposedMaxTokens
        let possible = order.compactMap(\.maximumOutput).max()
        return min(stated ?? possible ?? CallBody.usualOutputTokens, possible ?? .max) * (call.skim?.choices ?? 1)
    }

    private func checkPerCall(_ worst: Money) throws(CupelError) {
        guard let (limit, name) = caller.perCall, worst > limit else { return }
        throw CupelError(
            .budgetExceeded,
            "This call may cost up to \(worst), and the budget \(name) allows \(limit) a call; ask for less with "
                + "`max_tokens`, or use a cheaper model."
        )
    }

    private func drawRates(_ now: Int64) throws(CupelError) {
        for (index, meter) in call.requests.enumerated() {
            guard let wait = meter.take(1, now: now) else { continue }
            for earlier in call.requests.prefix(index) { earlier.settle(taken: 1, used: 0) }
            throw limited("\(meter.limit) requests a minute are used up", wait)
        }
        for (index, meter) in call.tokens.enumerated() {
            guard let wait = meter.take(call.mostTokens, now: now) else { continue }
            for earlier in call.tokens.prefix(index) { earlier.settle(taken: call.mostTokens, used: 0) }
            for meter in call.requests { meter.settle(taken: 1, used: 0) }
            throw limited("\(meter.limit) tokens a minute are used up by what this call may take", wait)
        }
    }

    func giveBackRates() {
        for meter in call.requests { meter.settle(taken: 1, used: 0) }
        for meter in call.tokens { meter.settle(taken: call.mostTokens, used: 0) }
    }

    private func limited(_ what: String, _ wait: Int64) -> CupelError {
        let seconds = Int((wait + 999_999_999) / 1_000_000_000)
        return CupelError(.rateLimitExceeded, "\(what); try again in \(seconds) s.", retryAfterSeconds: max(seconds, 1))
    }

    /// Tells the client how much of its rates is left, in OpenAI's names.
    func appendRateFields(_ fields: inout [(name: String, value: String)]) {
        guard !call.requests.isEmpty || !call.tokens.isEmpty else { return }
        let now = Self.now
        if let meter = Self.scarcest(call.requests, now) {
            fields.append(("x-ratelimit-limit-requests", String(meter.limit)))
            fields.append(("x-ratelimit-remaining-requests", String(meter.left(now: now))))
            fields.append(("x-ratelimit-reset-requests", String(meter.secondsToFull(now: now)) + "s"))
        }
        if let meter = Self.scarcest(call.tokens, now) {
            fields.append(("x-ratelimit-limit-tokens", String(meter.limit)))
            fields.append(("x-ratelimit-remaining-tokens", String(meter.left(now: now))))
            fields.append(("x-ratelimit-reset-tokens", String(meter.secondsToFull(now: now)) + "s"))
        }
    }

    private static func scarcest(_ meters: [RateMeter], _ now: Int64) -> RateMeter? {
        meters.count < 2 ? meters.first : meters.min { $0.left(now: now) < $1.left(now: now) }
    }
}
