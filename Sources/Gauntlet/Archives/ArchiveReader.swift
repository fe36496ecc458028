import CArchive
import Glibc

/// The members of an archive one after the other, through libarchive. Nothing is ever written anywhere.
final class ArchiveReader {
    /// What is in the way, in libarchive's words.
    struct Failure: Error {
        var detail: String
    }

    /// One member, before its bytes are read.
    struct Member {
        /// Its name, as the archive gives it; `nil` when it gives none, as a compressed file does.
        var name: [UInt8]?
        /// Its type, in the bits of `S_IFMT`.
        var type: mode_t
        /// Its bytes, where the archive says how many there are.
        var size: Int?
        /// Whether its bytes are encrypted.
        var isEncrypted: Bool
    }

    /// Whether reading may go on behind what failed: one member could not be unpacked, the archive itself is whole.
    private(set) var goesOn = true

    private let archive: OpaquePointer
    private let input: ArchiveInput

    /// Opens an archive.
    /// - Throws: ``Failure`` when it is none that is known.
    init(_ input: ArchiveInput) throws(Failure) {
        guard let archive = archive_read_new() else { throw Failure(detail: "there is no memory left") }
        self.archive = archive
        self.input = input
        // These formats alone: every other reader of the library is code that a stranger's file cannot reach.
        archive_read_support_filter_gzip(archive)
        archive_read_support_filter_bzip2(archive)
        archive_read_support_filter_xz(archive)
        archive_read_support_filter_zstd(archive)
        archive_read_support_format_zip(archive)
        archive_read_support_format_tar(archive)
        archive_read_support_format_raw(archive)
        archive_read_support_format_empty(archive)
        archive_read_set_callback_data(archive, Unmanaged.passUnretained(input).toOpaque())
        archive_read_set_read_callback(archive) { _, context, out in
            guard let context, let out else { return Int(ARCHIVE_FATAL) }
            guard let bytes = Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue().next() else {
                return Int(ARCHIVE_FATAL)
            }
            out.pointee = bytes.baseAddress
            return bytes.count
        }
        if input.isSeekable {
            archive_read_set_skip_callback(archive) { _, context, count in
                context.map { Unmanaged<ArchiveInput>.fromOpaque($0).takeUnretainedValue().skip(count) } ?? 0
            }
            archive_read_set_seek_callback(archive) { _, context, offset, whence in
                guard let context else { return Int64(ARCHIVE_FATAL) }
                return Unmanaged<ArchiveInput>.fromOpaque(context).takeUnretainedValue().seek(offset, whence)
            }
        }
        guard archive_read_open1(archive) == ARCHIVE_OK else { throw failure() }
    }

    deinit { archive_read_free(archive) }

    /// Compressions around each other.
    var layers: Int { max(0, Int(archive_filter_count(archive)) - 1) }

    /// The next member; `nil` after the last.
    /// - Throws: ``Failure`` when the archive is damaged or cut off.
    func next() throws(Failure) -> Member? {
        var entry: OpaquePointer?
        let status = archive_read_next_header(archive, &entry)
        if status == ARCHIVE_EOF { return nil }
        guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else { throw failure() }
        let isRaw = archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_RAW
        // Without a compression around it, what is no archive would be its own only member, for ever.
        guard !isRaw || layers > 0 else { throw Failure(detail: "its format is not known") }
        let name = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)
        return Member(
            name: isRaw
                ? nil
                : name.map { UnsafeBufferPointer(start: $0, count: strlen($0)).map(UInt8.init(bitPattern:)) } ?? [],
            type: archive_entry_filetype(entry) & S_IFMT,
            size: archive_entry_size_is_set(entry) != 0 ? Int(archive_entry_size(entry)) : nil,
            isEncrypted: archive_entry_is_encrypted(entry) != 0
        )
    }

    /// The next bytes of the current member, counted by the budget; 0 at its end, -1 when they cannot be read.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
            if count == Int(ARCHIVE_RETRY), input.budget.isInTime() { continue }
            goesOn = count > Int(ARCHIVE_FATAL)
            guard count >= 0 else { return -1 }
            return input.budget.count(bytes: count) ? count : -1
        }
    }

    /// Bytes of the current member, up to a bound, behind those that were read before; whether reading failed before
    /// its end.
    func read(onto bytes: inout [UInt8], upTo limit: Int) -> Bool {
        var failed = false
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while bytes.count < limit {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, limit - bytes.count)])
            let count = read(into: part)
            failed = count < 0
            if count <= 0 { break }
            bytes += part[..<count]
        }
        return failed
    }

    /// Passes over what is left of the current member. Where that means to unpack it, the budget is heard.
    func skip() throws(Failure) {
        guard !input.isSeekable || layers > 0 else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(into: buffer)
            if count == 0 { return }
            guard count > 0 else { throw failure() }
        }
    }

    /// What libarchive says is wrong.
    func failure() -> Failure {
        let words = archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be read"
        return Failure(detail: String(words.unicodeScalars.prefix(200).map { $0.value < 0x20 ? " " : Character($0) }))
    }
}
