import CupelCore
import Policy

/// Whoever shows one key: who it is, what it may do and what its calls are charged to; made once a snapshot.
final class Caller: Sendable {
    /// Who it is, for the record.
    let asker: CallRecord.Asker
    /// Tells callers apart: answers of one tenant are never shown to another.
    let tenant: String
    /// Why the key is not taken at a moment: it ended, or may not call.
    let refusal: @Sendable (Timestamp) -> CupelError?
    /// Whether the key may ask for a model.
    let allows: @Sendable (String) -> Bool
    /// Requests a minute: the key's own, its team's, its project's.
    let requests: [RateMeter]
    /// Tokens a minute.
    let tokens: [RateMeter]
    /// Calls at once.
    let parallel: [ParallelMeter]
    /// Budgets that every call of it is charged to.
    let budgets: [BudgetMeter]
    /// The most that one call may cost, by its budgets; with the budget's name.
    let perCall: (limit: Money, name: String)?
    /// What the policy says to it.
    let policy: CallerPolicy
    /// Remembers that the key was used.
    let noteUsed: @Sendable () -> Void

    init(
        asker: CallRecord.Asker = CallRecord.Asker(),
        tenant: String = "",
        refusal: @escaping @Sendable (Timestamp) -> CupelError? = { _ in nil },
        allows: @escaping @Sendable (String) -> Bool = { _ in true },
        requests: [RateMeter] = [],
        tokens: [RateMeter] = [],
        parallel: [ParallelMeter] = [],
        budgets: [BudgetMeter] = [],
        perCall: (limit: Money, name: String)? = nil,
        policy: CallerPolicy = CallPolicy.standard.forCaller(CallerFacts()),
        noteUsed: @escaping @Sendable () -> Void = {}
    ) {
        self.asker = asker
        self.tenant = tenant
        self.refusal = refusal
        self.allows = allows
        self.requests = requests
        self.tokens = tokens
        self.parallel = parallel
        self.budgets = budgets
        self.perCall = perCall
        self.policy = policy
        self.noteUsed = noteUsed
    }
}
