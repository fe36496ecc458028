/// Inserts rows into one table, in bounded batches where a statement costs a way to the server.
struct TableLoader {
    /// The table.
    let table: TableLayout
    private let transaction: any Transaction
    private let rowsPerStatement: Int
    private var pending: [[SQLValue]] = []
    private var pendingBytes = 0
    private var count = 0

    /// Rows in one statement on PostgreSQL, which takes at most 65,535 parameters.
    static let maximumRows = 500
    /// Bytes of texts and bytes after which a batch is sent.
    static let maximumBytes = 2 << 20

    init(_ table: TableLayout, _ transaction: any Transaction) {
        self.table = table
        self.transaction = transaction
        // SQLite keeps the statement for one row prepared; there more rows in one gain nothing.
        rowsPerStatement =
            transaction.engine == .sqlite ? 1 : max(1, min(Self.maximumRows, 60_000 / max(1, table.columns.count)))
    }

    /// Removes what the schema's steps themselves put into the table: the archive has it as it is now.
    func clear() throws {
        try transaction.execute("DELETE FROM \(raw: TableLayout.quoted(table.name))")
    }

    /// Takes a row and gives how many it has taken.
    mutating func add(_ values: [SQLValue]) throws -> Int {
        pending.append(values)
        for value in values {
            switch value {
            case .text(let text): pendingBytes += text.utf8.count
            case .bytes(let bytes): pendingBytes += bytes.count
            case .null, .integer, .real: break
            }
        }
        if pending.count >= rowsPerStatement || pendingBytes >= Self.maximumBytes { try finish() }
        count += 1
        return count
    }

    /// Inserts what waits.
    mutating func finish() throws {
        guard !pending.isEmpty else { return }
        let names = table.columns.map { TableLayout.quoted($0.name) }.joined(separator: ", ")
        let override = transaction.engine == .postgres && table.countedColumn != nil ? " OVERRIDING SYSTEM VALUE" : ""
        let head = "INSERT INTO \(TableLayout.quoted(table.name)) (\(names))\(override) VALUES "
        var parts: [SQL.Part] = [.text(head)]
        for (number, row) in pending.enumerated() {
            parts.append(.text(number == 0 ? "(" : "), ("))
            for (place, (column, value)) in zip(table.columns, row).enumerated() {
                if place > 0 { parts.append(.text(", ")) }
                parts.append(.value(value))
                // The server does not guess a type from a NULL in the first row.
                if transaction.engine == .postgres { parts.append(.text("::\(column.type)")) }
            }
        }
        parts.append(.text(")"))
        if let postgres = transaction as? PostgresTransaction {
            try postgres.executeOnce(SQL(parts: parts))
        } else {
            try transaction.execute(SQL(parts: parts))
        }
        pending.removeAll(keepingCapacity: true)
        pendingBytes = 0
    }
}
