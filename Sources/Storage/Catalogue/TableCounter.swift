/// The counter behind a column that the store counts up by itself.
///
/// It may be ahead of the highest row, whose successors were deleted; whoever resumes after a number relies on it
/// never being given twice.
enum TableCounter {
    /// The last number that was given; 0 when none was.
    static func last(of table: TableLayout, _ transaction: any Transaction) throws -> Int64? {
        guard let column = table.countedColumn else { return nil }
        switch transaction.engine {
        case .sqlite:
            let row = try transaction.query("SELECT seq FROM sqlite_sequence WHERE name = \(table.name)").first
            return Int64(try row?.integer("seq") ?? 0)
        case .postgres:
            guard let sequence = try sequence(of: table, column, transaction) else { return nil }
            let row = try transaction.query(
                "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS last FROM \(raw: sequence)"
            ).first
            return Int64(try row?.integer("last") ?? 0)
        }
    }

    /// Sets the last number that was given.
    static func set(_ last: Int64, of table: TableLayout, _ transaction: any Transaction) throws {
        guard let column = table.countedColumn, last > 0 else { return }
        switch transaction.engine {
        case .sqlite:
            try transaction.execute("DELETE FROM sqlite_sequence WHERE name = \(table.name)")
            try transaction.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (\(table.name), \(last))")
        case .postgres:
            guard let sequence = try sequence(of: table, column, transaction) else { return }
            _ = try transaction.query("SELECT setval(\(sequence)::text::regclass, \(last), true) AS last")
        }
    }

    /// The sequence's name as it stands in a statement, quoted by the server.
    private static func sequence(
        of table: TableLayout,
        _ column: String,
        _ transaction: any Transaction
    ) throws -> String? {
        let quoted = TableLayout.quoted(table.name)
        return try transaction.query("SELECT pg_get_serial_sequence(\(quoted), \(column)) AS name").first?
            .optionalText("name")
    }
}
