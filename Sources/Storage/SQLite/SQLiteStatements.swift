import CupelCore
import GRDB
import GRDBSQLite

/// A prepared statement, run through SQLite's C interface: binding and reading are the hottest paths of the queue.
final class SQLiteStatement {
    private let statement: GRDB.Statement
    private let pointer: OpaquePointer
    private let connection: OpaquePointer?
    private var columns: [String]

    convenience init(_ sql: String, _ database: GRDB.Database) throws {
        self.init(try database.makeStatement(sql: sql), database)
    }

    init(_ statement: GRDB.Statement, _ database: GRDB.Database) {
        self.statement = statement
        pointer = statement.sqliteStatement
        connection = database.sqliteConnection
        columns = statement.columnNames
    }

    /// Runs it and hands over its rows.
    func run(_ sql: SQL, _ body: (Row) throws -> Void) throws {
        defer {
            sqlite3_reset(pointer)
            sqlite3_clear_bindings(pointer)
        }
        var place: Int32 = 0
        for case .value(let value) in sql.parts {
            place += 1
            try check(bind(value, place))
        }
        while true {
            switch sqlite3_step(pointer) {
            case SQLITE_ROW: try body(row())
            case SQLITE_DONE: return
            case let code: throw error(code)
            }
        }
    }

    /// Runs it with values that are bound one after the other; it gives no rows.
    func run(binding bind: (inout ValueBinder) -> Void) throws {
        defer {
            sqlite3_reset(pointer)
            sqlite3_clear_bindings(pointer)
        }
        var binder = ValueBinder(pointer)
        bind(&binder)
        try check(binder.failure)
        let code = sqlite3_step(pointer)
        guard code == SQLITE_DONE else { throw error(code) }
    }

    private func bind(_ value: SQLValue, _ place: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(pointer, place)
        case .integer(let number): return sqlite3_bind_int64(pointer, place, number)
        case .real(let number): return sqlite3_bind_double(pointer, place, number)
        case .text(var text):
            return text.withUTF8 { utf8 in
                // An empty text has no address, which SQLite would take for NULL.
                guard let base = utf8.baseAddress else { return sqlite3_bind_text(pointer, place, "", 0, Self.copied) }
                return base.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
                    sqlite3_bind_text(pointer, place, $0, Int32(utf8.count), Self.copied)
                }
            }
        case .bytes(let bytes):
            if bytes.isEmpty { return sqlite3_bind_zeroblob(pointer, place, 0) }
            return bytes.withUnsafeBytes {
                sqlite3_bind_blob64(pointer, place, $0.baseAddress, UInt64($0.count), Self.copied)
            }
        }
    }

    /// SQLITE_TRANSIENT: SQLite makes its own copy.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private func row() -> Row {
        let count = Int(sqlite3_column_count(pointer))
        // The schema changed under a `SELECT *`.
        if count != columns.count {
            columns = (0..<Int32(count)).map { sqlite3_column_name(pointer, $0).map { String(cString: $0) } ?? "" }
        }
        let values = [SQLValue](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in 0..<count { (buffer.baseAddress! + index).initialize(to: value(Int32(index))) }
            filled = count
        }
        return Row(columns: columns, values: values)
    }

    private func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(pointer, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(pointer, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(pointer, column))
        case SQLITE_TEXT:
            let text = sqlite3_column_text(pointer, column)
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            let bytes = sqlite3_column_blob(pointer, column)
            let count = Int(sqlite3_column_bytes(pointer, column))
            return .bytes(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        default: return .null
        }
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw error(code) }
    }

    private func error(_ code: Int32) -> DatabaseError {
        let message = connection.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) }
        return DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
    }
}

/// The prepared statements of the writer.
///
/// Unchecked because the writer's thread is the only one that ever sees them.
final class SQLiteStatements: @unchecked Sendable {
    private var byIdentity: [ObjectIdentifier: SQLiteStatement] = [:]
    private var byText: [String: SQLiteStatement] = [:]

    /// Statements kept by their text; beyond it they are prepared anew.
    static let maximum = 512

    func statement(for sql: SQL, _ database: GRDB.Database) throws -> SQLiteStatement {
        if let fixed = sql.fixed { return try statement(for: fixed, database) }
        let text = sql.text { _ in "?" }
        if let found = byText[text] { return found }
        if byText.count >= Self.maximum { byText = [:] }
        let made = try SQLiteStatement(text, database)
        byText[text] = made
        return made
    }

    func statement(for fixed: FixedSQL, _ database: GRDB.Database) throws -> SQLiteStatement {
        if let found = byIdentity[ObjectIdentifier(fixed)] { return found }
        let made = try SQLiteStatement(fixed.text, database)
        byIdentity[ObjectIdentifier(fixed)] = made
        return made
    }

    /// Lets go of them all, as must be done before the connection closes.
    func removeAll() {
        byIdentity = [:]
        byText = [:]
    }
}
