import ArgumentParser
import CupelCore
import CupelServer

struct TeamsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teams",
        abstract: "Keep the teams that keys count to.",
        subcommands: [TeamsCreate.self, TeamsList.self, TeamsRemove.self]
    )
}

struct PeopleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "people",
        abstract: "Keep the people that keys belong to.",
        subcommands: [PeopleCreate.self, PeopleList.self, PeopleRemove.self]
    )
}

struct ProjectsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projects",
        abstract: "Keep the projects that keys belong to.",
        subcommands: [ProjectsCreate.self, ProjectsList.self, ProjectsRemove.self]
    )
}

/// What teams, people and projects have in common at the command line.
enum OwnerCommand {
    static func create(
        _ kind: String,
        _ body: JSON,
        team: String? = nil,
        _ options: CommonOptions
    ) async throws {
        let made = try await Session.run(options) { client in
            var body = body
            if let team { body["team"] = .string(try await AccountName.identifier(of: team, "teams", client)) }
            return try await client.post("/api/v1/admin/" + kind, body)
        }
        Terminal.standard.print(options.json ? made.text(.pretty) : made["id"]?.stringValue ?? "")
    }

    static func list(_ kind: String, _ options: CommonOptions) async throws {
        let page = try await Session.run(options) { try await $0.get("/api/v1/admin/\(kind)?limit=200") }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let rows = (page["items"]?.arrayValue ?? []).map { item in
            [item["id"]?.stringValue ?? "", item["team"]?.stringValue ?? "", item["name"]?.stringValue ?? ""]
        }
        guard !rows.isEmpty else { return Terminal.standard.say("No \(kind).") }
        let shown = kind == "teams" ? rows.map { [$0[0], $0[2]] } : rows
        let head = kind == "teams" ? ["ID", "NAME"] : ["ID", "TEAM", "NAME"]
        Terminal.standard.print(Terminal.standard.table([head] + shown))
    }

    static func remove(_ kind: String, _ name: String, _ options: CommonOptions) async throws {
        let answer = try await Session.run(options) { client in
            let id = try await AccountName.identifier(of: name, kind, client)
            return try await client.delete("/api/v1/admin/\(kind)/\(id)")
        }
        if options.json { return Terminal.standard.print(answer.text(.pretty)) }
        Terminal.standard.say("removed \(name)")
    }
}

struct TeamsCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a team.")

    @Argument(help: "Its name.") var name: String
    @OptionGroup var limits: LimitOptions
    @OptionGroup var options: CommonOptions

    func run() async throws {
        try await OwnerCommand.create("teams", ["name": .string(name), "limits": limits.json], options)
    }
}

struct TeamsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List teams.")

    @OptionGroup var options: CommonOptions

    func run() async throws { try await OwnerCommand.list("teams", options) }
}

struct TeamsRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a team to which nothing belongs."
    )

    @Argument(help: "Its name or identifier.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws { try await OwnerCommand.remove("teams", name, options) }
}

struct PeopleCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a person.")

    @Argument(help: "The person's name.") var name: String
    @Option(help: "The person's team.") var team: String?
    @OptionGroup var options: CommonOptions

    func run() async throws { try await OwnerCommand.create("people", ["name": .string(name)], team: team, options) }
}

struct PeopleList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List people.")

    @OptionGroup var options: CommonOptions

    func run() async throws { try await OwnerCommand.list("people", options) }
}

struct PeopleRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a person who has no keys."
    )

    @Argument(help: "The person's name or identifier.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws { try await OwnerCommand.remove("people", name, options) }
}

struct ProjectsCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a project.")

    @Argument(help: "Its name.") var name: String
    @Option(help: "Its team.") var team: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        try await OwnerCommand.create("projects", ["name": .string(name)], team: team, options)
    }
}

struct ProjectsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List projects.")

    @OptionGroup var options: CommonOptions

    func run() async throws { try await OwnerCommand.list("projects", options) }
}

struct ProjectsRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a project that has no keys."
    )

    @Argument(help: "Its name or identifier.") var name: String
    @OptionGroup var options: CommonOptions

    func run() async throws { try await OwnerCommand.remove("projects", name, options) }
}
