import GRDBSQLite

/// Takes the values of a statement one after the other: into SQLite's statement itself, or into a list.
package struct ValueBinder {
    private let statement: OpaquePointer?
    private var place: Int32 = 0
    /// What SQLite said of the first value that it did not take.
    private(set) var failure: Int32 = SQLITE_OK
    /// The values, where they are not bound at once.
    package private(set) var values: [SQLValue] = []

    /// One that makes a list.
    package init() { statement = nil }

    init(_ statement: OpaquePointer) { self.statement = statement }

    /// The next value, a text.
    package mutating func text(_ value: String) {
        guard let statement else { return values.append(.text(value)) }
        place += 1
        var value = value
        note(
            value.withUTF8 { utf8 in
                // An empty text has no address, which SQLite would take for NULL.
                guard let base = utf8.baseAddress else {
                    return sqlite3_bind_text(statement, place, "", 0, Self.copied)
                }
                return base.withMemoryRebound(to: CChar.self, capacity: utf8.count) {
                    sqlite3_bind_text(statement, place, $0, Int32(utf8.count), Self.copied)
                }
            }
        )
    }

    /// The next value, a text or NULL.
    package mutating func text(_ value: String?) {
        if let value { text(value) } else { null() }
    }

    /// The next value, a number.
    package mutating func integer(_ value: Int64) {
        guard let statement else { return values.append(.integer(value)) }
        place += 1
        note(sqlite3_bind_int64(statement, place, value))
    }

    /// The next value, a number or NULL.
    package mutating func integer(_ value: Int64?) {
        if let value { integer(value) } else { null() }
    }

    /// The next value is NULL.
    package mutating func null() {
        guard statement != nil else { return values.append(.null) }
        // What is not bound is NULL.
        place += 1
    }

    private mutating func note(_ code: Int32) {
        if code != SQLITE_OK, failure == SQLITE_OK { failure = code }
    }

    /// SQLITE_TRANSIENT: SQLite makes its own copy.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

extension Transaction {
    /// Puts the values into a list, and the statement together around them.
    package func execute(_ fixed: FixedSQL, binding bind: (inout ValueBinder) -> Void) throws {
        var binder = ValueBinder()
        bind(&binder)
        var parts: [SQL.Part] = []
        var values = binder.values[...]
        for piece in fixed.text.split(separator: "?", omittingEmptySubsequences: false) {
            parts.append(.text(String(piece)))
            if let value = values.popFirst() { parts.append(.value(value)) }
        }
        try execute(SQL(parts: parts))
    }
}
