/// A table as the database's own catalogue describes it.
package struct TableLayout: Sendable, Hashable {
    /// A column and how its values are told the engine.
    package struct Column: Sendable, Hashable {
        /// The name.
        package let name: String
        /// The engine's name of the type.
        package let type: String
    }

    /// The table's name.
    package let name: String
    /// The columns by name, so that their order is the same on every engine.
    package let columns: [Column]
    /// The columns of the primary key, in its order; empty when there is none.
    package let key: [String]
    /// The column that the store counts up by itself, if one is.
    package let countedColumn: String?

    /// The table of applied steps, which every schema has.
    static let migrations = "schema_migrations"

    /// All ordinary tables of ours, by name; the engine's own are left out.
    static func all(_ transaction: any Transaction) throws -> [TableLayout] {
        switch transaction.engine {
        case .sqlite: try sqlite(transaction)
        case .postgres: try postgres(transaction)
        }
    }

    /// Every row, in an order that is the same on every engine: the primary key's, texts by their bytes.
    func selectAll(_ engine: DatabaseEngine) -> SQL {
        let order = (key.isEmpty ? columns.map(\.name) : key).map { name in
            let isText = columns.contains { $0.name == name && Self.isText($0.type) }
            let collation = engine == .postgres && isText ? " COLLATE \"C\"" : ""
            return "\(Self.quoted(name))\(collation) NULLS FIRST"
        }
        return """
            SELECT \(raw: columns.map { Self.quoted($0.name) }.joined(separator: ", ")) FROM \(raw: Self.quoted(name))
            ORDER BY \(raw: order.joined(separator: ", "))
            """
    }

    /// A name as it stands in a statement.
    static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func isText(_ type: String) -> Bool {
        type == "text" || type.hasPrefix("character")
    }

    private static func sqlite(_ transaction: any Transaction) throws -> [TableLayout] {
        let tables = try transaction.query(
            """
            SELECT l.name AS name, s.sql AS sql FROM pragma_table_list AS l
            JOIN sqlite_schema AS s ON s.name = l.name AND s.type = 'table'
            WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name
            """
        )
        return try tables.map { table in
            let name = try table.text("name")
            let columns = try transaction.query(
                "SELECT name, type, pk FROM pragma_table_info(\(name)) ORDER BY name"
            )
            let key = try columns.filter { try $0.integer("pk") > 0 }
                .sorted { try $0.integer("pk") < $1.integer("pk") }.map { try $0.text("name") }
            return TableLayout(
                name: name,
                columns: try columns.map { Column(name: try $0.text("name"), type: try $0.text("type")) },
                key: key,
                countedColumn: try table.text("sql").uppercased().contains("AUTOINCREMENT") ? key.first : nil
            )
        }
    }

    private static func postgres(_ transaction: any Transaction) throws -> [TableLayout] {
        let tables = try transaction.query(
            """
            SELECT c.oid::bigint AS id, c.relname::text AS name FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = current_schema()
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
                AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
            ORDER BY c.relname::text COLLATE "C"
            """
        )
        return try tables.map { table in
            let columns = try transaction.query(
                """
                SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
                    a.attidentity <> '' AS counted, array_position(i.indkey::int2[], a.attnum)::bigint AS place
                FROM pg_attribute AS a
                LEFT JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
                WHERE a.attrelid = (\(try table.integer("id"))::bigint)::oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND a.attgenerated = ''
                ORDER BY a.attname::text COLLATE "C"
                """
            )
            let key = try columns.filter { try $0.optionalInteger("place") != nil }
                .sorted { try $0.integer("place") < $1.integer("place") }
            return TableLayout(
                name: try table.text("name"),
                columns: try columns.map { Column(name: try $0.text("name"), type: try $0.text("type")) },
                key: try key.map { try $0.text("name") },
                countedColumn: try columns.first { try $0.flag("counted") }?.text("name")
            )
        }
    }
}
