import CupelCore
import Foundation
import GRDB

/// A transaction body's view of SQLite.
struct SQLiteTransaction: Transaction {
    let engine = DatabaseEngine.sqlite
    let database: GRDB.Database
    /// Refuses every statement: the transaction it belongs to could not begin.
    var isRefusing = false

    func query(_ sql: SQL) throws -> [Row] {
        let statement = try prepared(sql)
        var columns: [String]?
        var rows: [Row] = []
        let cursor = try GRDB.Row.fetchCursor(statement)
        while let row = try cursor.next() {
            let names = columns ?? Array(row.columnNames)
            columns = names
            rows.append(Row(columns: names, values: row.databaseValues.map(Self.value)))
        }
        return rows
    }

    func forEachRow(_ sql: SQL, _ body: (Row) throws -> Void) throws {
        guard !isRefusing else { throw Self.refusal }
        // A statement of its own, so that one with the same text may run inside the body.
        let statement = try database.makeStatement(sql: sql.text { _ in "?" })
        try statement.setArguments(StatementArguments(sql.values.map(Self.bound)))
        let cursor = try GRDB.Row.fetchCursor(statement)
        var columns: [String]?
        while let row = try cursor.next() {
            let names = columns ?? Array(row.columnNames)
            columns = names
            try body(Row(columns: names, values: row.databaseValues.map(Self.value)))
        }
    }

    func execute(_ sql: SQL) throws -> Int {
        let before = database.totalChangesCount
        try prepared(sql).execute()
        return database.totalChangesCount - before
    }

    private func prepared(_ sql: SQL) throws -> Statement {
        guard !isRefusing else { throw Self.refusal }
        let statement = try database.cachedStatement(sql: sql.text { _ in "?" })
        try statement.setArguments(StatementArguments(sql.values.map(Self.bound)))
        return statement
    }

    private static let refusal = CupelError(.storageUnavailable, "The disk refused the transaction.")

    private static func bound(_ value: SQLValue) -> DatabaseValue {
        switch value {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .bytes(let bytes): Data(bytes).databaseValue
        }
    }

    private static func value(_ value: DatabaseValue) -> SQLValue {
        switch value.storage {
        case .null: .null
        case .int64(let number): .integer(number)
        case .double(let number): .real(number)
        case .string(let text): .text(text)
        case .blob(let data): .bytes(Array(data))
        }
    }

    /// Turns SQLite's errors into ours; other errors pass.
    static func translate(_ error: any Error, doing what: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_CONSTRAINT:
            return CupelError(.conflict, "It is there already, or refers to what is not.", cause: error)
        case .SQLITE_FULL:
            return CupelError(.storageUnavailable, "The disk is full (\(what)); free some space.", cause: error)
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
        case .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED:
            return CupelError(.storageUnavailable, "The disk does not answer (\(what): \(reason)).", cause: error)
        default:
            return CupelError(.internalError, "The store refused a statement (\(what)).", cause: error)
        }
    }
}
