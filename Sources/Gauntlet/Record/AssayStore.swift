package import CupelCore
package import Storage

/// A phantom for identifiers of assays.
package enum AssayKind {}
/// The identifier of an assay.
package typealias AssayID = Identifier<AssayKind>

/// Keeps assays with their findings and verdicts.
package struct AssayStore: Sendable {
    private let database: any Database
    private let time: any TimeSource

    /// A store whose tables are there.
    package init(database: any Database, time: any TimeSource = SystemTime()) {
        self.database = database
        self.time = time
    }

    /// Keeps what was found in files, all or nothing.
    /// - Returns: each assay as it is shown, with its identifier.
    package func store(_ assays: [(path: String, assay: Assay)]) async throws -> [JSON] {
        let now = time.now
        return try await database.write { transaction in
            try assays.map { path, assay in
                let id = AssayID(at: now)
                var json = assay.json
                json["id"] = .string(id.description)
                json["path"] = .string(path)
                json["created_at"] = .string(now.description)
                try transaction.execute(
                    """
                    INSERT INTO assays (id, digest, verdict, assay, created_at)
                    VALUES (\(id), \(assay.digest), \(assay.verdict.rawValue), \(json), \(now))
                    """
                )
                return json
            }
        }
    }

    /// The assay as it is shown.
    /// - Throws: `not_found`.
    package func assay(_ id: AssayID) async throws -> JSON {
        let rows = try await database.query("SELECT assay FROM assays WHERE id = \(id)")
        guard let row = rows.first else { throw CupelError(.notFound, "There is no assay \(id).") }
        return try row.json("assay")
    }

    /// Assays, newest first, before a given one.
    package func assays(before cursor: AssayID?, limit: Int) async throws -> [JSON] {
        let before: SQL = cursor.map { "WHERE id < \($0)" } ?? ""
        return try await database.query("SELECT assay FROM assays \(before) ORDER BY id DESC LIMIT \(limit)")
            .map { try $0.json("assay") }
    }

    /// The table of assays.
    package static let migrations = [
        Migration(500, "assays") { _ in
            [
                """
                CREATE TABLE assays (
                    id TEXT PRIMARY KEY, digest TEXT NOT NULL, verdict TEXT NOT NULL, assay TEXT NOT NULL,
                    created_at BIGINT NOT NULL)
                """
            ]
        }
    ]
}
