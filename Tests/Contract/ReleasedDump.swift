import CupelCore
import CupelTesting
import Foundation
import Storage
import Testing

/// What a released version wrote: its schema and a few rows of every table, as the engine's own tool dumps them.
struct ReleasedDump: Sendable, CustomTestStringConvertible {
    let version: String
    let engine: DatabaseEngine
    private let path: String

    var testDescription: String { "\(version) on \(engine.rawValue)" }

    private static let folder = CupelProcess.root + "/Tests/StorageTests/Releases"

    /// Every dump that is kept: `<version>.<engine>.sql`.
    static let all: [ReleasedDump] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { name in
            guard name.hasSuffix(".sql") else { return nil }
            let stem = name.dropLast(4)
            guard let dot = stem.lastIndex(of: "."),
                let engine = DatabaseEngine(rawValue: String(stem[stem.index(after: dot)...]))
            else { return nil }
            return ReleasedDump(version: String(stem[..<dot]), engine: engine, path: folder + "/" + name)
        }
    }()

    static func of(_ version: String) -> [ReleasedDump] { all.filter { $0.version == version } }

    /// Runs the dump's statements in an empty database, in one transaction.
    func load(into database: any Database) async throws {
        let lines = try BoundedFile.text(at: path, limit: 4 << 20).split(
            separator: "\n",
            omittingEmptySubsequences: true
        )
        .filter { !$0.hasPrefix("--") }
        // What the tools say to their own clients, and what `write` does already.
        let idle = ["PRAGMA ", "BEGIN", "COMMIT", "SET ", "SELECT pg_catalog.set_config"]
        let statements = (lines.joined(separator: "\n") + "\n").components(separatedBy: ";\n")
            .filter { statement in !statement.isEmpty && !idle.contains { statement.hasPrefix($0) } }
        try await database.write { transaction in
            for statement in statements { _ = try transaction.query(SQL(parts: [.text(statement)])) }
        }
    }
}
