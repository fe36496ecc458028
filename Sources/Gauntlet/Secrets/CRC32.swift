/// CRC-32 as zlib and PNG compute it (ISO 3309), which GitHub and npm put into their tokens.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    private static let base62 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

    /// The checksum of some bytes.
    static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF) { Self.table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
    }

    /// The checksum as six digits of base 62, the most significant first.
    static func base62(of bytes: some Sequence<UInt8>) -> String {
        var value = checksum(of: bytes)
        var digits: [Character] = []
        for _ in 0..<6 {
            digits.append(base62[Int(value % 62)])
            value /= 62
        }
        return String(digits.reversed())
    }
}
