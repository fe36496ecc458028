import CupelCore
import GRDB

/// A transaction body's view of SQLite.
struct SQLiteTransaction: Transaction {
    let engine = DatabaseEngine.sqlite
    let database: GRDB.Database
    /// Refuses every statement: the transaction it belongs to could not begin.
    var isRefusing = false
    /// What was prepared before on the writer; a reader uses what its connection keeps.
    var statements: SQLiteStatements?

    func query(_ sql: SQL) throws -> [Row] {
        var rows: [Row] = []
        try prepared(sql).run(sql) { rows.append($0) }
        return rows
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Void) throws {
        guard !isRefusing else { throw Self.refusal }
        // A statement of its own, so that one with the same text may run inside the body.
        try SQLiteStatement(sql.text { _ in "?" }, database).run(sql, body)
    }

    func execute(_ sql: SQL) throws -> Int {
        let before = database.totalChangesCount
        try prepared(sql).run(sql) { _ in }
        return database.totalChangesCount - before
    }

    func execute(_ fixed: FixedSQL, binding bind: (inout ValueBinder) -> Void) throws {
        guard !isRefusing else { throw Self.refusal }
        let statement = try statements?.statement(for: fixed, database) ?? SQLiteStatement(fixed.text, database)
        try statement.run(binding: bind)
    }

    private func prepared(_ sql: SQL) throws -> SQLiteStatement {
        guard !isRefusing else { throw Self.refusal }
        if let statements { return try statements.statement(for: sql, database) }
        return SQLiteStatement(try database.cachedStatement(sql: sql.text { _ in "?" }), database)
    }

    private static let refusal = CupelError(.storageUnavailable, "The disk refused the transaction.")

    /// There is no room; what was to be written is not, and what was written before can be read.
    static func diskFull(_ what: String, cause: (any Error)?) -> CupelError {
        CupelError(
            .storageUnavailable,
            "The disk is full (\(what)); nothing was written. Free some space; no restart is needed.",
            retryAfterSeconds: 10,
            cause: cause
        )
    }

    /// Turns SQLite's errors into ours; other errors pass.
    static func translate(_ error: any Error, doing what: String, on disk: SQLiteDiskWatch? = nil) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_CONSTRAINT:
            return CupelError(.conflict, "It is there already, or refers to what is not.", cause: error)
        case .SQLITE_FULL:
            return diskFull(what, cause: error)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
            return CupelError(
                .storageUnavailable,
                "The database cannot be written (\(what): \(reason)); check the rights.",
                cause: error
            )
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return CupelError(
                .storageUnavailable,
                "The database file is damaged (\(what): \(reason)); restore a backup.",
                cause: error
            )
        case .SQLITE_IOERR where disk?.isFull == true: return diskFull(what, cause: error)
        case .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED:
            return CupelError(.storageUnavailable, "The disk does not answer (\(what): \(reason)).", cause: error)
        default:
            return CupelError(.internalError, "The store refused a statement (\(what)).", cause: error)
        }
    }
}
