import CupelCore
import Glibc

/// What a database holds and how much room it takes.
package struct DatabaseStatistics: Sendable {
    /// A table.
    package struct Table: Sendable {
        /// The name.
        package let name: String
        /// Its rows.
        package let rows: Int
        /// Bytes of it and its indexes; `nil` where the engine does not tell.
        package let bytes: Int?
    }

    /// The engine.
    package let engine: DatabaseEngine
    /// The engine's own version.
    package let version: String
    /// Bytes of the database.
    package let bytes: Int
    /// Bytes of SQLite's write-ahead log; 0 on PostgreSQL, whose log is the server's.
    package let logBytes: Int
    /// Bytes that were freed and are used again before the file grows; `nil` on PostgreSQL.
    package let freeBytes: Int?
    /// The highest step of the schema; `nil` before the first.
    package let schemaStep: Int?
    /// The tables by name.
    package let tables: [Table]

    /// Reads a database from one snapshot.
    package static func of(_ database: any Database) async throws -> DatabaseStatistics {
        try await database.read { transaction in
            let layouts = try TableLayout.all(transaction)
            let tables = try layouts.map { table in
                let name = TableLayout.quoted(table.name)
                let rows = try transaction.query("SELECT count(*) AS n FROM \(raw: name)").first?.integer("n")
                return Table(name: table.name, rows: rows ?? 0, bytes: try bytes(of: table, transaction))
            }
            let step =
                layouts.contains { $0.name == TableLayout.migrations }
                ? try transaction.query("SELECT max(number) AS n FROM schema_migrations").first?.optionalInteger("n")
                : nil
            switch transaction.engine {
            case .sqlite: return try sqlite(transaction, step, tables)
            case .postgres: return try postgres(transaction, step, tables)
            }
        }
    }

    private static func sqlite(
        _ transaction: any Transaction,
        _ step: Int?,
        _ tables: [Table]
    ) throws -> DatabaseStatistics {
        func number(_ pragma: String) throws -> Int {
            try transaction.query("PRAGMA \(raw: pragma)").first?.integer(pragma) ?? 0
        }
        let file = try transaction.query("PRAGMA database_list").first?.text("file") ?? ""
        var status = stat()
        let pageSize = try number("page_size")
        return DatabaseStatistics(
            engine: .sqlite,
            version: try transaction.query("SELECT sqlite_version() AS version").first?.text("version") ?? "",
            bytes: try number("page_count") * pageSize,
            logBytes: stat(file + "-wal", &status) == 0 ? Int(status.st_size) : 0,
            freeBytes: try number("freelist_count") * pageSize,
            schemaStep: step,
            tables: tables
        )
    }

    private static func postgres(
        _ transaction: any Transaction,
        _ step: Int?,
        _ tables: [Table]
    ) throws -> DatabaseStatistics {
        let row = try transaction.query(
            "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes"
        ).first
        return DatabaseStatistics(
            engine: .postgres,
            version: try row?.text("version") ?? "",
            bytes: try row?.integer("bytes") ?? 0,
            logBytes: 0,
            freeBytes: nil,
            schemaStep: step,
            tables: tables
        )
    }

    private static func bytes(of table: TableLayout, _ transaction: any Transaction) throws -> Int? {
        switch transaction.engine {
        case .sqlite:
            // Only a SQLite that was built with it has this table; Debian's is.
            let statement: SQL = """
                SELECT sum(pgsize) AS n FROM dbstat
                WHERE aggregate AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name = \(table.name))
                """
            return (try? transaction.query(statement).first?.optionalInteger("n")) ?? nil
        case .postgres:
            let name = TableLayout.quoted(table.name)
            return try transaction.query("SELECT pg_total_relation_size(\(name)::text::regclass) AS n").first?
                .integer("n")
        }
    }
}
