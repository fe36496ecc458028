package import CupelCore

/// What an archive says about itself, before its rows.
package struct BackupManifest: Sendable, Hashable {
    /// A step of the schema that the database had.
    package struct Step: Sendable, Hashable {
        /// The step's number.
        package let number: Int
        /// The step's name.
        package let name: String
        /// The digest of its statements on the archive's engine.
        package let checksum: Digest
        /// When the database got it.
        package let appliedAt: Timestamp
    }

    /// A table whose rows the archive holds.
    package struct Table: Sendable, Hashable {
        /// The name.
        package let name: String
        /// The columns in the order of each row's values.
        package let columns: [String]
        /// The last number that the table's counted column was given, where it has one.
        package let counter: Int64?
    }

    /// The version of Cupel that wrote it.
    package let cupel: String
    /// The engine that it was read from.
    package let engine: DatabaseEngine
    /// When it was begun.
    package let createdAt: Timestamp
    /// The steps of the schema, by number.
    package let steps: [Step]
    /// The tables in the archive's order.
    package let tables: [Table]

    /// Describes the database of a transaction.
    static func of(
        _ layouts: [TableLayout],
        _ transaction: any Transaction,
        cupel: String,
        at now: Timestamp
    ) throws -> BackupManifest {
        let steps =
            layouts.contains { $0.name == TableLayout.migrations }
            ? try transaction.query("SELECT number, name, checksum, applied_at FROM schema_migrations ORDER BY number")
            : []
        return BackupManifest(
            cupel: cupel,
            engine: transaction.engine,
            createdAt: now,
            steps: try steps.map {
                Step(
                    number: try $0.integer("number"),
                    name: try $0.text("name"),
                    checksum: try $0.digest("checksum"),
                    appliedAt: try $0.timestamp("applied_at")
                )
            },
            tables: try layouts.filter { $0.name != TableLayout.migrations }.map {
                Table(
                    name: $0.name,
                    columns: $0.columns.map(\.name),
                    counter: try TableCounter.last(of: $0, transaction)
                )
            }
        )
    }
}

extension BackupManifest {
    /// The manifest as an archive holds it.
    var json: JSON {
        [
            "cupel": .string(cupel), "engine": .string(engine.rawValue),
            "created_at": .integer(createdAt.microseconds),
            "steps": .array(
                steps.map {
                    [
                        "number": .integer(Int64($0.number)), "name": .string($0.name),
                        "checksum": .string($0.checksum.hex), "applied_at": .integer($0.appliedAt.microseconds),
                    ]
                }
            ),
            "tables": .array(
                tables.map {
                    [
                        "name": .string($0.name), "columns": .array($0.columns.map { .string($0) }),
                        "counter": $0.counter.map { .integer($0) } ?? .null,
                    ]
                }
            ),
        ]
    }

    /// Reads a manifest; `nil` when something is missing or of another kind.
    init?(_ json: JSON) {
        guard let cupel = json["cupel"]?.stringValue,
            let engine = json["engine"]?.stringValue.flatMap(DatabaseEngine.init(rawValue:)),
            let createdAt = json["created_at"]?.intValue,
            let steps = json["steps"]?.arrayValue, let tables = json["tables"]?.arrayValue
        else { return nil }
        self.cupel = cupel
        self.engine = engine
        self.createdAt = Timestamp(microseconds: Int64(createdAt))
        self.steps = steps.compactMap { step in
            guard let number = step["number"]?.intValue, let name = step["name"]?.stringValue,
                let checksum = step["checksum"]?.stringValue.flatMap({ Digest($0) }),
                let appliedAt = step["applied_at"]?.intValue
            else { return nil }
            let moment = Timestamp(microseconds: Int64(appliedAt))
            return Step(number: Int(number), name: name, checksum: checksum, appliedAt: moment)
        }
        self.tables = tables.compactMap { table in
            guard let name = table["name"]?.stringValue, let columns = table["columns"]?.arrayValue else { return nil }
            return Table(
                name: name,
                columns: columns.compactMap(\.stringValue),
                counter: (table["counter"]?.intValue).map { Int64($0) }
            )
        }
        guard self.steps.count == steps.count, self.tables.count == tables.count else { return nil }
    }
}

/// How many rows of a table there are, and the digest over them.
package struct TableSummary: Sendable, Hashable {
    /// The table.
    package let name: String
    /// Its rows.
    package let rows: Int
    /// SHA-256 over the encoded rows in key order: equal data has equal digests on every engine.
    package let digest: Digest
}

/// What an archive holds, after all of it was read and checked.
package struct BackupSummary: Sendable {
    /// Where it lies.
    package let path: String
    /// Its size.
    package let bytes: Int
    /// What it says about itself.
    package let manifest: BackupManifest
    /// The tables in its order.
    package let tables: [TableSummary]
}

/// How far a backup or a restore is, told while it works.
package struct BackupProgress: Sendable {
    /// What is done: `writing`, `verifying`, `restoring` or `comparing`.
    package let phase: String
    /// The table at hand.
    package let table: String
    /// Rows of it so far.
    package let rows: Int

    /// Rows between two reports.
    static let interval = 20_000
}
