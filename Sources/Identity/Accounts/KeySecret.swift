package import CupelCore

/// Makes the secrets of keys: a mark by which a leaked one is recognised, and 40 characters of a base-62 alphabet, which
/// are 238 bits of chance.
package enum KeySecret {
    /// What every key begins with.
    package static let mark = "ck-"
    /// Characters after the mark.
    package static let characters = 40
    /// Characters that are kept and shown.
    package static let shownCharacters = 8

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// A new secret. It is registered for redaction, as every ``Secret`` is.
    package static func make(using generator: inout some RandomNumberGenerator) -> Secret {
        let bytes = (0..<characters).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return Secret(mark + String(decoding: bytes, as: UTF8.self))
    }

    /// The digest under which some bytes of a request's header are looked up; `nil` for what cannot be one of our keys.
    ///
    /// It takes no allocation and about half a microsecond.
    package static func digest(of bytes: UnsafeRawBufferPointer) -> ShortDigest? {
        guard bytes.count == mark.utf8.count + characters, bytes[0] == UInt8(ascii: "c"),
            bytes[1] == UInt8(ascii: "k"), bytes[2] == UInt8(ascii: "-")
        else { return nil }
        return ShortDigest(of: bytes)
    }
}
