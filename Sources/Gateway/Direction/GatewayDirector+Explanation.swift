package import CupelCore
package import Identity
import NIOCore

/// What decides about routes at one moment: the router, and every caller it may be asked for.
struct RouteView: Sendable {
    let router: CallRouter
    let accounts: AccountSnapshot
    let callers: [ObjectIdentifier: Caller]
    let owner: Caller

    /// The caller that a key stands for; the owner of the data directory for none.
    /// - Throws: `not_found` for a key that is not there.
    func caller(_ key: KeyID?) throws(CupelError) -> Caller {
        guard let key else { return owner }
        guard let facts = accounts.allFacts.first(where: { $0.id == key }),
            let caller = callers[ObjectIdentifier(facts)]
        else { throw CupelError(.notFound, "There is no key \(key) that may call.") }
        return caller
    }
}

extension GatewayDirector {
    /// The endpoints that routes are explained for, by their words in records.
    package static let explainedEndpoints = Endpoint.explained.map(\.word)

    /// Where a call would go now, without calling anything: every candidate, why each is out, what is known of its
    /// upstream, and the order in which the call would try those that are left.
    ///
    /// - Parameters:
    ///   - contract: as the header `x-cupel-contract` states it.
    ///   - key: whose call it would be; `nil` for the owner of the data directory.
    ///   - endpoint: one of ``explainedEndpoints``.
    /// - Throws: what the call itself would be refused with, with the reason: `model_not_available`,
    ///   `policy_violation`, `no_llm_configured`, `validation_error`, `forbidden`; `not_found` for an unknown key.
    package func explain(_ model: String, contract: String?, key: KeyID?, endpoint: String) throws -> JSON {
        guard let view else { throw CupelError(.shuttingDown, "The gateway is starting.", retryAfterSeconds: 1) }
        guard let endpoint = Endpoint.explained.first(where: { $0.word == endpoint }) else {
            throw CupelError(.validationError, "There is no endpoint `\(endpoint)`.")
        }
        let caller = try view.caller(key)
        if let refusal = caller.refusal(SystemTime().now) { throw refusal }
        let plan = try view.router.plan(model, caller, CallNeeds(endpoint: endpoint, contract: contract))
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        var explanation = plan.explanation
        explanation["endpoint"] = .string(endpoint.word)
        explanation["candidates"] = .array(
            plan.candidates.map { candidate in
                var json = candidate.json
                json["upstream"] = book.health(of: candidate.provider).json(now: now)
                return json
            }
        )
        explanation["now"] = .array(order(plan, now: now))
        if plan.strategy == .weighted {
            explanation["note"] = "The first is drawn by chance for each call, as often as the weights say."
        }
        return explanation
    }

    /// What a call would try now, in this order: those whose breaker is open come last, as in the call itself.
    private func order(_ plan: RoutePlan, now: Int64) -> [JSON] {
        var order = plan.chosen
        if plan.strategy == .fastest {
            let primaries = order.filter { !$0.isFallback }
            let fastest = primaries.indices.min { left, right in
                book.health(of: primaries[left].provider).firstByte ?? 0
                    < book.health(of: primaries[right].provider).firstByte ?? 0
            }
            if let fastest { order.insert(order.remove(at: fastest), at: 0) }
        }
        func isOpen(_ candidate: RouteCandidate) -> Bool {
            book.health(of: candidate.provider).isAvailable(now: now)
        }
        let sorted = order.filter(isOpen) + order.filter { !isOpen($0) }
        return sorted.map { .string("\($0.provider)/\($0.upstreamModel)") }
    }

    /// Every provider as it is configured and as it does now; never a credential.
    /// - Parameter calls: calls of today by provider.
    package func upstreams(calls: [String: Int]) -> [JSON] {
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        return (table?.providers ?? []).map { provider in
            var json = provider.summary
            for (name, value) in book.health(of: provider.name).members(now: now) { json[name] = value }
            json["calls_today"] = .integer(Int64(calls[provider.name] ?? 0))
            return json
        }
    }

    /// Whether calls go to each provider that is configured: it is usable and its breaker lets calls through.
    package var availability: [(upstream: String, isAvailable: Bool)] {
        let now = Int64(NIODeadline.now().uptimeNanoseconds)
        return (table?.providers ?? []).map { provider in
            (provider.name, provider.isUsable && book.health(of: provider.name).isAvailable(now: now))
        }
    }

    /// What every budget holds in its current window, the fullest first.
    package func standings() -> [BudgetStanding] {
        let now = SystemTime().now
        return book.budgets.compactMap { window, meter in
            guard window.start <= now, meter.resets.map({ now < $0 }) ?? true else { return nil }
            return BudgetStanding(
                budget: window.budget,
                name: meter.name.hasPrefix("of the ") ? String(meter.name.dropFirst(7)) : meter.name,
                spent: meter.total,
                limit: meter.limit,
                resets: meter.resets
            )
        }
        .sorted { ($1.fullness, $0.name) < ($0.fullness, $1.name) }
    }
}

/// How full a budget is in its current window.
package struct BudgetStanding: Sendable, Hashable {
    /// The budget.
    package var budget: BudgetID
    /// What it is for, as ``key `ci` a month``.
    package var name: String
    /// What was spent, with what is held for calls under way.
    package var spent: Money
    /// What may be spent.
    package var limit: Money
    /// When the window ends.
    package var resets: Timestamp?

    /// Thousandths of the limit that are spent; at most 1000.
    package var fullness: Int {
        guard limit.microdollars > 0 else { return 1000 }
        let share = Double(spent.microdollars) / Double(limit.microdollars)
        return Int((min(max(share, 0), 1) * 1000).rounded())
    }

    /// As the API shows it; amounts in dollars as texts, so that they are exact.
    package var json: JSON {
        [
            "id": .string(budget.description), "name": .string(name), "spent": .string(spent.sixPlaces),
            "limit": .string(limit.sixPlaces), "resets_at": resets.map { .string($0.description) } ?? .null,
        ]
    }
}

extension Endpoint {
    /// Those whose calls go to a model.
    fileprivate static let explained: [Endpoint] = [
        .chatCompletions, .messages, .responses, .embeddings, .countTokens,
    ]
}

extension UpstreamHealth {
    /// The breaker and the latency as members of an explanation.
    fileprivate func members(now: Int64) -> [(String, JSON)] {
        let closed = closed(now: now)
        return [
            ("breaker", closed == nil ? "lets calls through" : "holds calls back"),
            ("retry_in_ms", closed.map { .integer(($0 - now) / 1_000_000) } ?? .null),
            ("first_byte_ms", firstByte.map { .integer($0 / 1_000_000) } ?? .null),
        ]
    }

    fileprivate func json(now: Int64) -> JSON {
        var json: JSON = [:]
        for (name, value) in members(now: now) { json[name] = value }
        return json
    }
}

extension ProviderConfiguration {
    /// The provider for a list; its address without name and password, which it cannot hold, and no header.
    fileprivate var summary: JSON {
        let reason: String? = isEnabled ? missing : "it is disabled"
        return [
            "name": .string(name), "preset": .string(preset.name), "dialect": .string(dialect.rawValue),
            "address": .string(address.description), "region": region.map { .string($0) } ?? .null,
            "proxied": .bool(proxy != nil), "usable": .bool(isUsable), "why_not": reason.map { .string($0) } ?? .null,
            "models": .array(models.patterns.map { .string($0) }), "retention": .string(retention.rawValue),
        ]
    }
}
