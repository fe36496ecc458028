import ArgumentParser
import CupelCore
import CupelServer

struct BudgetsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "budgets",
        abstract: "Bound what calls may cost.",
        subcommands: [BudgetsSet.self, BudgetsList.self, BudgetsRemove.self]
    )

    /// Prints budgets as a table.
    static func show(_ items: [JSON]) {
        let rows = items.map { item in
            [
                item["id"]?.stringValue ?? "", "$" + (item["amount"]?.stringValue ?? ""),
                item["period"]?.stringValue ?? "", item["scope"]?.stringValue ?? "",
                item["subject"]?.stringValue ?? "",
            ]
        }
        Terminal.standard.print(Terminal.standard.table([["ID", "AMOUNT", "PERIOD", "SCOPE", "OF"]] + rows))
    }
}

struct BudgetsSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set the budget of a key, team, project or model.",
        discussion: "Example: cupel budgets set team core month 250.00"
    )

    @Argument(help: "key, team, project or model.") var scope: String
    @Argument(help: "Its name or identifier.") var subject: String
    @Argument(help: "call, day or month; of UTC.") var period: String
    @Argument(help: "Dollars, as 12.50.") var amount: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let budget = try await Session.run(options) { client in
            var id = subject
            if ["key", "team", "project"].contains(scope) {
                id = try await AccountName.identifier(of: subject, AccountName.plural(of: scope), client)
            }
            let body: JSON = [
                "scope": .string(scope), "subject": .string(id), "period": .string(period),
                "amount": .string(amount),
            ]
            return try await client.post("/api/v1/admin/budgets", body)
        }
        if options.json { return Terminal.standard.print(budget.text(.pretty)) }
        BudgetsCommand.show([budget])
    }
}

struct BudgetsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List budgets, newest first.")

    @Option(help: "How many, at most 200.") var limit = 50
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let path = Query.path("/api/v1/admin/budgets", [("limit", "\(limit)")])
        let page = try await Session.run(options) { try await $0.get(path) }
        if options.json { return Terminal.standard.print(page.text(.pretty)) }
        let items = page["items"]?.arrayValue ?? []
        guard !items.isEmpty else { return Terminal.standard.say("No budgets.") }
        BudgetsCommand.show(items)
    }
}

struct BudgetsRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a budget.")

    @Argument(help: "The budget's identifier.") var id: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let answer = try await Session.run(options) {
            try await $0.delete("/api/v1/admin/budgets/" + Query.escaped(id))
        }
        if options.json { return Terminal.standard.print(answer.text(.pretty)) }
        Terminal.standard.say("removed \(id)")
    }
}
