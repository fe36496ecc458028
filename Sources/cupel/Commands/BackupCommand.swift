import ArgumentParser
import CupelCore
import CupelServer
import Storage

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back the database up, check backups, and restore one.",
        discussion: """
            A backup is one file with every row, and can be restored into SQLite and PostgreSQL alike. It can be made \
            while `cupel serve` runs. It does not hold the token, caches and tools.
            """,
        subcommands: [BackupCreate.self, BackupList.self, BackupVerify.self, BackupRestore.self]
    )

    /// Prints what an archive holds, and where it lies unless it is gone again.
    static func show(_ summary: BackupSummary, _ options: CommonOptions, isKept: Bool = true) {
        if options.json {
            let tables = summary.tables.map { table -> JSON in
                [
                    "name": .string(table.name), "rows": .integer(Int64(table.rows)),
                    "sha256": .string(table.digest.hex),
                ]
            }
            var json: JSON = [
                "bytes": .integer(Int64(summary.bytes)),
                "cupel": .string(summary.manifest.cupel), "engine": .string(summary.manifest.engine.rawValue),
                "created_at": .string(summary.manifest.createdAt.description),
                "schema_step": summary.manifest.steps.last.map { .integer(Int64($0.number)) } ?? .null,
                "tables": .array(tables),
            ]
            if isKept { json["path"] = .string(summary.path) }
            return Terminal.standard.print(json.text(.pretty))
        }
        let rows = summary.tables.map { [$0.name, "\($0.rows)", String($0.digest.hex.prefix(16))] }
        Terminal.standard.print(Terminal.standard.table([["TABLE", "ROWS", "SHA-256"]] + rows))
        if isKept { Terminal.standard.print(summary.path) }
    }
}

struct BackupCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Write a backup of this moment, also while the server runs."
    )

    @Option(help: "Directory to write to. Default: backups in the data directory.") var to: String?
    @Option(help: "Afterwards remove all but this many of the newest backups there.") var keep: Int?
    @OptionGroup var options: CommonOptions

    func validate() throws {
        if let keep, keep < 1 { throw ValidationError("--keep must be at least 1.") }
    }

    func run() async throws {
        let settings = try options.settings()
        let database = try await Engines.openForReading(settings)
        let directory = to.map(CommonOptions.absolute) ?? BackupFolder.standard(in: settings.data.directory)
        let summary = try await BackupWriter(database, version: Version.current)
            .write(into: directory, progress: Terminal.standard.progress)
        Terminal.standard.endProgress()
        await database.close()
        if let keep {
            for path in try BackupFolder.prune(directory, keep: keep) { Terminal.standard.say("removed \(path)") }
        }
        BackupCommand.show(summary, options)
    }
}

struct BackupList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List backups, newest first, without checking them."
    )

    @Option(help: "Directory to look in. Default: backups in the data directory.") var from: String?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let directory =
            try from.map(CommonOptions.absolute) ?? BackupFolder.standard(in: options.settings().data.directory)
        let entries = BackupFolder.list(directory)
        if options.json {
            let items = entries.map { entry -> JSON in
                [
                    "path": .string(entry.path), "bytes": .integer(Int64(entry.bytes)),
                    "created_at": entry.manifest.map { .string($0.createdAt.description) } ?? .null,
                    "cupel": entry.manifest.map { .string($0.cupel) } ?? .null,
                    "engine": entry.manifest.map { .string($0.engine.rawValue) } ?? .null,
                ]
            }
            return Terminal.standard.print(JSON.array(items).text(.pretty))
        }
        guard !entries.isEmpty else { return Terminal.standard.say("No backups in \(directory).") }
        let rows = entries.map { entry in
            [
                entry.manifest?.createdAt.description ?? "unreadable", "\(entry.bytes)",
                entry.manifest?.engine.rawValue ?? "-", entry.manifest?.cupel ?? "-", entry.path,
            ]
        }
        Terminal.standard.print(Terminal.standard.table([["MADE", "BYTES", "ENGINE", "CUPEL", "PATH"]] + rows))
    }
}

struct BackupVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read a whole backup and check every checksum; exit 2 naming what is damaged."
    )

    @Argument(help: "The backup.") var file: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let summary = try await BackupReader.verify(away: file, progress: Terminal.standard.progress)
        Terminal.standard.endProgress()
        BackupCommand.show(summary, options)
    }
}

struct BackupRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a backup into an empty data directory or database; it never overwrites.",
        discussion: """
            All of it is restored or nothing. Name the place with --data-dir, or --set database.url=postgres://... \
            The restored installation makes a token of its own: see `cupel token`.
            """
    )

    @Argument(help: "The backup.") var file: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let summary = try await MigrateCommand.withStore(options) { database, migrator in
            try await BackupRestorer(database, migrator: migrator)
                .restore(file, progress: Terminal.standard.progress)
        }
        Terminal.standard.endProgress()
        BackupCommand.show(summary, options)
        Terminal.standard.say("Restored and compared: every table has the rows and the checksum of the backup.")
    }
}
