import CupelCore

/// Base58Check, as Bitcoin's wallet import format has it: the last four bytes are the beginning of a double SHA-256.
enum Base58Check {
    private static let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    /// Whether a text is Base58 and its checksum fits.
    static func fits(_ text: some Collection<UInt8>) -> Bool {
        guard text.count <= 128, let bytes = decode(text), bytes.count > 4 else { return false }
        return checksum(of: bytes.dropLast(4)).elementsEqual(bytes.suffix(4))
    }

    /// The text of some bytes with their checksum.
    static func encode(_ payload: [UInt8]) -> String {
        let bytes = payload + checksum(of: payload)
        var digits: [UInt8] = []
        for byte in bytes {
            var carry = Int(byte)
            for index in digits.indices {
                carry += Int(digits[index]) << 8
                digits[index] = UInt8(carry % 58)
                carry /= 58
            }
            while carry > 0 {
                digits.append(UInt8(carry % 58))
                carry /= 58
            }
        }
        let zeros = bytes.prefix { $0 == 0 }.map { _ in alphabet[0] }
        return String(decoding: zeros + digits.reversed().map { alphabet[Int($0)] }, as: UTF8.self)
    }

    private static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        for character in text {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            var carry = digit
            for index in bytes.indices {
                carry += Int(bytes[index]) * 58
                bytes[index] = UInt8(carry & 0xFF)
                carry >>= 8
            }
            while carry > 0 {
                bytes.append(UInt8(carry & 0xFF))
                carry >>= 8
            }
        }
        return text.prefix { $0 == alphabet[0] }.map { _ in 0 } + bytes.reversed()
    }

    private static func checksum(of bytes: some Collection<UInt8>) -> [UInt8] {
        let once = hexBytes(Digest(of: Array(bytes)).hex)
        return Array(hexBytes(Digest(of: once).hex).prefix(4))
    }

    private static func hexBytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.map { $0 < 0x61 ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
