package import CupelCore

/// The tables that facts about keys are made from.
struct AccountTables {
    var people: [PersonID: Person] = [:]
    var teams: [TeamID: Team] = [:]
    var projects: [ProjectID: Project] = [:]
    var budgets: [BudgetScope: [Budget]] = [:]
    var modelLimits: [String: CallLimits] = [:]
    var keys: [(key: APIKey, digest: Digest, oldDigest: Digest?)] = []
}

/// All that calls need to know of accounts, as it stood at one version: immutable, looked up without a lock.
package final class AccountSnapshot: Sendable {
    /// Grows with every change of an account.
    package let version: Int
    /// The number of keys that are not revoked.
    package let keyCount: Int

    /// The facts by the digest of each secret that is known, old ones in their grace and revoked ones too.
    package let byDigest: [ShortDigest: KeyFacts]
    private let byID: [KeyID: KeyFacts]
    private let modelBudgets: [String: [Budget]]
    private let modelLimits: [String: CallLimits]

    /// No accounts at all.
    package static let empty = AccountSnapshot(version: 0, AccountTables()) { _, _ in KeyUse(nil) }

    init(version: Int, _ tables: AccountTables, use: (KeyID, Timestamp?) -> KeyUse) {
        self.version = version
        var byDigest: [ShortDigest: KeyFacts] = [:]
        var byID: [KeyID: KeyFacts] = [:]
        for (key, digest, oldDigest) in tables.keys {
            let use = use(key.id, key.lastUsedAt)
            let facts = KeyFacts(key, tables, isOld: false, use: use)
            byDigest[ShortDigest(digest)] = facts
            byID[key.id] = facts
            if let oldDigest {
                byDigest[ShortDigest(oldDigest)] = KeyFacts(key, tables, isOld: true, use: use)
            }
        }
        self.byDigest = byDigest
        self.byID = byID
        keyCount = tables.keys.count { $0.key.revokedAt == nil }
        var modelBudgets: [String: [Budget]] = [:]
        for (scope, budgets) in tables.budgets {
            if case .model(let name) = scope { modelBudgets[name] = budgets }
        }
        self.modelBudgets = modelBudgets
        modelLimits = tables.modelLimits
    }

    /// The key whose secret has this digest, also when it is refused: ``KeyFacts/refusal(at:)`` says why.
    package func facts(for digest: ShortDigest) -> KeyFacts? { byDigest[digest] }

    /// A key by its name that is no secret.
    package func facts(of id: KeyID) -> KeyFacts? { byID[id] }

    /// The budgets of a model, whoever asks it.
    package func budgets(ofModel name: String) -> [Budget] { modelBudgets[name] ?? [] }

    /// The limits of a model that all callers share.
    package func limits(ofModel name: String) -> CallLimits { modelLimits[name] ?? .none }

    /// The facts of every secret that is known, old ones in their grace among them.
    package var everyFacts: some Collection<KeyFacts> { byDigest.values }

    /// The facts of every key, the current secret's.
    package var allFacts: some Collection<KeyFacts> { byID.values }
}
