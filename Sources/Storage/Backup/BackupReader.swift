import CupelCore
import Dispatch

/// Reads an archive once from beginning to end, checking every digest on the way.
package final class BackupReader {
    /// What the archive says about itself; its own digest was checked.
    package let manifest: BackupManifest
    private let path: String
    private let input: ArchiveInput

    /// Opens an archive and reads its manifest.
    /// - Throws: `not_found`, `validation_error` when it is no archive or is damaged, `schema_too_new` when its format
    ///   is of a later version.
    package init(path: String) throws {
        self.path = path
        input = try ArchiveInput(path: path)
        guard input.remaining >= 12, try input.bytes(8) == ArchiveFormat.magic else {
            throw CupelError(.validationError, "\(path) is no Cupel backup, or its first bytes are damaged.")
        }
        let format = try input.number(UInt32.self)
        guard format == ArchiveFormat.version else {
            throw CupelError(
                .schemaTooNew,
                "\(path) has format \(format), this version reads \(ArchiveFormat.version); use the newer cupel."
            )
        }
        input.place = "manifest"
        let length = Int(try input.number(UInt32.self))
        guard length <= ArchiveFormat.maximumManifest else { throw input.damage("its length is impossible") }
        let bytes = try input.bytes(length)
        guard try input.bytes(ArchiveFormat.digestBytes) == Digest(of: bytes).bytes else {
            throw input.damage("its checksum is wrong")
        }
        let limits = JSONLimits(bytes: ArchiveFormat.maximumManifest, depth: 16, values: 1_000_000)
        guard let json = try? JSON(parsing: String(decoding: bytes, as: UTF8.self), limits: limits),
            let manifest = BackupManifest(json)
        else { throw input.damage("it cannot be understood") }
        self.manifest = manifest
    }

    /// Reads and checks a whole archive and gives what it holds.
    /// - Throws: as ``init(path:)`` and ``read(begin:row:)``.
    package static func verify(
        _ path: String,
        progress: (BackupProgress) -> Void = { _ in }
    ) throws -> BackupSummary {
        let reader = try BackupReader(path: path)
        var (table, rows) = ("", 0)
        return try reader.read {
            (table, rows) = ($0.name, 0)
            progress(BackupProgress(phase: "verifying", table: table, rows: 0))
        } row: { _ in
            rows += 1
            guard rows % BackupProgress.interval == 0 else { return }
            progress(BackupProgress(phase: "verifying", table: table, rows: rows))
        }
    }

    /// Reads and checks a whole archive on a thread of its own.
    /// - Throws: as ``verify(_:progress:)``.
    package static func verify(
        away path: String,
        progress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) async throws -> BackupSummary {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try verify(path, progress: progress) })
            }
        }
    }

    /// Hands over every table and its rows; only once.
    /// - Throws: `validation_error` naming the table and the reason when a byte is not as it was written, and what the
    ///   closures throw. Rows were handed over before their table's digest was checked.
    package func read(
        begin: (BackupManifest.Table) throws -> Void,
        row: ([SQLValue]) throws -> Void
    ) throws -> BackupSummary {
        var summaries: [TableSummary] = []
        for table in manifest.tables {
            input.place = "table \(table.name)"
            guard try input.byte() == ArchiveFormat.table,
                try input.bytes(Int(try input.number(UInt16.self))) == Array(table.name.utf8)
            else { throw input.damage("it does not begin where it should") }
            try begin(table)
            summaries.append(try readRows(of: table, row))
        }
        input.place = "end"
        guard try input.byte() == ArchiveFormat.file else { throw input.damage("its mark is missing") }
        var hash = input.exchange(SHA256())
        guard try input.bytes(ArchiveFormat.digestBytes) == hash.finish() else {
            throw input.damage("the checksum over the file is wrong")
        }
        try input.expectEnd()
        return BackupSummary(path: path, bytes: input.size, manifest: manifest, tables: summaries)
    }

    private func readRows(of table: BackupManifest.Table, _ row: ([SQLValue]) throws -> Void) throws -> TableSummary {
        let outer = input.exchange(SHA256())
        var count = 0
        reading: while true {
            switch try input.byte() {
            case ArchiveFormat.row:
                try row(try table.columns.map { _ in try value() })
                count += 1
            case ArchiveFormat.end: break reading
            default: throw input.damage("row \(count + 1) does not begin where it should")
            }
        }
        var hash = input.exchange(outer)
        let digest = Digest(finishing: &hash)
        guard try input.bytes(ArchiveFormat.digestBytes) == digest.bytes else {
            throw input.damage("the checksum over its rows is wrong")
        }
        guard try input.number(UInt64.self) == UInt64(count) else {
            throw input.damage("the count of its rows is wrong")
        }
        return TableSummary(name: table.name, rows: count, digest: digest)
    }

    private func value() throws -> SQLValue {
        switch try input.byte() {
        case 0: return .null
        case 1: return .integer(try input.number())
        case 2: return .real(Double(bitPattern: try input.number()))
        case 3: return .text(try input.text(Int(try input.number(UInt32.self))))
        case 4: return .bytes(try input.bytes(Int(try input.number(UInt32.self))))
        default: throw input.damage("a value is of no known kind")
        }
    }
}
