import CupelCore
import HTTPTypes
import Identity

extension AccountRoutes {
    private static let team = Schema.object([
        ("id", Schema.identifier), ("name", Schema.text), ("limits", limits), ("created_at", Schema.moment),
    ])
    private static let person = Schema.object([
        ("id", Schema.identifier), ("name", Schema.text), ("team", Schema.optional(Schema.identifier)),
        ("disabled", ["type": "boolean"]), ("created_at", Schema.moment),
    ])
    private static let project = Schema.object([
        ("id", Schema.identifier), ("name", Schema.text), ("team", Schema.optional(Schema.identifier)),
        ("created_at", Schema.moment),
    ])

    // MARK: Teams

    func teams() -> [Route] {
        let path = Self.root + "/teams"
        return [
            listing(
                Route(.get, path, tag: Self.tag, "Teams") { request in
                    let (before, limit) = try request.page(of: Team.self)
                    let teams = try await store.teams(before: before, limit: limit, name: try wantedName(request))
                    return .list(teams, limit: limit, cursor: { $0.id.description }, json: \.json)
                },
                Self.team
            ),
            making(
                Route(.post, path, tag: Self.tag, "Make a team") { try await createTeam($0) },
                Schema.object([("name", Self.name)], optional: [("limits", Self.limits)]),
                Self.team
            ),
            one(
                Route(.get, path + "/{id}", tag: Self.tag, "One team") { request in
                    .json(try await store.team(try request.identifier("id")).json)
                },
                Self.team
            ),
            one(
                Route(.patch, path + "/{id}", tag: Self.tag, "Rename a team or change its limits") {
                    try await changeTeam($0)
                }
                .body(Schema.object([], optional: [("name", Self.name), ("limits", Self.limits)])),
                Self.team
            ),
            one(
                Route(.delete, path + "/{id}", tag: Self.tag, "Remove a team to which nothing belongs") { request in
                    try await remove(request, Team.self) { try $0.removeTeam($1) }
                },
                Schema.any
            ),
        ]
    }

    private func createTeam(_ request: RouteRequest) async throws -> RouteResponse {
        var fields = try request.fields()
        let name = fields.text("name", limit: AccountTransaction.maximumNameBytes)
        let limits = fields.optionalLimits() ?? .none
        try fields.finish()
        return try await create(
            request,
            "team.create",
            { try $0.createTeam(name: name, limits: limits).id },
            { try $0.team($1) },
            json: \.json
        )
    }

    private func changeTeam(_ request: RouteRequest) async throws -> RouteResponse {
        let id: TeamID = try request.identifier("id")
        var fields = try request.fields()
        let name = fields.optionalText("name", limit: AccountTransaction.maximumNameBytes)
        let limits = fields.optionalLimits()
        try fields.finish()
        let team = try await store.write(by: Self.actor(request)) {
            try $0.changeTeam(id, name: name, limits: limits)
        }
        return .json(team.json)
    }

    // MARK: People

    func people() -> [Route] {
        let path = Self.root + "/people"
        let team = ("team", Schema.optional(Schema.identifier))
        return [
            listing(
                Route(.get, path, tag: Self.tag, "People") { request in
                    let (before, limit) = try request.page(of: Person.self)
                    let people = try await store.people(before: before, limit: limit, name: try wantedName(request))
                    return .list(people, limit: limit, cursor: { $0.id.description }, json: \.json)
                },
                Self.person
            ),
            making(
                Route(.post, path, tag: Self.tag, "Make a person") { try await createPerson($0) },
                Schema.object([("name", Self.name)], optional: [team]),
                Self.person
            ),
            one(
                Route(.get, path + "/{id}", tag: Self.tag, "One person") { request in
                    .json(try await store.person(try request.identifier("id")).json)
                },
                Self.person
            ),
            one(
                Route(.patch, path + "/{id}", tag: Self.tag, "Rename, move, disable or enable a person") {
                    try await changePerson($0)
                }
                .body(Schema.object([], optional: [("name", Self.name), team, ("disabled", ["type": "boolean"])])),
                Self.person
            ),
            one(
                Route(.delete, path + "/{id}", tag: Self.tag, "Remove a person who has no keys") { request in
                    try await remove(request, Person.self) { try $0.removePerson($1) }
                },
                Schema.any
            ),
        ]
    }

    private func createPerson(_ request: RouteRequest) async throws -> RouteResponse {
        var fields = try request.fields()
        let name = fields.text("name", limit: AccountTransaction.maximumNameBytes)
        let team = fields.optionalIdentifier("team", of: Team.self) ?? nil
        try fields.finish()
        return try await create(
            request,
            "person.create",
            { try $0.createPerson(name: name, team: team).id },
            { try $0.person($1) },
            json: \.json
        )
    }

    private func changePerson(_ request: RouteRequest) async throws -> RouteResponse {
        let id: PersonID = try request.identifier("id")
        var fields = try request.fields()
        let name = fields.optionalText("name", limit: AccountTransaction.maximumNameBytes)
        let team = fields.optionalIdentifier("team", of: Team.self)
        let isDisabled = fields.optionalFlag("disabled")
        try fields.finish()
        let person = try await store.write(by: Self.actor(request)) {
            try $0.changePerson(id, name: name, team: team, isDisabled: isDisabled)
        }
        return .json(person.json)
    }

    // MARK: Projects

    func projects() -> [Route] {
        let path = Self.root + "/projects"
        let team = ("team", Schema.optional(Schema.identifier))
        return [
            listing(
                Route(.get, path, tag: Self.tag, "Projects") { request in
                    let (before, limit) = try request.page(of: Project.self)
                    let named = try wantedName(request)
                    let projects = try await store.projects(before: before, limit: limit, name: named)
                    return .list(projects, limit: limit, cursor: { $0.id.description }, json: \.json)
                },
                Self.project
            ),
            making(
                Route(.post, path, tag: Self.tag, "Make a project") { try await createProject($0) },
                Schema.object([("name", Self.name)], optional: [team]),
                Self.project
            ),
            one(
                Route(.get, path + "/{id}", tag: Self.tag, "One project") { request in
                    .json(try await store.project(try request.identifier("id")).json)
                },
                Self.project
            ),
            one(
                Route(.patch, path + "/{id}", tag: Self.tag, "Rename or move a project") {
                    try await changeProject($0)
                }
                .body(Schema.object([], optional: [("name", Self.name), team])),
                Self.project
            ),
            one(
                Route(.delete, path + "/{id}", tag: Self.tag, "Remove a project that has no keys") { request in
                    try await remove(request, Project.self) { try $0.removeProject($1) }
                },
                Schema.any
            ),
        ]
    }

    private func createProject(_ request: RouteRequest) async throws -> RouteResponse {
        var fields = try request.fields()
        let name = fields.text("name", limit: AccountTransaction.maximumNameBytes)
        let team = fields.optionalIdentifier("team", of: Team.self) ?? nil
        try fields.finish()
        return try await create(
            request,
            "project.create",
            { try $0.createProject(name: name, team: team).id },
            { try $0.project($1) },
            json: \.json
        )
    }

    private func changeProject(_ request: RouteRequest) async throws -> RouteResponse {
        let id: ProjectID = try request.identifier("id")
        var fields = try request.fields()
        let name = fields.optionalText("name", limit: AccountTransaction.maximumNameBytes)
        let team = fields.optionalIdentifier("team", of: Team.self)
        try fields.finish()
        let project = try await store.write(by: Self.actor(request)) {
            try $0.changeProject(id, name: name, team: team)
        }
        return .json(project.json)
    }
}
