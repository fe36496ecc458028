import CLinux
import CupelCore
import Foundation

/// A directory of archives: their names, which there are, and which are let go.
package enum BackupFolder {
    /// What every archive's name ends with.
    package static let suffix = ".backup"
    private static let prefix = "cupel-"

    /// An archive in a directory.
    package struct Entry: Sendable {
        /// Where it lies.
        package let path: String
        /// Its size.
        package let bytes: Int
        /// What it says about itself; `nil` when not even that can be read.
        package let manifest: BackupManifest?
    }

    /// Where the archives of a data directory lie unless another place is named.
    package static func standard(in dataDirectory: String) -> String { dataDirectory + "/backups" }

    /// The archives in a directory, the newest first; their rows are not checked.
    package static func list(_ directory: String) -> [Entry] {
        names(directory).sorted(by: >).map { name in
            let path = directory + "/" + name
            let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            return Entry(path: path, bytes: size, manifest: (try? BackupReader(path: path))?.manifest)
        }
    }

    /// Removes all but the newest archives and gives the paths of those that are gone.
    /// - Parameter keep: how many stay; at least one does.
    /// - Throws: `storage_unavailable` naming the archive that cannot be removed.
    package static func prune(_ directory: String, keep: Int) throws -> [String] {
        try names(directory).sorted(by: >).dropFirst(max(1, keep)).map { name in
            let path = directory + "/" + name
            guard unlink(path) == 0 || errno == ENOENT else {
                throw CupelError(
                    .storageUnavailable,
                    "The old backup \(path) cannot be removed: \(String(cString: strerror(errno)))."
                )
            }
            return path
        }
    }

    /// Makes the directory where it is missing and removes what a killed writer left in it.
    static func prepare(_ directory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw CupelError(
                .storageUnavailable,
                "The directory \(directory) cannot be made; name one that you may write.",
                cause: error
            )
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for name in names where name.hasPrefix(".\(prefix)") && name.hasSuffix(ArchiveOutput.temporarySuffix) {
            let descriptor = open(directory + "/" + name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            // A writer that lives holds the lock.
            if clinux_lock_exclusive(descriptor) == 0 { unlink(directory + "/" + name) }
            close(descriptor)
        }
    }

    /// `cupel-20260301T093000Z`, without the suffix.
    static func name(at moment: Timestamp) -> String {
        prefix + moment.description.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    private static func names(_ directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
            .filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
    }
}
