package import CupelCore

/// One row of an answer, read by column name.
package struct Row: Sendable {
    private let columns: [String]
    /// The values in the order of the statement's columns.
    package let values: [SQLValue]

    package init(columns: [String], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value of a column.
    /// - Throws: `internal_error` when the answer has no such column: the statement and its reader disagree.
    package func value(_ column: String) throws -> SQLValue {
        guard let index = columns.firstIndex(of: column) else {
            throw CupelError(.internalError, "The answer has no column \(column), only \(columns).")
        }
        return values[index]
    }

    /// A text.
    package func text(_ column: String) throws -> String {
        guard case .text(let text) = try value(column) else { throw mismatch(column, "text") }
        return text
    }

    /// A text that may be NULL.
    package func optionalText(_ column: String) throws -> String? {
        try value(column) == .null ? nil : text(column)
    }

    /// A whole number.
    package func integer(_ column: String) throws -> Int {
        guard case .integer(let number) = try value(column) else { throw mismatch(column, "an integer") }
        return Int(number)
    }

    /// A whole number that may be NULL.
    package func optionalInteger(_ column: String) throws -> Int? {
        try value(column) == .null ? nil : integer(column)
    }

    /// A number, whole or not.
    package func real(_ column: String) throws -> Double {
        switch try value(column) {
        case .real(let number): return number
        case .integer(let number): return Double(number)
        default: throw mismatch(column, "a number")
        }
    }

    /// A truth value, kept as 0 or 1.
    package func flag(_ column: String) throws -> Bool { try integer(column) != 0 }

    /// Bytes.
    package func bytes(_ column: String) throws -> [UInt8] {
        guard case .bytes(let bytes) = try value(column) else { throw mismatch(column, "bytes") }
        return bytes
    }

    /// A moment, kept in microseconds.
    package func timestamp(_ column: String) throws -> Timestamp {
        Timestamp(microseconds: Int64(try integer(column)))
    }

    /// A moment that may be NULL.
    package func optionalTimestamp(_ column: String) throws -> Timestamp? {
        try optionalInteger(column).map { Timestamp(microseconds: Int64($0)) }
    }

    /// An identifier.
    package func identifier<Kind>(_ column: String, of kind: Kind.Type = Kind.self) throws -> Identifier<Kind> {
        guard let identifier = Identifier<Kind>(try text(column)) else { throw mismatch(column, "an identifier") }
        return identifier
    }

    /// A digest.
    package func digest(_ column: String) throws -> Digest {
        guard let digest = Digest(try text(column)) else { throw mismatch(column, "a digest") }
        return digest
    }

    /// A JSON document that we wrote ourselves.
    package func json(_ column: String) throws -> JSON {
        try JSON(parsing: try text(column), limits: JSONLimits(bytes: 64 << 20, depth: 128, values: 10_000_000))
    }

    // MARK: By place, for statements that are read very often.

    /// The text in a column.
    package func text(at place: Int) throws -> String {
        guard case .text(let text) = values[place] else { throw mismatch(columns[place], "text") }
        return text
    }

    /// The text in a column that may be NULL.
    package func optionalText(at place: Int) throws -> String? {
        values[place] == .null ? nil : try text(at: place)
    }

    /// The whole number in a column.
    package func integer(at place: Int) throws -> Int {
        guard case .integer(let number) = values[place] else { throw mismatch(columns[place], "an integer") }
        return Int(number)
    }

    /// The number in a column.
    package func real(at place: Int) throws -> Double {
        if case .real(let number) = values[place] { return number }
        return Double(try integer(at: place))
    }

    /// The moment in a column.
    package func timestamp(at place: Int) throws -> Timestamp {
        Timestamp(microseconds: Int64(try integer(at: place)))
    }

    /// The moment in a column that may be NULL.
    package func optionalTimestamp(at place: Int) throws -> Timestamp? {
        values[place] == .null ? nil : try timestamp(at: place)
    }

    /// The identifier in a column.
    package func identifier<Kind>(at place: Int, of kind: Kind.Type = Kind.self) throws -> Identifier<Kind> {
        guard let identifier = Identifier<Kind>(try text(at: place)) else {
            throw mismatch(columns[place], "an identifier")
        }
        return identifier
    }

    private func mismatch(_ column: String, _ wanted: String) -> CupelError {
        CupelError(.internalError, "The column \(column) does not hold \(wanted).")
    }
}
