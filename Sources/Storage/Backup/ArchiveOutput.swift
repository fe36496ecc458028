import CLinux
import CupelCore
import Glibc

/// A file that comes to stand under its name whole or not at all; what is not finished is removed.
final class ArchiveOutput {
    /// The mark of a file that is still being written.
    static let temporarySuffix = ".partial"

    private let directory: String
    private let temporary: String
    private let descriptor: Int32
    private var isFinished = false
    /// Bytes written so far.
    private(set) var count = 0

    /// Makes the temporary file in the target's own directory, readable by its owner only, and locks it.
    init(directory: String, name: String) throws {
        self.directory = directory
        temporary = "\(directory)/.\(name).\(getpid())\(Self.temporarySuffix)"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure(directory, "open") }
        // Who finds the file unlocked knows that its writer is gone.
        _ = clinux_lock_exclusive(descriptor)
    }

    deinit {
        if !isFinished { unlink(temporary) }
        close(descriptor)
    }

    func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let result = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor, raw.baseAddress?.advanced(by: written), raw.count - written)
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { throw Self.failure(directory, "write") }
            written += result
        }
        count += bytes.count
    }

    /// Syncs the file, gives it its name, or a numbered one where that is taken, and returns the path.
    func finish(as name: String, extension suffix: String) throws -> String {
        guard fsync(descriptor) == 0 else { throw Self.failure(directory, "fsync") }
        for attempt in 1...1000 {
            let path = "\(directory)/\(name)\(attempt == 1 ? "" : "-\(attempt)")\(suffix)"
            // Unlike a rename, a link never takes the place of another file.
            if link(temporary, path) == 0 {
                isFinished = true
                unlink(temporary)
                try syncDirectory()
                return path
            }
            guard errno == EEXIST else { throw Self.failure(directory, "link") }
        }
        throw CupelError(.conflict, "\(directory) holds a thousand backups of this second.")
    }

    private func syncDirectory() throws {
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure(directory, "open") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure(directory, "fsync") }
    }

    private static func failure(_ directory: String, _ step: String) -> CupelError {
        let reason = errno
        guard reason == ENOSPC || reason == EDQUOT else {
            return CupelError(
                .storageUnavailable,
                "The backup cannot be written to \(directory) (\(step): \(String(cString: strerror(reason))))."
            )
        }
        return CupelError(
            .storageUnavailable,
            "The disk of \(directory) is full: no backup was made. Free some space, or choose another directory."
        )
    }
}
