import CArchive
import Glibc
import Synchronization

/// An open file that is an archive; closed when it is let go of.
final class ArchiveFile: Sendable {
    let descriptor: Int32
    /// Its bytes when it was opened.
    let size: Int
    private let read = Atomic(0)

    /// Bytes that were read of it so far; some may have been read twice.
    var bytesRead: Int { read.load(ordering: .relaxed) }

    /// Takes over a descriptor.
    init(_ descriptor: Int32, size: Int) {
        self.descriptor = descriptor
        self.size = size
    }

    deinit { close(descriptor) }

    func bytes(into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
        let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(position))
        if count > 0 { read.add(count, ordering: .relaxed) }
        return count
    }
}

/// Where the bytes of an archive come from, 64 KiB at a time.
final class ArchiveInput {
    /// What they come from.
    enum Origin {
        /// A file, in which reading may jump.
        case file(ArchiveFile)
        /// Bytes, in which reading may jump.
        case bytes([UInt8])
        /// The current member of another archive, of which a first part was read before.
        case member(ArchiveReader, head: [UInt8])
    }

    private static let chunk = 64 << 10

    let budget: ArchiveBudget
    /// Whether reading may jump, so that what is not wanted costs nothing.
    var isSeekable: Bool {
        if case .member = origin { return false }
        return true
    }

    private let origin: Origin
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
    private var position = 0

    init(_ origin: Origin, budget: ArchiveBudget) {
        self.origin = origin
        self.budget = budget
    }

    deinit { buffer.deallocate() }

    /// The next bytes, which stay where they are until the next call; none at the end, `nil` when reading failed or
    /// the budget is used up.
    func next() -> UnsafeRawBufferPointer? {
        guard budget.isInTime() else { return nil }
        let count: Int
        switch origin {
        case .file(let file): count = file.bytes(into: buffer, at: position)
        case .bytes(let bytes): count = copy(bytes)
        case .member(let reader, let head): count = position < head.count ? copy(head) : reader.read(into: buffer)
        }
        guard count >= 0 else { return nil }
        position += count
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    /// Jumps forward; how far.
    func skip(_ count: Int64) -> Int64 {
        guard isSeekable, count > 0, let wanted = Int(exactly: count) else { return 0 }
        let step = min(wanted, max(0, length - position))
        position += step
        return Int64(step)
    }

    /// Jumps to a place as lseek(2) does; where it is then, or `ARCHIVE_FATAL`.
    func seek(_ offset: Int64, _ whence: Int32) -> Int64 {
        guard isSeekable, let offset = Int(exactly: offset) else { return Int64(ARCHIVE_FATAL) }
        let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : length
        let (target, overflows) = base.addingReportingOverflow(offset)
        guard !overflows, target >= 0 else { return Int64(ARCHIVE_FATAL) }
        position = min(target, length)
        return Int64(position)
    }

    private var length: Int {
        switch origin {
        case .file(let file): file.size
        case .bytes(let bytes): bytes.count
        case .member: Int.max
        }
    }

    private func copy(_ bytes: [UInt8]) -> Int {
        let count = min(buffer.count, max(0, bytes.count - position))
        if count > 0 {
            bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[position..<position + count])) }
        }
        return count
    }
}
