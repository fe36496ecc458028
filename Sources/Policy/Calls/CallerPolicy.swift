package import CupelCore

/// What the policy says to one caller: its rules, chosen and ordered beforehand.
package final class CallerPolicy: Sendable {
    /// The version of the file.
    package let version: Digest
    private let rules: [CallRule]
    private let sectionSettings: CallSettings
    /// What holds whatever answers: the rules that name no model and no provider in `when`.
    package let general: CandidateDecision

    init(version: Digest, rules: [CallRule], settings: CallSettings) {
        self.version = version
        self.rules = rules
        sectionSettings = settings
        general = CandidateDecision(rules.filter(\.isUnconditional), settings, refusal: nil)
    }

    /// Whether no rule speaks of the caller, so that every candidate gets ``general``.
    package var isWithoutRules: Bool { rules.isEmpty }

    /// What holds for a candidate. It depends on nothing else, so that it may be kept for as long as this policy.
    package func decision(for candidate: CandidateFacts) -> CandidateDecision {
        guard !rules.isEmpty else { return general }
        let applying = rules.filter { $0.applies(to: candidate) }
        return CandidateDecision(applying, sectionSettings, refusal: Self.refusal(applying, candidate))
    }

    /// The rule that forbids a candidate, and why; `nil` when it may answer.
    package func verdict(_ candidate: CandidateFacts) -> PolicyViolation? { decision(for: candidate).refusal }

    private static func refusal(_ rules: [CallRule], _ candidate: CandidateFacts) -> PolicyViolation? {
        for rule in rules {
            if let message = rule.denial(of: candidate) { return PolicyViolation(rule: rule.name, message: message) }
        }
        for rule in rules {
            if let message = rule.omission(of: candidate) { return PolicyViolation(rule: rule.name, message: message) }
        }
        return nil
    }
}

/// What the policy says of one candidate to one caller.
package struct CandidateDecision: Sendable {
    /// Why the candidate may not answer; `nil` when it may.
    package let refusal: PolicyViolation?
    /// What happens to secrets, bodies and the cache, and the bounds of a call.
    package let settings: CallSettings

    private struct ToolList: Sendable {
        let rule: String
        let patterns: [Glob]
    }

    private let deniedTools: [ToolList]
    private let allowedTools: [ToolList]
    /// Whether nothing about a request can violate it, so that ``check(_:)`` need not be asked.
    package let isUnbounded: Bool

    init(_ rules: [CallRule], _ base: CallSettings, refusal: PolicyViolation?) {
        self.refusal = refusal
        var settings = base
        settings.secrets = rules.lazy.compactMap(\.secrets).first ?? base.secrets
        settings.recordsBodies = rules.lazy.compactMap(\.recordsBodies).first ?? base.recordsBodies
        settings.cacheSeconds = rules.lazy.compactMap(\.cacheSeconds).first ?? base.cacheSeconds
        settings.bounds = rules.reduce(base.bounds) { $0.tightened(by: $1.bounds) }
        self.settings = settings
        deniedTools = rules.compactMap { rule in rule.deny.tools.map { ToolList(rule: rule.name, patterns: $0) } }
        allowedTools = rules.compactMap { rule in rule.allow.tools.map { ToolList(rule: rule.name, patterns: $0) } }
        isUnbounded = deniedTools.isEmpty && allowedTools.isEmpty && settings.bounds == .none
    }

    /// Checks a request against tools and bounds: denied tools first, then those that are not allowed, then bounds.
    ///
    /// A bound of the cost refuses a model whose price is not known: the bound could not be held.
    package func check(_ request: RequestFacts) -> PolicyViolation? {
        guard !isUnbounded else { return nil }
        return toolViolation(request.toolNames) ?? boundViolation(request)
    }

    private func toolViolation(_ names: [String]) -> PolicyViolation? {
        for list in deniedTools {
            if let name = names.first(where: { list.patterns.matches($0) }) {
                return PolicyViolation(rule: list.rule, message: "the tool '\(name.prefix(100))' is denied")
            }
        }
        for list in allowedTools {
            if let name = names.first(where: { !list.patterns.matches($0) }) {
                let allowed = CallRule.words(list.patterns)
                let message = "the tool '\(name.prefix(100))' is not among those allowed: \(allowed)"
                return PolicyViolation(rule: list.rule, message: message)
            }
        }
        return nil
    }

    private func boundViolation(_ request: RequestFacts) -> PolicyViolation? {
        let bounds = settings.bounds
        if let bound = bounds.inputTokens, request.inputTokens > bound.value {
            let message = "\(request.inputTokens) tokens in are over \(bound.value)"
            return PolicyViolation(rule: bound.rule, message: message)
        }
        if let bound = bounds.outputTokens, request.outputTokens > bound.value {
            let message = "\(request.outputTokens) tokens out are over \(bound.value); ask for fewer with max_tokens"
            return PolicyViolation(rule: bound.rule, message: message)
        }
        if let bound = bounds.cost {
            guard let cost = request.worstCost else {
                let message = "the model has no known price, and a call may cost at most \(bound.value)"
                return PolicyViolation(rule: bound.rule, message: message)
            }
            if cost > bound.value {
                let message = "it may cost up to \(cost), over \(bound.value); ask for fewer tokens with max_tokens"
                return PolicyViolation(rule: bound.rule, message: message)
            }
        }
        return nil
    }
}
