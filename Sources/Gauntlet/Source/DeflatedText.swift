import CArchive
import Glibc

/// Unpacks a text that was deflated before it was encoded, as `zlib.compress` (RFC 1950) and gzip (RFC 1952) do.
enum DeflatedText {
    /// Bytes that come out of one piece, at most: what unpacks to more is cut there.
    static let maximumBytes = 1 << 20
    /// Bytes of a packed piece that are looked at, at most.
    static let maximumInput = 1 << 20

    /// The beginnings that a deflated text has in base64: the first bytes 78 01, 78 5E, 78 9C, 78 DA and 1F 8B 08.
    private static let marks = ["eAE", "eF4", "eJw", "eJy", "eJz", "eJx", "eNp", "eNq", "eNr", "eNo", "H4sI"]
        .map { Array($0.utf8) }

    /// Whether a run of base64 begins as a deflated text does.
    static func begins(_ run: some Collection<UInt8>) -> Bool {
        guard let first = run.first, first == UInt8(ascii: "e") || first == UInt8(ascii: "H") else { return false }
        return marks.contains { run.starts(with: $0) }
    }

    /// What is packed in some bytes; `nil` when they are not packed so or nothing comes out.
    static func inflate(_ bytes: [UInt8]) -> [UInt8]? {
        guard (12...maximumInput).contains(bytes.count) else { return nil }
        if bytes.starts(with: [0x1F, 0x8B, 0x08]) { return unpack(bytes) }
        // zlib's two bytes of header say deflate, a window of up to 32 kB and a checksum by 31 (RFC 1950, 2.2).
        guard bytes[0] & 0x0F == 8, bytes[0] >> 4 <= 7, (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0,
            bytes[1] & 0x20 == 0
        else { return nil }
        // The library reads gzip: its header goes in the place of zlib's, and any end will do.
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        return unpack(header + bytes.dropFirst(2) + [UInt8](repeating: 0, count: 8))
    }

    private static func unpack(_ bytes: [UInt8]) -> [UInt8]? {
        guard let archive = archive_read_new() else { return nil }
        defer { archive_read_free(archive) }
        archive_read_support_filter_gzip(archive)
        archive_read_support_format_raw(archive)
        return bytes.withUnsafeBytes { raw in
            var entry: OpaquePointer?
            guard archive_read_open_memory(archive, raw.baseAddress, raw.count) == ARCHIVE_OK,
                archive_read_next_header(archive, &entry) == ARCHIVE_OK, archive_filter_count(archive) > 1
            else { return nil }
            var result: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while result.count < maximumBytes {
                let count = buffer.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                result += buffer.prefix(min(count, maximumBytes - result.count))
            }
            return result.isEmpty ? nil : result
        }
    }
}
