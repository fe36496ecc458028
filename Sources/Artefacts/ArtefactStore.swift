package import CupelCore
package import Storage

/// Stores artefacts by content: the same bytes are kept once, and what is read is checked against its name.
package struct ArtefactStore: Sendable {
    private let database: any Database
    private let time: any TimeSource

    /// The largest artefact, in bytes.
    package static let maximumBytes = 64 << 20

    /// A store whose tables are there.
    package init(database: any Database, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
    }

    /// Stores bytes and gives their name.
    /// - Throws: `payload_too_large`, `storage_unavailable`.
    package func store(_ bytes: [UInt8], kind: String, mediaType: String) async throws -> Artefact {
        try await database.write { try self.store(bytes, kind: kind, mediaType: mediaType, in: $0) }
    }

    /// Stores bytes as part of the caller's transaction.
    /// - Throws: `payload_too_large`.
    @discardableResult
    package func store(
        _ bytes: [UInt8],
        kind: String,
        mediaType: String,
        in transaction: any Transaction
    ) throws -> Artefact {
        guard bytes.count <= Self.maximumBytes else {
            throw CupelError(.payloadTooLarge, "The artefact is over \(Self.maximumBytes) bytes.")
        }
        let artefact = Artefact(
            digest: Digest(of: bytes),
            kind: kind,
            mediaType: mediaType,
            size: bytes.count,
            createdAt: time.now
        )
        try transaction.execute(
            """
            INSERT INTO artefacts (digest, kind, media_type, size, bytes, created_at)
            VALUES (\(artefact.digest), \(kind), \(mediaType), \(bytes.count), \(bytes), \(artefact.createdAt))
            ON CONFLICT (digest) DO NOTHING
            """
        )
        return artefact
    }

    /// What is known of an artefact.
    /// - Throws: `not_found`.
    package func artefact(_ digest: Digest) async throws -> Artefact {
        let rows = try await database.query(
            "SELECT digest, kind, media_type, size, created_at FROM artefacts WHERE digest = \(digest)"
        )
        guard let row = rows.first else { throw missing(digest) }
        return Artefact(
            digest: try row.digest("digest"),
            kind: try row.text("kind"),
            mediaType: try row.text("media_type"),
            size: try row.integer("size"),
            createdAt: try row.timestamp("created_at")
        )
    }

    /// The bytes, checked against their name.
    /// - Throws: `not_found`; `storage_unavailable` when what is stored does not match its name.
    package func bytes(_ digest: Digest) async throws -> [UInt8] {
        let rows = try await database.query("SELECT bytes FROM artefacts WHERE digest = \(digest)")
        guard let row = rows.first else { throw missing(digest) }
        let bytes = try row.bytes("bytes")
        guard Digest(of: bytes) == digest else {
            throw CupelError(.storageUnavailable, "The artefact \(digest) is damaged; restore a backup.")
        }
        return bytes
    }

    private func missing(_ digest: Digest) -> CupelError {
        CupelError(.notFound, "There is no artefact \(digest).")
    }
}
