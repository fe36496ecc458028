// The archive: one file that holds the rows of every table, readable into either engine.
//
//     magic     8 bytes  "CUPELBAK"
//     format    u32      1; all numbers little-endian
//     manifest  u32 length, JSON, SHA-256 of the JSON
//     table     'T', u16 length, name; then for each row 'R' and its values in the manifest's column order; then 'E',
//               the SHA-256 over all bytes from the first 'R' (or the 'E') through the 'E', u64 row count
//     file      'Z', SHA-256 over all bytes before it that are not rows; and nothing after it
//
// A value is a kind byte and its content: 0 NULL; 1 integer, i64; 2 real, IEEE 754 bits; 3 text, u32 length and UTF-8;
// 4 bytes, u32 length and bytes. Rows stand in primary-key order, texts by their bytes, columns by name, and -0.0 is
// 0.0, so that the same data gives the same digests whichever engine it is read from. Every byte is under a digest:
// rows under their table's, which together with all the rest is under the file's.

/// Numbers and marks of the archive's format.
enum ArchiveFormat {
    static let magic = Array("CUPELBAK".utf8)
    static let version: UInt32 = 1
    static let table = UInt8(ascii: "T")
    static let row = UInt8(ascii: "R")
    static let end = UInt8(ascii: "E")
    static let file = UInt8(ascii: "Z")
    /// Bytes of a SHA-256.
    static let digestBytes = 32
    /// A manifest may not be longer.
    static let maximumManifest = 16 << 20
    /// Bytes gathered before they are hashed and written, or read at once.
    static let chunk = 512 << 10

    /// Appends a row.
    static func append(_ values: [SQLValue], to bytes: inout [UInt8]) {
        bytes.append(row)
        for value in values {
            switch value {
            case .null:
                bytes.append(0)
            case .integer(let number):
                bytes.append(1)
                append(UInt64(bitPattern: number), to: &bytes)
            case .real(let number):
                bytes.append(2)
                append((number == 0 ? 0 : number).bitPattern, to: &bytes)
            case .text(let text):
                bytes.append(3)
                append(UInt32(text.utf8.count), to: &bytes)
                bytes.append(contentsOf: text.utf8)
            case .bytes(let raw):
                bytes.append(4)
                append(UInt32(raw.count), to: &bytes)
                bytes.append(contentsOf: raw)
            }
        }
    }

    /// Appends a number, lowest byte first.
    static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
