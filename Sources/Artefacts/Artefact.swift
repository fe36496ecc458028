// Artefacts: what was made. Immutable bytes named by their SHA-256, with what they are and where they came from.

package import CupelCore
package import Storage

/// Something that was made, without its bytes.
package struct Artefact: Sendable {
    /// The name: SHA-256 of the bytes.
    package let digest: Digest
    /// What it is, as `playbook`.
    package let kind: String
    /// The media type of the bytes.
    package let mediaType: String
    /// The number of bytes.
    package let size: Int
    /// When it was first stored.
    package let createdAt: Timestamp
}

/// The artefacts' tables.
package enum ArtefactMigrations {
    /// All steps, in order.
    package static let all = [
        Migration(200, "artefacts by digest") { engine in
            [
                """
                CREATE TABLE artefacts (
                    digest TEXT PRIMARY KEY, kind TEXT NOT NULL, media_type TEXT NOT NULL, size BIGINT NOT NULL,
                    bytes \(raw: engine.bytesType) NOT NULL, created_at BIGINT NOT NULL)
                """
            ]
        }
    ]
}
