import CupelCore
package import Storage

/// Keeps playbooks.
package struct PlaybookStore: Sendable {
    private let database: any Database

    /// A store whose tables are there.
    package init(database: any Database) { self.database = database }

    /// The playbook.
    /// - Throws: `not_found`.
    package func playbook(_ id: PlaybookID) async throws -> PlaybookRecord {
        let rows = try await database.query("SELECT * FROM playbooks WHERE id = \(id)")
        guard let row = rows.first else { throw CupelError(.notFound, "There is no playbook \(id).") }
        return try PlaybookRecord(row: row)
    }

    /// Playbooks, newest first, before a given one.
    package func playbooks(before cursor: PlaybookID?, limit: Int) async throws -> [PlaybookRecord] {
        let before: SQL = cursor.map { "WHERE id < \($0)" } ?? ""
        return try await database.query("SELECT * FROM playbooks \(before) ORDER BY id DESC LIMIT \(limit)")
            .map(PlaybookRecord.init(row:))
    }

    /// How many there are with each verdict.
    package func counts() async throws -> [String: Int] {
        let rows = try await database.query("SELECT verdict, count(*) AS n FROM playbooks GROUP BY verdict")
        return try rows.reduce(into: [:]) { $0[try $1.text("verdict")] = try $1.integer("n") }
    }
}
