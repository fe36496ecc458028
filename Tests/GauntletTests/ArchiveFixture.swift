import CArchive
import Glibc
import Testing

/// Archives made in memory, for tests.
enum ArchiveFixture {
    /// How an archive is made.
    enum Shape: String, CaseIterable {
        case zip
        case tar
        case tarGzip
        case tarBzip2
        case tarXZ
        case tarZstd

        var filter: Int32 {
            switch self {
            case .zip, .tar: ARCHIVE_FILTER_NONE
            case .tarGzip: ARCHIVE_FILTER_GZIP
            case .tarBzip2: ARCHIVE_FILTER_BZIP2
            case .tarXZ: ARCHIVE_FILTER_XZ
            case .tarZstd: ARCHIVE_FILTER_ZSTD
            }
        }
    }

    /// An archive of members, in their order.
    static func make(_ shape: Shape, _ members: [(name: String, bytes: [UInt8])], password: String? = nil) throws
        -> [UInt8]
    {
        try write(filter: shape.filter, format: shape == .zip ? ARCHIVE_FORMAT_ZIP : ARCHIVE_FORMAT_TAR_PAX_RESTRICTED)
        {
            if let password {
                #expect(archive_write_set_options($0, "zip:encryption=zipcrypt") == ARCHIVE_OK)
                #expect(archive_write_set_passphrase($0, password) == ARCHIVE_OK)
            }
        } content: { archive in
            let entry = try #require(archive_entry_new())
            defer { archive_entry_free(entry) }
            for member in members {
                archive_entry_clear(entry)
                archive_entry_set_pathname(entry, member.name)
                archive_entry_set_filetype(entry, S_IFREG)
                archive_entry_set_perm(entry, 0o644)
                archive_entry_set_size(entry, Int64(member.bytes.count))
                try #require(archive_write_header(archive, entry) == ARCHIVE_OK)
                #expect(archive_write_data(archive, member.bytes, member.bytes.count) == member.bytes.count)
            }
        }
    }

    /// Bytes compressed, without an archive around them.
    static func compress(_ bytes: [UInt8], _ filter: Int32 = ARCHIVE_FILTER_GZIP) throws -> [UInt8] {
        try write(filter: filter, format: ARCHIVE_FORMAT_RAW) { _ in
        } content: { archive in
            let entry = try #require(archive_entry_new())
            defer { archive_entry_free(entry) }
            archive_entry_set_filetype(entry, S_IFREG)
            try #require(archive_write_header(archive, entry) == ARCHIVE_OK)
            #expect(archive_write_data(archive, bytes, bytes.count) == bytes.count)
        }
    }

    private static func write(
        filter: Int32,
        format: Int32,
        options: (OpaquePointer) -> Void,
        content: (OpaquePointer) throws -> Void
    ) throws -> [UInt8] {
        var file: UnsafeMutablePointer<CChar>?
        var size = 0
        let stream = try #require(open_memstream(&file, &size))
        defer { free(file) }
        let archive = try #require(archive_write_new())
        archive_write_add_filter(archive, filter)
        archive_write_set_format(archive, format)
        archive_write_set_bytes_in_last_block(archive, 1)
        options(archive)
        try #require(archive_write_open_FILE(archive, stream) == ARCHIVE_OK)
        try content(archive)
        archive_write_close(archive)
        archive_write_free(archive)
        fclose(stream)
        return UnsafeBufferPointer(start: file, count: size).map(UInt8.init(bitPattern:))
    }
}
