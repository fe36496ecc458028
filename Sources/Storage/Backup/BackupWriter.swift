package import CupelCore

/// Writes archives of a database: online, from one snapshot, holding one row at a time.
package struct BackupWriter: Sendable {
    private let database: any Database
    private let version: String
    private let time: any TimeSource

    /// A writer for a database, which may be in use.
    /// - Parameter version: Cupel's, for the archive's manifest.
    package init(_ database: any Database, version: String, time: any TimeSource = SystemTime()) {
        self.database = database
        self.version = version
        self.time = time
    }

    /// Writes an archive into a directory, which is made if needed, and gives what it holds.
    ///
    /// The file has mode 0600 and stands under its name only when all of it is on the disk.
    /// - Throws: `storage_unavailable` when the database cannot be read or the disk is full; then no file is left.
    package func write(
        into directory: String,
        progress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) async throws -> BackupSummary {
        let (now, version) = (time.now, version)
        return try await database.read { transaction in
            try BackupFolder.prepare(directory)
            let name = BackupFolder.name(at: now)
            let output = try ArchiveOutput(directory: directory, name: name)
            let layouts = try TableLayout.all(transaction)
            let manifest = try BackupManifest.of(layouts, transaction, cupel: version, at: now)
            let tables = layouts.filter { $0.name != TableLayout.migrations }
            let summaries = try Self.write(manifest, tables, transaction, to: output, progress)
            let path = try output.finish(as: name, extension: BackupFolder.suffix)
            return BackupSummary(path: path, bytes: output.count, manifest: manifest, tables: summaries)
        }
    }

    /// Writes an archive and lets all but the newest ones of its directory go: the work of a scheduled backup.
    /// - Parameter keep: how many archives stay.
    package func write(
        into directory: String,
        keeping keep: Int
    ) async throws -> (written: BackupSummary, removed: [String]) {
        let written = try await write(into: directory)
        return (written, try BackupFolder.prune(directory, keep: keep))
    }

    private static func write(
        _ manifest: BackupManifest,
        _ tables: [TableLayout],
        _ transaction: any Transaction,
        to output: ArchiveOutput,
        _ progress: (BackupProgress) -> Void
    ) throws -> [TableSummary] {
        var hash = SHA256()
        func writeOutside(_ bytes: [UInt8]) throws {
            hash.update(bytes)
            try output.write(bytes)
        }
        let json = Array(manifest.json.text().utf8)
        var head = ArchiveFormat.magic
        ArchiveFormat.append(ArchiveFormat.version, to: &head)
        ArchiveFormat.append(UInt32(json.count), to: &head)
        try writeOutside(head + json + Digest(of: json).bytes)
        let summaries = try tables.map { table in
            var mark = [ArchiveFormat.table]
            ArchiveFormat.append(UInt16(table.name.utf8.count), to: &mark)
            try writeOutside(mark + Array(table.name.utf8))
            let summary = try TableDigest.of(table, transaction, phase: "writing", progress) { try output.write($0) }
            var end = summary.digest.bytes
            ArchiveFormat.append(UInt64(summary.rows), to: &end)
            try writeOutside(end)
            return summary
        }
        try writeOutside([ArchiveFormat.file])
        try output.write(hash.finish())
        return summaries
    }
}

/// Encodes the rows of a table and takes their digest.
enum TableDigest {
    /// Reads all rows of a table, hands over their encoding in chunks, and gives count and digest.
    static func of(
        _ table: TableLayout,
        _ transaction: any Transaction,
        phase: String,
        _ progress: (BackupProgress) -> Void,
        _ consume: ([UInt8]) throws -> Void = { _ in }
    ) throws -> TableSummary {
        var (hash, rows) = (SHA256(), 0)
        var chunk: [UInt8] = []
        chunk.reserveCapacity(ArchiveFormat.chunk + (64 << 10))
        func flush() throws {
            hash.update(chunk)
            try consume(chunk)
            chunk.removeAll(keepingCapacity: chunk.count < ArchiveFormat.chunk * 2)
        }
        progress(BackupProgress(phase: phase, table: table.name, rows: 0))
        try transaction.forEachRow(table.selectAll(transaction.engine)) { row in
            ArchiveFormat.append(row.values, to: &chunk)
            rows += 1
            if chunk.count >= ArchiveFormat.chunk { try flush() }
            guard rows % BackupProgress.interval == 0 else { return }
            progress(BackupProgress(phase: phase, table: table.name, rows: rows))
        }
        chunk.append(ArchiveFormat.end)
        try flush()
        return TableSummary(name: table.name, rows: rows, digest: Digest(finishing: &hash))
    }
}
