import CLinux
import CupelCore
import Glibc

/// The directory that holds everything of one installation: database, token, tools, caches.
///
/// Who holds its lock owns it; there is at most one owner at a time.
package final class DataDirectory: Sendable {
    /// The path, without a slash at its end.
    package let path: String
    private let lock: Int32

    /// The database file.
    package var databasePath: String { Self.databasePath(in: path) }
    /// The token that the API asks for.
    package var tokenPath: String { Self.tokenPath(in: path) }
    /// Where the scanner keeps its compiled rules.
    package var cachePath: String { path + "/cache" }

    /// Bytes that must be free before work starts.
    package static let minimumFreeBytes: UInt64 = 64 << 20

    /// Where a directory's database lies.
    package static func databasePath(in path: String) -> String { path + "/cupel.db" }

    /// Where a directory's token lies.
    package static func tokenPath(in path: String) -> String { path + "/token" }

    /// Where the owner of a directory says how it is reached.
    package static func endpointPath(in path: String) -> String { path + "/endpoint" }

    /// Makes the directory if needed, proves that it can be written, and takes its lock.
    /// - Throws: `storage_unavailable` with the reason and what to do; `data_directory_locked` with the owner's
    ///   process id.
    package init(owning path: String) throws {
        self.path = path
        try Self.prepare(path)
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw CupelError(.storageUnavailable, "\(path)/lock cannot be opened: \(String(cString: strerror(errno))).")
        }
        guard clinux_lock_exclusive(lock) == 0 else {
            let owner = Self.owner(of: path).map { " by process \($0)" } ?? ""
            close(lock)
            throw CupelError(
                .dataDirectoryLocked,
                "The data directory \(path) is in use\(owner). Stop it, or set data.dir to another directory."
            )
        }
        // What a killed owner left must not lead anyone to an address that is no longer ours.
        unlink(Self.endpointPath(in: path))
        ftruncate(lock, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = text.withUnsafeBytes { pwrite(lock, $0.baseAddress, $0.count, 0) }
    }

    /// Uses a directory that others may use too: for processes that keep nothing in it but caches.
    /// - Throws: `storage_unavailable` with the reason and what to do.
    package init(using path: String) throws {
        self.path = path
        lock = -1
        try Self.prepare(path)
    }

    deinit { if lock >= 0 { close(lock) } }

    /// The process that owns a directory's lock right now, if any does.
    package static func owner(of path: String) -> Int32? {
        let descriptor = open(path + "/lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if clinux_lock_exclusive(descriptor) == 0 { return nil }
        let text = (try? BoundedFile.bytes(of: descriptor, limit: 64, named: path)) ?? []
        return Int32(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
    }

    /// Bytes that are free where a path lies, or would lie; `nil` when the system does not tell.
    package static func freeBytes(of path: String) -> UInt64? {
        var status = statvfs()
        var place = Substring(path)
        while statvfs(place.isEmpty ? "/" : String(place), &status) != 0 {
            guard let slash = place.lastIndex(of: "/") else { return nil }
            place = place[..<slash]
        }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    /// Refuses a full disk before anything is made on it.
    private static func prepare(_ path: String) throws {
        if let free = freeBytes(of: path), free < minimumFreeBytes {
            throw CupelError(
                .storageUnavailable,
                "The disk of \(path) has \(free >> 20) MiB free; \(minimumFreeBytes >> 20) MiB are needed. Free some "
                    + "space, or set data.dir to a directory on another disk."
            )
        }
        try make(path)
        try make(path + "/cache")
        try proveWritable(path)
    }

    private static func make(_ path: String) throws {
        var partial = path.hasPrefix("/") ? "" : "."
        for piece in path.split(separator: "/") {
            partial += "/" + piece
            guard mkdir(partial, 0o700) != 0, errno != EEXIST else { continue }
            let reason = String(cString: strerror(errno))
            throw CupelError(
                .storageUnavailable,
                "\(partial) cannot be made: \(reason). Set data.dir to a directory you may write."
            )
        }
    }

    private static func proveWritable(_ path: String) throws {
        do {
            try BoundedFile.replace(path + "/.probe", with: [0x0A], mode: 0o600)
        } catch {
            throw CupelError(
                .storageUnavailable,
                "The data directory \(path) cannot be written: \((error as? CupelError)?.message ?? "") Make it "
                    + "writable, or set data.dir to a directory you may write.",
                cause: error
            )
        }
        unlink(path + "/.probe")
    }
}
