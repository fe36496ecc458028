import CPostgres

/// One bound value in libpq's form: bytes as they are, everything else as text, with its type.
struct PostgresParameter {
    /// The type's number in `pg_type`: int8 20, float8 701, text 25, bytea 17; 0 leaves it to the server.
    let type: Oid
    let bytes: [UInt8]?
    let isBinary: Bool

    init(_ value: SQLValue) {
        switch value {
        case .null: (type, bytes, isBinary) = (0, nil, false)
        case .integer(let number): (type, bytes, isBinary) = (20, Self.text(String(number)), false)
        case .real(let number): (type, bytes, isBinary) = (701, Self.text("\(number)"), false)
        case .text(let text): (type, bytes, isBinary) = (25, Self.text(text), false)
        case .bytes(let raw): (type, bytes, isBinary) = (17, raw, true)
        }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    /// Lays the values out as libpq takes them, for the duration of `body`.
    static func withPointers<Value>(
        _ parameters: [PostgresParameter],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<Int32>, UnsafePointer<Int32>) throws -> Value
    ) rethrows -> Value {
        let storage: [UInt8] = parameters.reduce(into: []) { $0 += $1.bytes ?? [] } + [0]
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) } + [0]
        let formats = parameters.map { Int32($0.isBinary ? 1 : 0) } + [0]
        return try storage.withUnsafeBytes { raw in
            var offset = 0
            var pointers: [UnsafePointer<CChar>?] = []
            for parameter in parameters {
                let start = raw.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
                pointers.append(parameter.bytes == nil ? nil : start)
                offset += parameter.bytes?.count ?? 0
            }
            pointers.append(nil)
            return try body(pointers, lengths, formats)
        }
    }
}
