import ArgumentParser
import CupelCore
import CupelServer
import OrderedCollections
import Storage

struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "See what the database holds; move it from SQLite to PostgreSQL.",
        subcommands: [DatabaseStats.self, DatabaseMove.self]
    )
}

struct DatabaseStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Print engine, sizes and rows a table, also while the server runs."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let database = try await Engines.openForReading(try options.settings())
        let statistics = try await DatabaseStatistics.of(database)
        await database.close()
        let head: [(String, JSON)] = [
            ("engine", .string(statistics.engine.rawValue)), ("version", .string(statistics.version)),
            ("schema_step", statistics.schemaStep.map { .integer(Int64($0)) } ?? .null),
            ("bytes", .integer(Int64(statistics.bytes))), ("log_bytes", .integer(Int64(statistics.logBytes))),
            ("free_bytes", statistics.freeBytes.map { .integer(Int64($0)) } ?? .null),
        ]
        if options.json {
            var json = JSON.object(.init(uniqueKeysWithValues: head))
            json["tables"] = .array(
                statistics.tables.map {
                    [
                        "name": .string($0.name), "rows": .integer(Int64($0.rows)),
                        "bytes": $0.bytes.map { .integer(Int64($0)) } ?? .null,
                    ]
                }
            )
            return Terminal.standard.print(json.text(.pretty))
        }
        for (name, value) in head {
            Terminal.standard.print("\(name): \(value.stringValue ?? (value.isNull ? "-" : value.text()))")
        }
        let rows = statistics.tables.map { [$0.name, "\($0.rows)", $0.bytes.map { "\($0)" } ?? "-"] }
        Terminal.standard.print(Terminal.standard.table([["TABLE", "ROWS", "BYTES"]] + rows))
    }
}

struct DatabaseMove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Copy the data directory's SQLite into an empty PostgreSQL, and compare every table.",
        discussion: """
            The server must be stopped; SQLite's file is only read and stays. A password need not stand in the \
            address: PGPASSWORD and ~/.pgpass are understood.
            """
    )

    @Option(help: ArgumentHelp("The empty database, as postgres://user@host/name.", valueName: "url")) var to: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let settings = try options.settings()
        guard settings.data.database == nil else {
            throw CupelError(
                .configurationInvalid,
                "database.url is set: this installation is on PostgreSQL already. Unset it to move from SQLite."
            )
        }
        guard to.hasPrefix("postgres://") || to.hasPrefix("postgresql://") else {
            throw CupelError(.configurationInvalid, "--to takes an address that begins with postgres://.")
        }
        let summary = try await Engines.move(
            settings,
            to: Secret(to),
            migrator: Migrator(Engines.migrations),
            progress: Terminal.standard.progress
        )
        Terminal.standard.endProgress()
        BackupCommand.show(summary, options, isKept: false)
        Terminal.standard.say(
            """
            Moved and compared: every table has the same rows and checksum in PostgreSQL. SQLite's file is as it was.
            Now set database.url (CUPEL_DATABASE_URL) to the address and start `cupel serve`.
            """
        )
    }
}
