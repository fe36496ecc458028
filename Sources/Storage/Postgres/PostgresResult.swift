import CPostgres
import CupelCore

/// An answer of libpq, freed with this object.
final class PostgresResult {
    private let pointer: OpaquePointer?

    init(_ pointer: OpaquePointer?) { self.pointer = pointer }

    deinit { PQclear(pointer) }

    var isSuccess: Bool {
        let status = PQresultStatus(pointer)
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE
    }

    /// Whether the statement began a COPY, which nobody here answers.
    var isCopy: Bool {
        [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(PQresultStatus(pointer))
    }

    /// What the server said, on one line and without secrets.
    var message: String {
        let lines = String(cString: PQresultErrorMessage(pointer)).split(whereSeparator: \.isNewline)
        return Redactor.shared.redact(lines.joined(separator: " "))
    }

    /// The five-character code of an error (PostgreSQL documentation, appendix A).
    var sqlState: String {
        // PG_DIAG_SQLSTATE is the character 'C'.
        PQresultErrorField(pointer, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
    }

    var changedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    func rows() throws -> [Row] {
        let columnCount = PQnfields(pointer)
        let columns = (0..<columnCount).map { String(cString: PQfname(pointer, $0)) }
        return try (0..<PQntuples(pointer)).map { row in
            Row(columns: columns, values: try (0..<columnCount).map { try value(row, $0) })
        }
    }

    private func value(_ row: Int32, _ column: Int32) throws -> SQLValue {
        if PQgetisnull(pointer, row, column) == 1 { return .null }
        let text = String(cString: PQgetvalue(pointer, row, column))
        switch PQftype(pointer, column) {
        case 16: return .integer(text == "t" ? 1 : 0)
        case 20, 21, 23: return .integer(Int64(text) ?? 0)
        case 700, 701, 1700: return .real(Double(text) ?? 0)
        case 17: return .bytes(try Self.bytes(hex: text))
        default: return .text(text)
        }
    }

    /// Bytes of PostgreSQL's hex format: `\x` and two digits a byte.
    private static func bytes(hex text: String) throws -> [UInt8] {
        let digits = Array(text.utf8.dropFirst(2))
        func nibble(_ digit: UInt8) throws -> UInt8 {
            switch digit {
            case 0x30...0x39: return digit - 0x30
            case 0x61...0x66: return digit - 0x61 + 10
            default: throw CupelError(.internalError, "PostgreSQL gave bytes in another format than hex.")
            }
        }
        return try stride(from: 0, to: digits.count - 1, by: 2).map {
            try nibble(digits[$0]) << 4 | nibble(digits[$0 + 1])
        }
    }
}
