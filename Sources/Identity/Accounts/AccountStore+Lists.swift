package import CupelCore
import Storage

extension AccountStore {
    /// Teams, newest first, before a given one.
    package func teams(before cursor: TeamID?, limit: Int) async throws -> [Team] {
        try await page("teams", cursor, limit).map(Team.init(row:))
    }

    /// People, newest first, before a given one.
    package func people(before cursor: PersonID?, limit: Int) async throws -> [Person] {
        try await page("people", cursor, limit).map(Person.init(row:))
    }

    /// Projects, newest first, before a given one.
    package func projects(before cursor: ProjectID?, limit: Int) async throws -> [Project] {
        try await page("projects", cursor, limit).map(Project.init(row:))
    }

    /// Keys, newest first, before a given one; revoked ones too.
    package func keys(before cursor: KeyID?, limit: Int) async throws -> [APIKey] {
        try await page("api_keys", cursor, limit).map(APIKey.init(row:))
    }

    /// Budgets, newest first, before a given one.
    package func budgets(before cursor: BudgetID?, limit: Int) async throws -> [Budget] {
        try await page("budgets", cursor, limit).map(Budget.init(row:))
    }

    /// What was done, newest first, before a given record.
    package func audit(before cursor: Identifier<AuditRecord>?, limit: Int) async throws -> [AuditRecord] {
        try await page("audit", cursor, limit).map(AuditRecord.init(row:))
    }

    /// The limits of models that all callers share, by the models' names.
    package func modelLimits() async throws -> [(model: String, limits: CallLimits)] {
        try await database.query("SELECT * FROM model_limits ORDER BY model").map { row in
            (try row.text("model"), try CallLimits(row: row))
        }
    }

    private func page<Kind>(_ table: String, _ cursor: Identifier<Kind>?, _ limit: Int) async throws -> [Row] {
        let before: SQL = cursor.map { "WHERE id < \($0)" } ?? ""
        return try await database.query("SELECT * FROM \(raw: table) \(before) ORDER BY id DESC LIMIT \(limit)")
    }
}
