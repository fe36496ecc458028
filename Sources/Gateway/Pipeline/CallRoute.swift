import CupelCore
import Policy

/// One model of one upstream that may answer a call.
final class CallCandidate: Sendable {
    let target: UpstreamTarget
    let dialect: ProviderDialect
    /// The upstream's own name of the model.
    let model: String
    /// That name as JSON, with its quotes.
    let modelJSON: [UInt8]
    /// The name in the registry; the upstream's where it has none.
    let name: String
    /// What clients are told of the route.
    let shown: String
    let weight: Int
    /// Where chat completions, messages and the like lie under the target's prefix.
    let paths: Paths
    /// In what it differs from others of its dialect.
    let traits: ProviderTraits
    /// Tokens of question and answer that the model takes; `nil` where it is not known.
    let contextWindow: Int?
    /// Tokens of an answer at most; `nil` where it is not known.
    let maximumOutput: Int?
    /// What a call costs; `nil` where the model has no known price.
    let cost: (@Sendable (TokenUsage) -> Money)?
    /// What a call costs at most, by tokens of question and answer.
    let worstCase: (@Sendable (Int, Int) -> Money)?
    /// What the policy says of it to the caller of the route.
    let decision: CandidateDecision
    /// Budgets of the model itself.
    let budgets: [BudgetMeter]
    /// Rates of the model itself, and how many calls of it may be under way.
    let limits: Limits
    /// Signs requests where a header that never changes is not enough.
    let sign: (@Sendable (SignedParts) -> [(name: String, value: String)])?

    /// Limits that all callers of a model share.
    struct Limits: Sendable {
        var requests: RateMeter?
        var tokens: RateMeter?
        var parallel: ParallelMeter?
    }

    /// What a signature covers.
    struct SignedParts: Sendable {
        var path: String
        var body: [UInt8]
        var time: Timestamp
    }

    /// Paths of an upstream, whole; one that is `nil` is not offered.
    struct Paths: Sendable {
        /// The dialect's own conversation: chat completions, messages, `generateContent`, Converse.
        var chat: String
        /// The same where a stream has a path of its own.
        var stream: String
        var responses: String?
        var embeddings: String?
        var countTokens: String?
    }

    init(
        target: UpstreamTarget,
        dialect: ProviderDialect,
        model: String,
        name: String? = nil,
        weight: Int = 1,
        paths: Paths,
        traits: ProviderTraits = ProviderTraits(),
        contextWindow: Int? = nil,
        maximumOutput: Int? = nil,
        cost: (@Sendable (TokenUsage) -> Money)? = nil,
        worstCase: (@Sendable (Int, Int) -> Money)? = nil,
        decision: CandidateDecision = CallPolicy.standard.forCaller(CallerFacts()).general,
        budgets: [BudgetMeter] = [],
        limits: Limits = Limits(),
        sign: (@Sendable (SignedParts) -> [(name: String, value: String)])? = nil
    ) {
        self.target = target
        self.dialect = dialect
        self.model = model
        shown = "\(target.name)/\(model)"
        self.name = name ?? model
        self.weight = weight
        self.paths = paths
        self.traits = traits
        self.contextWindow = contextWindow
        self.maximumOutput = maximumOutput
        self.cost = cost
        self.worstCase = worstCase
        self.decision = decision
        self.budgets = budgets
        self.limits = limits
        self.sign = sign
        modelJSON = JSON.string(model).bytes()
    }
}

/// What a model's name means to one caller: who may answer, best first, or why nobody may.
struct CallRoute: Sendable {
    /// How the first is chosen.
    enum Choice: Sendable {
        /// As they stand.
        case ordered
        /// By chance, as often as their weights say.
        case weighted
        /// The one that answers fastest.
        case fastest
    }

    var candidates: [CallCandidate]
    var choice = Choice.ordered
    /// How the name was found, for the record: `name`, `alias`, `models`.
    var means: String
    /// How many stand before the fallbacks: the choice is made among them.
    var primaries: Int

    init(_ candidates: [CallCandidate], choice: Choice = .ordered, means: String = "name", primaries: Int? = nil) {
        self.candidates = candidates
        self.choice = choice
        self.means = means
        self.primaries = primaries ?? candidates.count
    }

    /// The candidates in the order in which this call tries them: those whose breaker is open come last, since trying
    /// them is still better than nothing.
    func order(now: Int64, chance: inout LoopChance) -> [CallCandidate] {
        if candidates.count == 1 { return candidates }
        var order = candidates
        switch choice {
        case .ordered: break
        case .weighted: promote(weightedPick(&chance), in: &order)
        case .fastest: promote(fastest(), in: &order)
        }
        if order.contains(where: { !$0.target.health.isAvailable(now: now) }) {
            order =
                order.filter { $0.target.health.isAvailable(now: now) }
                + order.filter { !$0.target.health.isAvailable(now: now) }
        }
        return order
    }

    private func promote(_ index: Int, in order: inout [CallCandidate]) {
        order.insert(order.remove(at: index), at: 0)
    }

    private func weightedPick(_ chance: inout LoopChance) -> Int {
        let total = candidates.prefix(primaries).reduce(0) { $0 + max($1.weight, 0) }
        guard total > 0 else { return 0 }
        var left = Int(chance.next() % UInt64(total))
        for (index, candidate) in candidates.prefix(primaries).enumerated() {
            left -= max(candidate.weight, 0)
            if left < 0 { return index }
        }
        return 0
    }

    private func fastest() -> Int {
        // One that nothing is known of is asked first, so that something becomes known.
        candidates.prefix(primaries).indices.min { left, right in
            candidates[left].target.health.firstByte ?? 0 < candidates[right].target.health.firstByte ?? 0
        } ?? 0
    }
}

/// Chance for what need not be secret: the order of variants, jitter, the names of calls (xorshift64*, Vigna 2016).
struct LoopChance: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
