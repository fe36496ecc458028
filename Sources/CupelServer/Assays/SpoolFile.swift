import CupelCore
import Glibc

/// A file without a name that is gone with its last descriptor: what is sent, on its way.
final class SpoolFile: Sendable {
    let descriptor: Int32

    /// An empty file on the disk of a directory.
    /// - Throws: `storage_unavailable` with the reason.
    init(in directory: String) throws {
        var template = Array("\(directory)/spool-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw CupelError(
                .storageUnavailable,
                "No file can be made in \(directory): \(String(cString: strerror(errno)))."
            )
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
    }

    deinit { close(descriptor) }

    /// Writes behind what is there.
    /// - Throws: `storage_unavailable`, as for a full disk.
    func append(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else {
                throw CupelError(
                    .storageUnavailable,
                    "What was sent cannot be kept: \(String(cString: strerror(errno)))."
                )
            }
            done += put
        }
    }

    /// Bytes from a place on; none at the end.
    /// - Throws: `storage_unavailable`.
    func bytes(at offset: Int, count: Int) throws -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    count - filled,
                    off_t(offset + filled)
                )
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failed = true }
                if got <= 0 { break }
                filled += got
            }
        }
        if failed { throw CupelError(.storageUnavailable, "What was sent cannot be read again.") }
        return bytes
    }

    /// Goes back to the beginning, for whoever reads by the descriptor.
    func rewind() { lseek(descriptor, 0, SEEK_SET) }
}
