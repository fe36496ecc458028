import ArgumentParser
import CupelCore
import CupelServer

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Make and end keys of the API.",
        subcommands: [KeysCreate.self, KeysList.self, KeysRotate.self, KeysRevoke.self]
    )

    /// Prints a key's secret, the only time that it can be.
    static func show(_ key: JSON, _ options: CommonOptions) {
        if options.json { return Terminal.standard.print(key.text(.pretty)) }
        Terminal.standard.print(key["secret"]?.stringValue ?? "")
        let name = key["name"]?.stringValue ?? ""
        Terminal.standard.say("This is the secret of the key '\(name)'; it is not kept and is not shown again.")
    }
}

struct KeysCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key and print its secret, once.",
        discussion: "Example: cupel keys create ci --team core --models 'gpt-*' --requests-per-minute 60"
    )

    @Argument(help: "Its name, by which rules of the policy speak of it.") var name: String
    @Option(help: "The team that it belongs to, by name or identifier.") var team: String?
    @Option(help: "The person that it belongs to.") var person: String?
    @Option(help: "The project that it belongs to.") var project: String?
    @Option(help: "calls, calls:read, usage:read, admin; may be given again.") var scope: [String] = []
    @Option(help: "A pattern of models that it may ask; may be given again. Default: all.") var models: [String] = []
    @Option(help: "When it ends, as 2027-01-01T00:00:00Z.") var expires: String?
    @OptionGroup var limits: LimitOptions
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let owners = [("person", person), ("team", team), ("project", project)].filter { $0.1 != nil }
        guard owners.count == 1, let (kind, owner) = owners.first else {
            throw CupelError(.validationError, "A key belongs to one: give --team, --person or --project.")
        }
        var body: JSON = ["name": .string(name), "limits": limits.json]
        if !scope.isEmpty { body["scopes"] = .array(scope.map { .string($0) }) }
        if !models.isEmpty { body["models"] = .array(models.map { .string($0) }) }
        if let expires { body["expires_at"] = .string(expires) }
        let key = try await Session.run(options) { [body] client in
            var body = body
            let id = try await AccountName.identifier(of: owner ?? "", AccountName.plural(of: kind), client)
            body["owner"] = ["kind": .string(kind), "id": .string(id)]
            return try await client.post("/api/v1/admin/keys", body)
        }
        KeysCommand.show(key, options)
    }
}

struct KeysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List keys, newest first.")

    @Option(help: "How many, at most 200.") var limit = 50
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = Query.path("/api/v1/admin/keys", [("limit", "\(limit)")])
        let page = try await Session.run(options) { try await $0.get(path) }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let rows = (page["items"]?.arrayValue ?? []).map { key in
            [
                key["id"]?.stringValue ?? "", key["prefix"]?.stringValue ?? "", Self.state(of: key),
                String(key["last_used_at"]?.stringValue?.prefix(16) ?? "never"), key["name"]?.stringValue ?? "",
            ]
        }
        guard !rows.isEmpty else { return Terminal.standard.say("No keys; `cupel keys create` makes one.") }
        Terminal.standard.print(Terminal.standard.table([["ID", "BEGINS", "STATE", "LAST USED", "NAME"]] + rows))
    }

    private static func state(of key: JSON) -> String {
        if key["revoked_at"]?.stringValue != nil { return "revoked" }
        if key["disabled"]?.boolValue == true { return "disabled" }
        return key["expires_at"]?.stringValue.map { "until " + $0.prefix(10) } ?? "valid"
    }
}

struct KeysRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give a key a new secret and print it; the old one is taken for a while yet."
    )

    @Argument(help: "The key's name or identifier.") var key: String
    @Option(help: "Seconds for which the old secret is still taken.") var grace = 3600
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let rotated = try await Session.run(options) { client in
            let id = try await AccountName.identifier(of: key, "keys", client)
            let body: JSON = ["grace_seconds": .integer(Int64(grace))]
            return try await client.post("/api/v1/admin/keys/\(id)/rotate", body)
        }
        KeysCommand.show(rotated, options)
    }
}

struct KeysRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "End a key for good, at once.")

    @Argument(help: "The key's name or identifier.") var key: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let answer = try await Session.run(options) { client in
            try await client.delete("/api/v1/admin/keys/\(try await AccountName.identifier(of: key, "keys", client))")
        }
        if options.json { return Terminal.standard.print(answer.text(.pretty)) }
        Terminal.standard.say("revoked \(answer["name"]?.stringValue ?? key)")
    }
}
