public import Glibc

/// Reads files that may be hostile: never more than a stated number of bytes, never a device or a pipe.
public enum BoundedFile {
    /// The bytes of a regular file.
    /// - Throws: ``CupelError`` `not_found` when it cannot be opened, `validation_error` when it is no regular file,
    ///   `payload_too_large` when it is over `limit` bytes.
    public static func bytes(at path: String, limit: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw CupelError(.notFound, "\(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CupelError(.validationError, "\(path) is not a regular file.")
        }
        return try bytes(of: descriptor, limit: limit, named: path)
    }

    /// The text of a regular file, which must be UTF-8.
    /// - Throws: as ``bytes(at:limit:)``, and `validation_error` when it is not UTF-8.
    public static func text(at path: String, limit: Int) throws -> String {
        guard let text = String(validating: try bytes(at: path, limit: limit), as: UTF8.self) else {
            throw CupelError(.validationError, "\(path) is not UTF-8 text.")
        }
        return text
    }

    /// All bytes that a descriptor still gives, standard input for instance.
    /// - Throws: ``CupelError`` `payload_too_large` beyond `limit` bytes, `internal_error` when reading fails.
    public static func bytes(of descriptor: Int32, limit: Int, named name: String) throws -> [UInt8] {
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CupelError(.internalError, "\(name) cannot be read: \(String(cString: strerror(errno)))")
            }
            guard count > 0 else { return result }
            result += buffer[..<count]
            guard result.count <= limit else {
                throw CupelError(.payloadTooLarge, "\(name) is over \(limit) bytes.")
            }
        }
    }

    /// Writes a file so that it is there whole or not at all: a temporary beside it, synced, then renamed.
    /// - Throws: ``CupelError`` `storage_unavailable` naming the path and the reason.
    public static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o644) throws {
        let temporary = "\(path).\(getpid()).tmp"
        func failure(_ step: String) -> CupelError {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            return CupelError(.storageUnavailable, "\(path) cannot be written (\(step): \(reason)).")
        }
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw failure("open") }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write") }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("fsync") }
        guard rename(temporary, path) == 0 else { throw failure("rename") }
    }
}
