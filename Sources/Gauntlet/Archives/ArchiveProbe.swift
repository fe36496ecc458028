import CupelCore
import Glibc

/// A first look at an archive, before anything is done with it.
package enum ArchiveProbe {
    /// Bytes of the first member that must be there.
    private static let firstBytes = 4096

    /// What the first member of an archive may take.
    private static var limits: ArchiveLimits {
        var limits = ArchiveLimits()
        limits.expandedBytes = 64 << 20
        limits.time = .seconds(5)
        return limits
    }

    /// Looks whether an open file is an archive that can be opened and has a first member.
    /// - Returns: what is in the way, in a sentence for a person; `nil` when nothing is.
    package static func problem(with descriptor: Int32) -> String? {
        guard let head = headOf(descriptor), ArchiveKind.isOne(head) else {
            return "is no archive that can be opened: zip, tar, gzip, bzip2, xz or zstd, told by its first bytes"
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return "cannot be read again" }
        let own = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { return "cannot be read again" }
        let file = ArchiveFile(own, size: Int(status.st_size))
        let budget = ArchiveBudget(limits, packed: file.size, time: SystemTime(), isCancelled: { false })
        do throws(ArchiveReader.Failure) {
            let reader = try ArchiveReader(ArchiveInput(.file(file), budget: budget))
            guard let member = try reader.next(), !member.isEncrypted else { return nil }
            var bytes: [UInt8] = []
            if reader.read(onto: &bytes, upTo: firstBytes) { throw reader.failure() }
            return nil
        } catch {
            return "is an archive that is damaged or cut off: \(error.detail)"
        }
    }

    private static func headOf(_ descriptor: Int32) -> [UInt8]? {
        var head = [UInt8](repeating: 0, count: ArchiveKind.probe)
        let count = pread(descriptor, &head, head.count, 0)
        return count > 0 ? Array(head[..<count]) : nil
    }
}
