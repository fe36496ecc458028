import CupelCore
import HTTPTypes
import Identity

extension AccountRoutes {
    private static let budget = Schema.object([
        ("id", Schema.identifier), ("scope", Schema.choice(BudgetScope.words)), ("subject", Schema.text),
        ("period", Schema.choice(BudgetPeriod.allCases.map(\.rawValue))), ("amount", Schema.text),
        ("created_at", Schema.moment),
    ])

    func budgets() -> [Route] {
        let path = Self.root + "/budgets"
        let wanted = Schema.object([
            ("scope", Schema.choice(BudgetScope.words)), ("subject", Schema.text),
            ("period", Schema.choice(BudgetPeriod.allCases.map(\.rawValue))), ("amount", Schema.text),
        ])
        return [
            Route(.get, path, tag: Self.tag, "Budgets") { request in
                let (before, limit) = try request.page(of: Budget.self)
                let budgets = try await store.budgets(before: before, limit: limit)
                return .list(budgets, limit: limit, cursor: { $0.id.description }, json: \.json)
            }
            .takingPage().answering(200, "A page, newest first", Schema.page(of: Self.budget)),
            making(
                Route(.post, path, tag: Self.tag, "Set the budget of a scope and a period") {
                    try await setBudget($0)
                },
                wanted,
                Self.budget
            ),
            one(
                Route(.get, path + "/{id}", tag: Self.tag, "One budget") { request in
                    .json(try await store.budget(try request.identifier("id")).json)
                },
                Self.budget
            ),
            one(
                Route(.patch, path + "/{id}", tag: Self.tag, "Change the amount of a budget") { request in
                    let id: BudgetID = try request.identifier("id")
                    var fields = try request.fields()
                    let amount = fields.money("amount")
                    try fields.finish()
                    let budget = try await store.write(by: Self.actor(request)) {
                        try $0.changeBudget(id, amount: amount)
                    }
                    return .json(budget.json)
                }
                .body(Schema.object([("amount", Schema.text)])),
                Self.budget
            ),
            one(
                Route(.delete, path + "/{id}", tag: Self.tag, "Remove a budget") { request in
                    try await remove(request, Budget.self) { try $0.removeBudget($1) }
                },
                Schema.any
            ),
        ]
    }

    private func setBudget(_ request: RouteRequest) async throws -> RouteResponse {
        var fields = try request.fields()
        let word = fields.text("scope", limit: 32)
        let subject = fields.text("subject", limit: Glob.maximumBytes)
        let scope = BudgetScope(word: word, subject: subject)
        if !word.isEmpty, !BudgetScope.words.contains(word) {
            fields.problem("scope", "must be one of \(BudgetScope.words.joined(separator: ", "))")
        } else if scope == nil, !subject.isEmpty {
            fields.problem("subject", "must be the identifier of a \(word)")
        }
        let period = BudgetPeriod(rawValue: fields.text("period", limit: 32))
        if period == nil {
            let allowed = BudgetPeriod.allCases.map(\.rawValue).joined(separator: ", ")
            fields.problem("period", "must be one of \(allowed)")
        }
        let amount = fields.money("amount")
        try fields.finish()
        guard let scope, let period else { throw CupelError(.validationError, "The budget has no scope or period.") }
        let (budget, isNew) = try await store.write(by: Self.actor(request)) { accounts in
            var isNew = false
            let (id, _) = try keys.once(request, "budget.set", in: accounts.transaction) {
                let set = try accounts.setBudget(scope, period, amount)
                isNew = set.isNew
                return set.budget.id
            }
            return (try accounts.budget(id), isNew)
        }
        return .json(budget.json, status: isNew ? 201 : 200)
    }

    /// Limits of models, and the audit.
    func around() -> [Route] {
        let model = Schema.object([("model", Schema.text), ("limits", Self.limits)])
        return [
            Route(.get, Self.root + "/model-limits", tag: Self.tag, "Limits of models that all callers share") { _ in
                let items = try await store.modelLimits().map { Self.json($0.model, $0.limits) }
                return .json(["items": .array(items), "next_cursor": .null])
            }
            .answering(200, "The limits by model", Schema.page(of: model)),
            Route(.put, Self.root + "/model-limits", tag: Self.tag, "Set the limits of a model; empty ones end them") {
                request in
                var fields = try request.fields()
                let name = fields.text("model", limit: Glob.maximumBytes)
                let limits = fields.optionalLimits() ?? .none
                try fields.finish()
                try await store.write(by: Self.actor(request)) { try $0.setModelLimits(name, limits) }
                return .json(Self.json(name, limits))
            }
            .body(model).answering(200, "The limits as they are now", model),
            Route(.get, Self.root + "/audit", tag: Self.tag, "What was done to accounts") { request in
                let (before, limit) = try request.page(of: AuditRecord.self)
                let records = try await store.audit(before: before, limit: limit)
                return .list(records, limit: limit, cursor: { $0.id.description }, json: \.json)
            }
            .takingPage().answering(200, "A page, newest first", Schema.page(of: Schema.any)),
        ]
    }

    private static func json(_ model: String, _ limits: CallLimits) -> JSON {
        ["model": .string(model), "limits": limits.json]
    }
}
