import Glibc

/// Finds bytes in bytes at the speed of the C library.
enum ByteSearch {
    /// Whether a sequence of bytes stands in a text.
    static func contains(_ needle: [UInt8], in text: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        return text.withUnsafeBytes { text in
            needle.withUnsafeBytes { needle in
                var at = 0
                while let start = index(of: first, in: text, from: at), start + needle.count <= text.count {
                    guard let place = text.baseAddress, let wanted = needle.baseAddress else { return false }
                    if memcmp(place + start, wanted, needle.count) == 0 { return true }
                    at = start + 1
                }
                return false
            }
        }
    }

    /// The first place of a byte from an index on.
    static func index(of byte: UInt8, in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < text.count, let base = text.baseAddress,
            let found = memchr(base + start, Int32(byte), text.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
