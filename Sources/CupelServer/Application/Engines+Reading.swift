package import Storage

extension Engines {
    /// Opens the store that the settings name for reading only, beside whoever owns the data directory.
    /// - Throws: `not_found` when the data directory has no database, `storage_unavailable`.
    package static func openForReading(_ settings: CupelSettings) async throws -> any Database {
        guard let url = settings.data.database else {
            return try SQLiteReader(path: DataDirectory.databasePath(in: settings.data.directory))
        }
        return try await PostgresDatabase(url: url, options: .patient)
    }
}
