import CupelCore
import Storage

extension AccountTransaction {
    // MARK: Teams

    /// Makes a team.
    /// - Throws: `validation_error`; `conflict` when the name is taken.
    package func createTeam(name: String, limits: CallLimits = .none) throws -> Team {
        try check(name: name)
        try limits.check()
        try checkFree(name, in: "teams", "team", except: nil)
        try checkRoom(in: "teams", "teams")
        let team = Team(id: TeamID(at: now), name: name, limits: limits, createdAt: now)
        try record("team.create", team.id.description, team.json)
        try transaction.execute(
            """
            INSERT INTO teams (id, name, requests_per_minute, tokens_per_minute, parallel_calls, created_at)
            VALUES (\(team.id), \(name), \(limits.requestsPerMinute), \(limits.tokensPerMinute),
                \(limits.parallelCalls), \(now))
            """
        )
        return team
    }

    /// One team.
    /// - Throws: `not_found`.
    package func team(_ id: TeamID) throws -> Team { try Team(row: row(id.description, in: "teams", "team")) }

    /// Renames a team or changes its limits.
    /// - Throws: `not_found`, `validation_error`; `conflict` when the name is taken.
    package func changeTeam(_ id: TeamID, name: String? = nil, limits: CallLimits? = nil) throws -> Team {
        var team = try team(id)
        team.name = name ?? team.name
        team.limits = limits ?? team.limits
        try check(name: team.name)
        try team.limits.check()
        try checkFree(team.name, in: "teams", "team", except: id.description)
        try record("team.change", id.description, team.json)
        try transaction.execute(
            """
            UPDATE teams SET name = \(team.name), requests_per_minute = \(team.limits.requestsPerMinute),
                tokens_per_minute = \(team.limits.tokensPerMinute), parallel_calls = \(team.limits.parallelCalls)
            WHERE id = \(id)
            """
        )
        return team
    }

    /// Removes a team to which nothing belongs any more, with its budgets.
    /// - Throws: `not_found`; `conflict` while people, projects or keys belong to it.
    package func removeTeam(_ id: TeamID) throws {
        let team = try team(id)
        let people = try count("people", where: "team_id = \(id)")
        let projects = try count("projects", where: "team_id = \(id)")
        let keys = try count("api_keys", where: "owner_id = \(id) AND revoked_at IS NULL")
        guard people + projects + keys == 0 else {
            throw CupelError(
                .conflict,
                "The team '\(team.name)' has \(people) people, \(projects) projects and \(keys) keys; move them first."
            )
        }
        try record("team.remove", id.description, ["name": .string(team.name)])
        try removeBudgets(of: .team(id))
        try transaction.execute("DELETE FROM teams WHERE id = \(id)")
    }

    // MARK: People

    /// Makes a person.
    /// - Throws: `validation_error`; `conflict` when the name is taken; `not_found` for the team.
    package func createPerson(name: String, team: TeamID? = nil) throws -> Person {
        try check(name: name)
        try checkFree(name, in: "people", "person", except: nil)
        try checkRoom(in: "people", "people")
        if let team { _ = try self.team(team) }
        let person = Person(id: PersonID(at: now), name: name, team: team, createdAt: now)
        try record("person.create", person.id.description, person.json)
        try transaction.execute(
            """
            INSERT INTO people (id, name, team_id, is_disabled, created_at)
            VALUES (\(person.id), \(name), \(team), 0, \(now))
            """
        )
        return person
    }

    /// One person.
    /// - Throws: `not_found`.
    package func person(_ id: PersonID) throws -> Person {
        try Person(row: row(id.description, in: "people", "person"))
    }

    /// Renames, moves, disables or enables a person; `.some(nil)` takes out of the team.
    /// - Throws: as ``createPerson(name:team:)``.
    package func changePerson(
        _ id: PersonID,
        name: String? = nil,
        team: TeamID?? = nil,
        isDisabled: Bool? = nil
    ) throws -> Person {
        var person = try person(id)
        person.name = name ?? person.name
        person.team = team ?? person.team
        person.isDisabled = isDisabled ?? person.isDisabled
        try check(name: person.name)
        try checkFree(person.name, in: "people", "person", except: id.description)
        if let team = person.team { _ = try self.team(team) }
        try record("person.change", id.description, person.json)
        try transaction.execute(
            """
            UPDATE people SET name = \(person.name), team_id = \(person.team), is_disabled = \(person.isDisabled)
            WHERE id = \(id)
            """
        )
        return person
    }

    /// Removes a person who has no keys.
    /// - Throws: `not_found`; `conflict` while keys belong to the person.
    package func removePerson(_ id: PersonID) throws {
        let person = try person(id)
        try checkNoKeys(of: id.description, "person", person.name)
        try record("person.remove", id.description, ["name": .string(person.name)])
        try transaction.execute("DELETE FROM people WHERE id = \(id)")
    }

    // MARK: Projects

    /// Makes a project.
    /// - Throws: `validation_error`; `conflict` when the name is taken; `not_found` for the team.
    package func createProject(name: String, team: TeamID? = nil) throws -> Project {
        try check(name: name)
        try checkFree(name, in: "projects", "project", except: nil)
        try checkRoom(in: "projects", "projects")
        if let team { _ = try self.team(team) }
        let project = Project(id: ProjectID(at: now), name: name, team: team, createdAt: now)
        try record("project.create", project.id.description, project.json)
        try transaction.execute(
            "INSERT INTO projects (id, name, team_id, created_at) VALUES (\(project.id), \(name), \(team), \(now))"
        )
        return project
    }

    /// One project.
    /// - Throws: `not_found`.
    package func project(_ id: ProjectID) throws -> Project {
        try Project(row: row(id.description, in: "projects", "project"))
    }

    /// Renames or moves a project; `.some(nil)` takes it out of the team.
    /// - Throws: as ``createProject(name:team:)``.
    package func changeProject(_ id: ProjectID, name: String? = nil, team: TeamID?? = nil) throws -> Project {
        var project = try project(id)
        project.name = name ?? project.name
        project.team = team ?? project.team
        try check(name: project.name)
        try checkFree(project.name, in: "projects", "project", except: id.description)
        if let team = project.team { _ = try self.team(team) }
        try record("project.change", id.description, project.json)
        try transaction.execute(
            "UPDATE projects SET name = \(project.name), team_id = \(project.team) WHERE id = \(id)"
        )
        return project
    }

    /// Removes a project that has no keys, with its budgets.
    /// - Throws: `not_found`; `conflict` while keys belong to it.
    package func removeProject(_ id: ProjectID) throws {
        let project = try project(id)
        try checkNoKeys(of: id.description, "project", project.name)
        try record("project.remove", id.description, ["name": .string(project.name)])
        try removeBudgets(of: .project(id))
        try transaction.execute("DELETE FROM projects WHERE id = \(id)")
    }

    private func checkNoKeys(of id: String, _ word: String, _ name: String) throws {
        let keys = try count("api_keys", where: "owner_id = \(id) AND revoked_at IS NULL")
        guard keys == 0 else {
            throw CupelError(.conflict, "The \(word) '\(name)' has \(keys) keys; revoke them first.")
        }
    }
}
