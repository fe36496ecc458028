package import CupelCore

/// Puts an archive into an empty database, in one transaction: an observer sees nothing of it or all of it.
package struct BackupRestorer: Sendable {
    private let database: any Database
    private let migrator: Migrator
    private let time: any TimeSource

    /// A restorer into a database that is empty, or has a schema and no rows.
    package init(_ database: any Database, migrator: Migrator, time: any TimeSource = SystemTime()) {
        self.database = database
        self.migrator = migrator
        self.time = time
    }

    /// Checks the whole archive, makes the schema that it had, loads the rows, compares counts and digests of what was
    /// loaded, and then applies the steps that are newer than the archive.
    /// - Throws: `validation_error` when the archive is damaged, `schema_too_new` when it is of a later version,
    ///   `conflict` when the database is not empty, `storage_unavailable`. Whatever it throws, the database is as before.
    package func restore(
        _ path: String,
        progress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) async throws -> BackupSummary {
        let manifest = try BackupReader(path: path).manifest
        try migrator.verify(manifest.steps, of: manifest.engine)
        let now = time.now
        return try await database.write { transaction in
            // A row that was damaged since it was written must not cost hours of loading.
            let expected = try BackupReader.verify(path, progress: progress)
            try prepare(manifest, transaction, at: now)
            let layouts = try self.layouts(for: manifest, transaction)
            let keys = try ForeignKeys.suspend(transaction)
            let loaded = try load(path, layouts, transaction, progress)
            try keys.resume(transaction)
            guard loaded.tables == expected.tables else {
                throw CupelError(.validationError, "\(path) changed while it was restored.")
            }
            try compare(loaded, layouts, transaction, progress)
            _ = try migrator.up(in: transaction, at: now)
            return loaded
        }
    }

    /// Makes exactly the archive's schema, with no rows.
    private func prepare(_ manifest: BackupManifest, _ transaction: any Transaction, at now: Timestamp) throws {
        let steps = Set(manifest.steps.map(\.number))
        let found = try TableLayout.all(transaction)
        try refuseRows(in: found, transaction)
        let isOurs = found.contains { $0.name == TableLayout.migrations }
        if isOurs {
            let rows = try transaction.query("SELECT number FROM schema_migrations")
            let applied = Set(try rows.map { try $0.integer("number") })
            guard applied.isSubset(of: steps) else {
                throw CupelError(
                    .conflict,
                    """
                    The database already has steps of the schema that are newer than the backup's. Restore into an \
                    empty data directory or database.
                    """
                )
            }
        } else if let stranger = found.first {
            throw CupelError(
                .conflict,
                "The database holds the table \(stranger.name), which is not Cupel's. Restore into an empty database."
            )
        }
        _ = try migrator.up(in: transaction, at: now, only: steps)
        for step in manifest.steps {
            try transaction.execute(
                "UPDATE schema_migrations SET applied_at = \(step.appliedAt) WHERE number = \(step.number)"
            )
        }
    }

    private func refuseRows(in tables: [TableLayout], _ transaction: any Transaction) throws {
        for table in tables where table.name != TableLayout.migrations {
            let name = TableLayout.quoted(table.name)
            guard try transaction.query("SELECT 1 AS one FROM \(raw: name) LIMIT 1").isEmpty else {
                throw CupelError(
                    .conflict,
                    """
                    The database is not empty (table \(table.name)); a restore never overwrites. Name an empty data \
                    directory with --data-dir, or an empty database with --set database.url=...
                    """
                )
            }
        }
    }

    /// The database's tables in the archive's order, which must be the same ones with the same columns.
    private func layouts(for manifest: BackupManifest, _ transaction: any Transaction) throws -> [TableLayout] {
        let found = try TableLayout.all(transaction).filter { $0.name != TableLayout.migrations }
        let layouts = try manifest.tables.map { table in
            let layout = found.first { $0.name == table.name }
            guard let layout, layout.columns.map(\.name) == table.columns else {
                throw CupelError(
                    .validationError,
                    "The backup's table \(table.name) is not one that its steps of the schema make."
                )
            }
            return layout
        }
        if let missing = found.first(where: { !layouts.contains($0) }) {
            throw CupelError(.validationError, "The backup lacks the table \(missing.name).")
        }
        return layouts
    }

    private func load(
        _ path: String,
        _ layouts: [TableLayout],
        _ transaction: any Transaction,
        _ progress: (BackupProgress) -> Void
    ) throws -> BackupSummary {
        let byName = Dictionary(uniqueKeysWithValues: layouts.map { ($0.name, $0) })
        var loader: TableLoader?
        let summary = try BackupReader(path: path).read { table in
            try loader?.finish()
            loader = byName[table.name].map { TableLoader($0, transaction) }
            try loader?.clear()
            progress(BackupProgress(phase: "restoring", table: table.name, rows: 0))
        } row: { values in
            guard let rows = try loader?.add(values), rows % BackupProgress.interval == 0 else { return }
            progress(BackupProgress(phase: "restoring", table: loader?.table.name ?? "", rows: rows))
        }
        try loader?.finish()
        for table in summary.manifest.tables {
            guard let layout = byName[table.name], let last = table.counter else { continue }
            try TableCounter.set(last, of: layout, transaction)
        }
        return summary
    }

    private func compare(
        _ archive: BackupSummary,
        _ layouts: [TableLayout],
        _ transaction: any Transaction,
        _ progress: (BackupProgress) -> Void
    ) throws {
        for (table, expected) in zip(layouts, archive.tables) {
            let found = try TableDigest.of(table, transaction, phase: "comparing", progress)
            guard found == expected else {
                throw CupelError(
                    .internalError,
                    """
                    The table \(table.name) did not come back as it was: \(found.rows) rows with \(found.digest), not \
                    \(expected.rows) with \(expected.digest). Nothing was restored.
                    """
                )
            }
        }
    }
}
