import CupelCore
import Glibc
import Synchronization

/// What is known of the disk under a SQLite file: how much is free, and whether the last write that failed failed
/// because of it.
final class SQLiteDiskWatch: Sendable {
    /// The database's file.
    let path: String
    private let hasFailed = Mutex(false)

    /// With less than this free a write may fail at any moment, so readiness says that the disk is full.
    static let minimumFreeBytes: UInt64 = 4 << 20

    init(path: String) { self.path = path }

    /// Bytes that are free where the file lies; `nil` when the system does not tell.
    var freeBytes: UInt64? { DataDirectory.freeBytes(of: path) }

    /// Whether a failure of the disk is one for want of room: SQLite calls some of those errors of reading or writing.
    var isFull: Bool { freeBytes.map { $0 < Self.minimumFreeBytes } ?? false }

    /// A write was refused by the disk.
    func noteFailure() { hasFailed.withLock { $0 = true } }

    /// A write was accepted by the disk.
    func noteSuccess() { hasFailed.withLock { $0 = false } }

    /// Whether a write failed since the last one that was proven to work.
    var isSuspect: Bool { hasFailed.withLock { $0 } }

    /// - Throws: `storage_unavailable` when the room left is not enough to go on.
    func checkRoom() throws {
        guard let free = freeBytes, free < Self.minimumFreeBytes else { return }
        throw CupelError(
            .storageUnavailable,
            "The disk of the data directory is full: \(free >> 10) KiB are free. Free some space; no restart is needed."
        )
    }
}
