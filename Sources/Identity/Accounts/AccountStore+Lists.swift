package import CupelCore
import Storage

extension AccountStore {
    /// Teams, newest first, before a given one; with a name the one that has it.
    package func teams(before cursor: TeamID?, limit: Int, name: String? = nil) async throws -> [Team] {
        try await page("teams", cursor, limit, name).map(Team.init(row:))
    }

    /// People, newest first, before a given one; with a name the one who has it.
    package func people(before cursor: PersonID?, limit: Int, name: String? = nil) async throws -> [Person] {
        try await page("people", cursor, limit, name).map(Person.init(row:))
    }

    /// Projects, newest first, before a given one; with a name the one that has it.
    package func projects(before cursor: ProjectID?, limit: Int, name: String? = nil) async throws -> [Project] {
        try await page("projects", cursor, limit, name).map(Project.init(row:))
    }

    /// Keys, newest first, before a given one; revoked ones too. With a name those that have or had it.
    package func keys(before cursor: KeyID?, limit: Int, name: String? = nil) async throws -> [APIKey] {
        try await page("api_keys", cursor, limit, name).map(APIKey.init(row:))
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

    /// One team.
    /// - Throws: `not_found`.
    package func team(_ id: TeamID) async throws -> Team { try Team(row: await one("teams", "team", id)) }

    /// One person.
    /// - Throws: `not_found`.
    package func person(_ id: PersonID) async throws -> Person { try Person(row: await one("people", "person", id)) }

    /// One project.
    /// - Throws: `not_found`.
    package func project(_ id: ProjectID) async throws -> Project {
        try Project(row: await one("projects", "project", id))
    }

    /// One key, revoked or not.
    /// - Throws: `not_found`.
    package func key(_ id: KeyID) async throws -> APIKey { try APIKey(row: await one("api_keys", "key", id)) }

    /// One budget.
    /// - Throws: `not_found`.
    package func budget(_ id: BudgetID) async throws -> Budget { try Budget(row: await one("budgets", "budget", id)) }

    private func one<Kind>(_ table: String, _ word: String, _ id: Identifier<Kind>) async throws -> Row {
        guard let row = try await database.query("SELECT * FROM \(raw: table) WHERE id = \(id)").first else {
            throw CupelError(.notFound, "There is no \(word) \(id).")
        }
        return row
    }

    private func page<Kind>(
        _ table: String,
        _ cursor: Identifier<Kind>?,
        _ limit: Int,
        _ name: String? = nil
    ) async throws -> [Row] {
        let before: SQL = cursor.map { "AND id < \($0)" } ?? ""
        let named: SQL = name.map { "AND name = \($0)" } ?? ""
        return try await database.query(
            "SELECT * FROM \(raw: table) WHERE 1 = 1 \(before) \(named) ORDER BY id DESC LIMIT \(limit)"
        )
    }
}
