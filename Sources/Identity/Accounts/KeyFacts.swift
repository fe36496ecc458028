package import CupelCore
import Synchronization

/// An account that a key counts to: its identifier and its name.
package struct AccountName<Kind>: Sendable, Hashable {
    package let id: Identifier<Kind>
    package let name: String

    /// Names an account.
    package init(id: Identifier<Kind>, name: String) {
        self.id = id
        self.name = name
    }
}

/// When a key was last used: shared by all snapshots that hold the key, and written without a lock.
package final class KeyUse: Sendable {
    private let moment: Atomic<Int64>
    private let written: Atomic<Int64>

    init(_ moment: Timestamp?) {
        self.moment = Atomic(moment?.microseconds ?? 0)
        written = Atomic(moment?.microseconds ?? 0)
    }

    /// Remembers a use.
    package func note(_ now: Timestamp) { moment.store(now.microseconds, ordering: .relaxed) }

    /// The use that nobody has written down yet.
    var pending: Timestamp? {
        let last = moment.load(ordering: .relaxed)
        return last > written.load(ordering: .relaxed) ? Timestamp(microseconds: last) : nil
    }

    func markWritten(_ moment: Timestamp) {
        written.store(moment.microseconds, ordering: .relaxed)
    }
}

/// Everything that a call needs to know of the key that it came with; made once a snapshot and never changed.
package final class KeyFacts: Sendable {
    package let id: KeyID
    package let name: String
    /// The first characters of the secret, which may be shown.
    package let prefix: String
    package let owner: KeyOwner
    /// The person that the key belongs to.
    package let person: AccountName<Person>?
    /// The team that the key belongs to, or its person's or project's team.
    package let team: AccountName<Team>?
    /// The project that the key belongs to.
    package let project: AccountName<Project>?
    package let scopes: Set<KeyScope>
    /// Whether it may call models; the same as ``scopes`` says.
    package let mayCall: Bool
    /// Patterns of the models that it may ask; empty for all.
    package let models: [Glob]
    /// The key's own limits.
    package let limits: CallLimits
    /// The limits that all keys of the team share.
    package let teamLimits: CallLimits
    /// The budgets of the key, its team and its project; those of models are asked of the snapshot.
    package let budgets: [Budget]
    /// When the secret that found this ends: the key's end, or that of the grace after a rotation.
    package let validUntil: Timestamp?
    /// Where its last use is remembered.
    package let use: KeyUse

    private let refusal: (code: ErrorCode, message: String)?
    private let lateMessage: String

    init(_ key: APIKey, _ accounts: AccountTables, isOld: Bool, use: KeyUse) {
        id = key.id
        name = key.name
        prefix = key.prefix
        owner = key.owner
        scopes = key.scopes
        mayCall = key.scopes.contains(.calls) || key.scopes.contains(.admin)
        models = key.models
        limits = key.limits
        self.use = use
        var (person, team, project): (Person?, TeamID?, Project?)
        switch key.owner {
        case .person(let id):
            person = accounts.people[id]
            team = person?.team
        case .team(let id): team = id
        case .project(let id):
            project = accounts.projects[id]
            team = project?.team
        }
        let known = team.flatMap { accounts.teams[$0] }
        self.person = person.map { AccountName(id: $0.id, name: $0.name) }
        self.project = project.map { AccountName(id: $0.id, name: $0.name) }
        self.team = known.map { AccountName(id: $0.id, name: $0.name) }
        teamLimits = known?.limits ?? .none
        let scopes =
            [BudgetScope.key(key.id)] + (known.map { [.team($0.id)] } ?? [])
            + (project.map { [.project($0.id)] } ?? [])
        budgets = scopes.flatMap { accounts.budgets[$0] ?? [] }
        validUntil = isOld ? [key.oldSecretUntil, key.expiresAt].compactMap { $0 }.min() : key.expiresAt
        lateMessage =
            isOld && validUntil == key.oldSecretUntil
            ? "The key '\(key.name)' was rotated and its old secret ended; use the new one."
            : "The key '\(key.name)' expired; ask for another, or have its end moved."
        refusal = Self.refusal(of: key, person)
    }

    /// Why the key is refused now; `nil` when it is taken.
    ///
    /// It is `unauthorized` for a key that ended, `forbidden` for one that is disabled or may not call models.
    package func refusal(at now: Timestamp) -> CupelError? {
        if let refusal { return CupelError(refusal.code, refusal.message) }
        if let validUntil, validUntil <= now {
            return CupelError(.unauthorized, "\(lateMessage) It ended at \(validUntil).")
        }
        return nil
    }

    /// Whether the key's own list of models has one.
    package func allows(model: String) -> Bool { models.isEmpty || models.matches(model) }

    private static func refusal(of key: APIKey, _ person: Person?) -> (code: ErrorCode, message: String)? {
        if let revoked = key.revokedAt {
            return (.unauthorized, "The key '\(key.name)' was revoked at \(revoked); ask for another.")
        }
        if key.isDisabled { return (.forbidden, "The key '\(key.name)' is disabled; ask an administrator.") }
        if let person, person.isDisabled {
            return (.forbidden, "The account of \(person.name) is disabled; ask an administrator.")
        }
        return nil
    }
}
