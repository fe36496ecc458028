package import CupelCore
import Storage

extension AccountTransaction {
    /// Sets the budget of a scope and a period, whether there was one or not.
    /// - Returns: the budget, and whether it is new.
    /// - Throws: `validation_error`; `not_found` for what the scope names.
    package func setBudget(
        _ scope: BudgetScope,
        _ period: BudgetPeriod,
        _ amount: Money
    ) throws -> (budget: Budget, isNew: Bool) {
        guard amount > .zero, amount <= Budget.maximum else {
            throw Self.wrong("amount", "must be over 0 and at most \(Budget.maximum)")
        }
        try checkSubject(scope)
        let rows = try transaction.query(
            """
            SELECT * FROM budgets
            WHERE scope = \(scope.word) AND subject = \(scope.subject) AND period = \(period.rawValue)
            """
        )
        if let row = rows.first {
            var budget = try Budget(row: row)
            budget.amount = amount
            try record("budget.change", budget.id.description, budget.json)
            try transaction.execute("UPDATE budgets SET amount = \(amount.microdollars) WHERE id = \(budget.id)")
            return (budget, false)
        }
        try checkRoom(in: "budgets", "budgets")
        let budget = Budget(id: BudgetID(at: now), scope: scope, period: period, amount: amount, createdAt: now)
        try record("budget.create", budget.id.description, budget.json)
        try transaction.execute(
            """
            INSERT INTO budgets (id, scope, subject, period, amount, created_at)
            VALUES (\(budget.id), \(scope.word), \(scope.subject), \(period.rawValue), \(amount.microdollars), \(now))
            """
        )
        return (budget, true)
    }

    /// One budget.
    /// - Throws: `not_found`.
    package func budget(_ id: BudgetID) throws -> Budget {
        try Budget(row: row(id.description, in: "budgets", "budget"))
    }

    /// Changes the amount of a budget.
    /// - Throws: `not_found`, `validation_error`.
    package func changeBudget(_ id: BudgetID, amount: Money) throws -> Budget {
        let budget = try budget(id)
        return try setBudget(budget.scope, budget.period, amount).budget
    }

    /// Removes a budget: nothing is bounded by it any more.
    /// - Throws: `not_found`.
    package func removeBudget(_ id: BudgetID) throws {
        let budget = try budget(id)
        try record("budget.remove", id.description, budget.json)
        try transaction.execute("DELETE FROM budgets WHERE id = \(id)")
    }

    /// Sets the limits of a model that all callers share; empty ones take them away.
    /// - Throws: `validation_error`.
    package func setModelLimits(_ model: String, _ limits: CallLimits) throws {
        try check(model: model)
        try limits.check()
        try record("model.limits", model, limits.json)
        try transaction.execute("DELETE FROM model_limits WHERE model = \(model)")
        guard !limits.isEmpty else { return }
        try checkRoom(in: "model_limits", "limits of models")
        try transaction.execute(
            """
            INSERT INTO model_limits (model, requests_per_minute, tokens_per_minute, parallel_calls)
            VALUES (\(model), \(limits.requestsPerMinute), \(limits.tokensPerMinute), \(limits.parallelCalls))
            """
        )
    }

    private func checkSubject(_ scope: BudgetScope) throws {
        switch scope {
        case .key(let id):
            guard try key(id).revokedAt == nil else { throw Self.wrong("subject", "is a key that was revoked") }
        case .team(let id): _ = try team(id)
        case .project(let id): _ = try project(id)
        case .model(let name): try check(model: name)
        }
    }

    private func check(model: String) throws {
        guard (1...Glob.maximumBytes).contains(model.utf8.count), !model.contains("*") else {
            throw Self.wrong("model", "must be one model's name of 1 to \(Glob.maximumBytes) bytes")
        }
    }
}
