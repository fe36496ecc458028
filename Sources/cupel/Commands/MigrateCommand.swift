import ArgumentParser
import CupelCore
import CupelServer
import Logging
import Storage

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "See and apply steps of the schema. `cupel serve` applies them at start.",
        subcommands: [MigrateStatus.self, MigrateUp.self]
    )

    /// Runs work on the store of the settings, as the owner of the data directory.
    static func withStore<Value>(
        _ options: CommonOptions,
        _ body: (any Database, Migrator) async throws -> Value
    ) async throws -> Value {
        let settings = try options.settings()
        let directory = try DataDirectory(owning: settings.data.directory)
        let database = try await Engines.openDatabase(settings, directory, options.quietLogger(.warning))
        let value = try await body(database, try Migrator(Engines.migrations))
        await database.close()
        return value
    }
}

struct MigrateStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "List the steps and when each was applied."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let steps = try await MigrateCommand.withStore(options) { try await $1.status($0) }
        let rows = steps.map { ["\($0.number)", $0.name, $0.appliedAt?.description ?? "waits"] }
        Terminal.standard.print(Terminal.standard.table([["STEP", "NAME", "APPLIED"]] + rows))
    }
}

struct MigrateUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "up", abstract: "Apply the steps that wait.")

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let applied = try await MigrateCommand.withStore(options) { try await $1.up($0) }
        for step in applied { Terminal.standard.print("applied \(step.number) \(step.name)") }
        if applied.isEmpty { Terminal.standard.say("The schema is up to date.") }
    }
}
