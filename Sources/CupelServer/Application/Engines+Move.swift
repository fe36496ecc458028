package import CupelCore
import Foundation
package import Storage

extension Engines {
    /// Copies the SQLite of a data directory into an empty PostgreSQL; the source is only read.
    ///
    /// The way is a backup that is restored and let go of: it is verified by counts and digests a table. The data
    /// directory is owned meanwhile, so nobody writes to the source.
    /// - Throws: `data_directory_locked` while a server runs, `conflict` when the target is not empty.
    package static func move(
        _ settings: CupelSettings,
        to url: Secret,
        migrator: Migrator,
        progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> BackupSummary {
        let directory = try DataDirectory(owning: settings.data.directory)
        let target = try await PostgresDatabase(url: url, options: .patient)
        let source = try SQLiteReader(path: directory.databasePath)
        let folder = directory.path + "/move-\(Identifier<Engines>())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let archive = try await BackupWriter(source, version: Version.current).write(into: folder, progress: progress)
        await source.close()
        let restored = try await BackupRestorer(target, migrator: migrator).restore(archive.path, progress: progress)
        await target.close()
        return restored
    }
}
