import CupelCore
import Identity
import Policy

/// Makes the callers of a snapshot from the facts about keys, with the meters that outlive it.
struct CallerFactory: Sendable {
    let book: MeterBook
    let sums: SpentSums
    let now: Timestamp
    let policy: CallPolicy

    /// The owner of the data directory, whose calls no key stands for.
    var owner: Caller { Caller(tenant: "owner", policy: policy.forCaller(CallerFacts())) }

    /// A caller for every key, by the key's facts.
    func callers(of accounts: AccountSnapshot) -> [ObjectIdentifier: Caller] {
        var callers: [ObjectIdentifier: Caller] = [:]
        for facts in accounts.everyFacts { callers[ObjectIdentifier(facts)] = caller(facts) }
        return callers
    }

    private func caller(_ facts: KeyFacts) -> Caller {
        let own = book.meters(of: "key \(facts.id)", facts.limits)
        let team = facts.team.map { book.meters(of: "team \($0.id)", facts.teamLimits) }
        let perCall = facts.budgets.filter { $0.period == .call }.min { $0.amount < $1.amount }
        return Caller(
            asker: asker(facts),
            tenant: facts.team?.id.description ?? facts.person?.id.description ?? facts.id.description,
            refusal: { facts.refusal(at: $0) },
            allows: { facts.allows(model: $0) },
            requests: [own.0, team?.0].compactMap { $0 },
            tokens: [own.1, team?.1].compactMap { $0 },
            parallel: [own.2, team?.2].compactMap { $0 },
            budgets: facts.budgets.compactMap { budget in
                switch budget.scope {
                case .key: meter(budget, "key", facts.name)
                case .team: meter(budget, "team", facts.team?.name ?? "")
                case .project: meter(budget, "project", facts.project?.name ?? "")
                case .model(let name): meter(budget, "model", name)
                }
            },
            perCall: perCall.map { ($0.amount, "of \($0.scope.word) a call") },
            policy: policy.forCaller(
                CallerFacts(
                    keyName: facts.name,
                    keyID: facts.id.description,
                    person: facts.person?.name,
                    team: facts.team?.name,
                    project: facts.project?.name
                )
            ),
            noteUsed: { facts.use.note(SystemTime().now) }
        )
    }

    private func asker(_ facts: KeyFacts) -> CallRecord.Asker {
        var asker = CallRecord.Asker()
        asker.key = facts.name
        asker.person = facts.person?.name ?? ""
        asker.team = facts.team?.name ?? ""
        asker.project = facts.project?.name ?? ""
        return asker
    }

    /// The meter of a budget in its current window; `nil` for one that is for each call.
    func meter(_ budget: Budget, _ word: String, _ subject: String) -> BudgetMeter? {
        book.meter(budget, of: MeterBook.Subject(word: word, name: subject), at: now) { days in
            sums.spent(word, subject, in: days)
        }
    }
}
