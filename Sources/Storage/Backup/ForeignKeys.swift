import CupelCore

/// References between tables, put aside while rows are loaded in the archive's order and checked afterwards.
struct ForeignKeys {
    private let statements: [String]

    /// Stops the checks until ``resume(_:)``.
    static func suspend(_ transaction: any Transaction) throws -> ForeignKeys {
        switch transaction.engine {
        case .sqlite:
            try transaction.execute("PRAGMA defer_foreign_keys = ON")
            return ForeignKeys(statements: [])
        case .postgres:
            let rows = try transaction.query(
                """
                SELECT r.conrelid::regclass::text AS place, quote_ident(r.conname) AS name,
                    pg_get_constraintdef(r.oid) AS definition
                FROM pg_constraint AS r
                JOIN pg_namespace AS n ON n.oid = r.connamespace AND n.nspname = current_schema()
                WHERE r.contype = 'f' ORDER BY r.oid
                """
            )
            let statements = try rows.map { row in
                let (place, name) = (try row.text("place"), try row.text("name"))
                try transaction.execute("ALTER TABLE \(raw: place) DROP CONSTRAINT \(raw: name)")
                return "ALTER TABLE \(place) ADD CONSTRAINT \(name) \(try row.text("definition"))"
            }
            return ForeignKeys(statements: statements)
        }
    }

    /// Checks every reference and puts the checks back.
    func resume(_ transaction: any Transaction) throws {
        switch transaction.engine {
        case .sqlite:
            guard let row = try transaction.query("PRAGMA foreign_key_check").first else { return }
            throw CupelError(
                .validationError,
                "The backup's table \(try row.text("table")) refers to rows of \(try row.text("parent")) that it lacks."
            )
        case .postgres:
            for statement in statements { try transaction.execute("\(raw: statement)") }
        }
    }
}
