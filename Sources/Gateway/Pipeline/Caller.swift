import CupelCore
import Policy

/// Whoever shows one key: who it is, what it may do and what its calls are charged to; made once a snapshot.
final class Caller: Sendable {
    /// Who it is, for the record.
    let asker: CallRecord.Asker
    /// Tells callers apart: answers of one tenant are never shown to another.
    let tenant: String
    /// When the key ends.
    let expires: Timestamp?
    /// Models that the key may use, as globs; empty for all.
    let models: [String]
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
    /// Remembers that the key was used.
    let noteUsed: @Sendable () -> Void

    init(
        asker: CallRecord.Asker = CallRecord.Asker(),
        tenant: String = "",
        expires: Timestamp? = nil,
        models: [String] = [],
        requests: [RateMeter] = [],
        tokens: [RateMeter] = [],
        parallel: [ParallelMeter] = [],
        budgets: [BudgetMeter] = [],
        perCall: (limit: Money, name: String)? = nil,
        noteUsed: @escaping @Sendable () -> Void = {}
    ) {
        self.asker = asker
        self.tenant = tenant
        self.expires = expires
        self.models = models
        self.requests = requests
        self.tokens = tokens
        self.parallel = parallel
        self.budgets = budgets
        self.perCall = perCall
        self.noteUsed = noteUsed
    }
}
