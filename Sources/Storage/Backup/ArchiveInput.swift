import CupelCore
import Glibc

/// Reads an archive from its beginning, a chunk at a time, and hashes what was taken.
final class ArchiveInput {
    /// The archive's size.
    let size: Int
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0
    /// The first byte in the buffer that no hash has taken yet.
    private var unhashed = 0
    private var read = 0
    private var hash = SHA256()
    /// What is being read, for errors.
    var place = "header"

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw CupelError(.notFound, "\(path): \(String(cString: strerror(errno)))") }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw CupelError(.validationError, "\(path) is not a regular file.")
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Bytes that were not taken yet.
    var remaining: Int { size - read + buffer.count - position }

    /// The error of an archive that is not as it was written.
    func damage(_ reason: String) -> CupelError {
        CupelError(
            .validationError,
            "\(path) is damaged (\(place): \(reason)). Nothing of it can be trusted; use another backup."
        )
    }

    func byte() throws -> UInt8 {
        try need(1)
        position += 1
        return buffer[position - 1]
    }

    func bytes(_ count: Int) throws -> [UInt8] {
        try need(count)
        position += count
        return Array(buffer[position - count..<position])
    }

    func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws -> Number {
        let count = Number.bitWidth / 8
        try need(count)
        position += count
        return buffer.withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: position - count, as: Number.self))
        }
    }

    func text(_ count: Int) throws -> String {
        guard let text = String(validating: try bytes(count), as: UTF8.self) else { throw damage("a text is no UTF-8") }
        return text
    }

    /// Steps back over the byte that was taken last.
    func stepBack() { position -= 1 }

    /// Gives the hash over everything taken since the last exchange, and hashes what follows into another.
    func exchange(_ other: SHA256) -> SHA256 {
        hashTaken()
        let current = hash
        hash = other
        return current
    }

    /// Proves that nothing follows.
    func expectEnd() throws {
        guard remaining == 0 else { throw damage("\(remaining) bytes follow its end") }
    }

    private func hashTaken() {
        if unhashed < position { hash.update(Array(buffer[unhashed..<position])) }
        unhashed = position
    }

    private func need(_ count: Int) throws {
        guard buffer.count - position < count else { return }
        guard count <= remaining else { throw damage("it ends too early") }
        hashTaken()
        buffer.removeFirst(position)
        (position, unhashed) = (0, 0)
        while buffer.count < count { try fill(max(count - buffer.count, ArchiveFormat.chunk)) }
    }

    private func fill(_ wanted: Int) throws {
        let filled = buffer.count
        let limit = min(wanted, size - read)
        guard limit > 0 else { throw damage("it ends too early") }
        buffer.append(contentsOf: repeatElement(0, count: limit))
        let result = buffer.withUnsafeMutableBytes { raw in
            Glibc.read(descriptor, raw.baseAddress?.advanced(by: filled), limit)
        }
        let reason = errno
        buffer.removeLast(limit - max(0, result))
        if result < 0, reason == EINTR { return }
        guard result >= 0 else {
            throw CupelError(.storageUnavailable, "\(path) cannot be read: \(String(cString: strerror(reason)))")
        }
        guard result > 0 else { throw damage("it ends too early") }
        read += result
    }
}
