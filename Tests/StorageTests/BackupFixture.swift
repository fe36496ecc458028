// Target: StorageTests.

import CupelCore
import CupelTesting
import Glibc
import Storage

/// Databases and archives that the tests of backups share.
enum BackupFixture {
    /// A schema with every kind of value, a reference against the alphabet, a counted key and a double key.
    static let first = Migration(1, "first") { engine in
        [
            "CREATE TABLE zoo (id TEXT PRIMARY KEY, name TEXT NOT NULL)",
            """
            CREATE TABLE animals (
                id BIGINT PRIMARY KEY, zoo TEXT REFERENCES zoo (id), friend BIGINT REFERENCES animals (id),
                weight DOUBLE PRECISION, picture \(raw: engine.bytesType), note TEXT)
            """,
            "CREATE TABLE visits (sequence \(raw: engine.countedKey), place TEXT NOT NULL)",
            "CREATE TABLE pairs (b TEXT NOT NULL, a BIGINT NOT NULL, n BIGINT, PRIMARY KEY (b, a))",
            "CREATE TABLE \"odd name\" (\"a column\" TEXT)",
        ]
    }
    static let second = Migration(2, "second") { _ in ["ALTER TABLE zoo ADD COLUMN city TEXT DEFAULT 'Ur'"] }

    static func open(_ engine: DatabaseEngine, _ directory: TemporaryDirectory) async throws -> any Database {
        switch engine {
        case .sqlite: try SQLiteDatabase(path: directory.path + "/\(Identifier<SQLiteDatabase>()).db")
        case .postgres: try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        }
    }

    /// A database with the first step and rows that are hard to keep.
    static func filled(
        _ engine: DatabaseEngine,
        _ directory: TemporaryDirectory,
        rows: Int = 20
    ) async throws -> any Database {
        let database = try await open(engine, directory)
        _ = try await Migrator([first]).up(database)
        try await database.write { transaction in
            for id in ["é", "z", "a", "Z", "😀", "", "a b"] {
                try transaction.execute("INSERT INTO zoo (id, name) VALUES (\(id), \("quote ' \" \\ \n\(id)"))")
            }
            let numbers = [Int64.min, -1, 0, 1, Int64.max]
            for number in numbers {
                let picture: [UInt8] = [0, 255, 39, 92, UInt8(truncatingIfNeeded: number)]
                try transaction.execute(
                    """
                    INSERT INTO animals (id, zoo, weight, picture, note)
                    VALUES (\(number), \("é"), \(-0.0), \(picture), \(""))
                    """
                )
            }
            let none: String? = nil
            try transaction.execute("INSERT INTO animals (id, friend, weight) VALUES (-7, 1, \(Double.infinity))")
            try transaction.execute("INSERT INTO animals (id, zoo, weight) VALUES (7, \(none), \(0.1 + 0.2))")
            for number in 0..<rows {
                try transaction.execute("INSERT INTO visits (place) VALUES (\("place \(number)"))")
                try transaction.execute("INSERT INTO pairs (b, a, n) VALUES (\("b\(number % 3)"), \(-number), NULL)")
            }
            try transaction.execute("DELETE FROM visits WHERE sequence = \(rows)")
            for value in ["b", "a", none] {
                try transaction.execute("INSERT INTO \"odd name\" (\"a column\") VALUES (\(value))")
            }
        }
        return database
    }

    static func backup(_ database: any Database, _ directory: TemporaryDirectory) async throws -> BackupSummary {
        try await BackupWriter(database, version: "0.0.0-test").write(into: directory.path + "/backups")
    }

    static func bytes(_ path: String) throws -> [UInt8] { try BoundedFile.bytes(at: path, limit: 64 << 20) }
}
