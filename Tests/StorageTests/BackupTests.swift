// Target: StorageTests.

import CupelCore
import CupelTesting
import Foundation
import Storage
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BackupTests {
    static let engines: [DatabaseEngine] = [.sqlite, .postgres]
    static let pairs = engines.flatMap { from in engines.map { (from, $0) } }

    @Test(arguments: pairs) func `what is restored is what was backed up, counts, digests and counters`(
        _ from: DatabaseEngine,
        _ into: DatabaseEngine
    ) async throws {
        let directory = try TemporaryDirectory()
        let source = try await BackupFixture.filled(from, directory)
        let archive = try await BackupFixture.backup(source, directory)
        #expect(archive.tables.map(\.name) == ["animals", "odd name", "pairs", "visits", "zoo"])
        #expect(archive.tables.map(\.rows) == [7, 3, 20, 19, 7])
        let target = try await BackupFixture.open(into, directory)
        let restored = try await BackupRestorer(target, migrator: Migrator([BackupFixture.first]))
            .restore(archive.path)
        #expect(restored.tables == archive.tables)
        // A backup of the restored database is the same again, whichever engine it is on.
        let again = try await BackupFixture.backup(target, directory)
        #expect(again.tables == archive.tables)
        #expect(again.manifest.tables == archive.manifest.tables)
        #expect(again.manifest.steps.map(\.appliedAt) == archive.manifest.steps.map(\.appliedAt))
        #expect(again.path != archive.path)
        // The deleted last number is not given again.
        try await target.execute("INSERT INTO visits (place) VALUES ('after')")
        let last = try await target.query("SELECT max(sequence) AS n FROM visits").first?.integer("n")
        #expect(last == 21)
        // References are checked again.
        let error = await #expect(throws: CupelError.self) {
            try await target.execute("INSERT INTO animals (id, zoo) VALUES (99, 'nowhere')")
        }
        #expect(error?.code == .conflict)
        await source.close()
        await target.close()
    }

    @Test(arguments: engines) func `an older schema is restored and then brought up to date`(
        _ engine: DatabaseEngine
    ) async throws {
        let directory = try TemporaryDirectory()
        let source = try await BackupFixture.filled(.sqlite, directory)
        let archive = try await BackupFixture.backup(source, directory)
        let target = try await BackupFixture.open(engine, directory)
        let migrator = try Migrator([BackupFixture.first, BackupFixture.second])
        _ = try await BackupRestorer(target, migrator: migrator).restore(archive.path)
        let cities = try await target.query("SELECT DISTINCT city FROM zoo").map { try $0.text("city") }
        #expect(cities == ["Ur"])
        let status = try await migrator.status(target)
        #expect(status.allSatisfy { $0.appliedAt != nil })
        await source.close()
        await target.close()
    }

    @Test(arguments: engines) func `a restore never overwrites, and a refused one leaves everything as it was`(
        _ engine: DatabaseEngine
    ) async throws {
        let directory = try TemporaryDirectory()
        let source = try await BackupFixture.filled(.sqlite, directory)
        let archive = try await BackupFixture.backup(source, directory)
        let target = try await BackupFixture.open(engine, directory)
        let migrator = try Migrator([BackupFixture.first])
        _ = try await migrator.up(target)
        try await target.execute("INSERT INTO zoo (id, name) VALUES ('mine', 'mine')")
        let error = await #expect(throws: CupelError.self) {
            try await BackupRestorer(target, migrator: migrator).restore(archive.path)
        }
        #expect(error?.code == .conflict)
        #expect(error?.message.contains("table zoo") == true)
        let kept = try await target.query("SELECT id FROM zoo").map { try $0.text("id") }
        #expect(kept == ["mine"])
        // Only the schema and no rows is as good as empty.
        try await target.execute("DELETE FROM zoo")
        let restored = try await BackupRestorer(target, migrator: migrator).restore(archive.path)
        #expect(restored.tables == archive.tables)
        await source.close()
        await target.close()
    }

    @Test func `an archive of a newer schema, a changed step or a stranger's database is refused`() async throws {
        let directory = try TemporaryDirectory()
        let source = try await BackupFixture.filled(.sqlite, directory)
        _ = try await Migrator([BackupFixture.first, BackupFixture.second]).up(source)
        let archive = try await BackupFixture.backup(source, directory)
        let target = try await BackupFixture.open(.sqlite, directory)
        let older = await #expect(throws: CupelError.self) {
            try await BackupRestorer(target, migrator: Migrator([BackupFixture.first])).restore(archive.path)
        }
        #expect(older?.code == .schemaTooNew)
        let changed = Migration(1, "first") { _ in ["CREATE TABLE other (id TEXT)"] }
        let different = await #expect(throws: CupelError.self) {
            try await BackupRestorer(target, migrator: Migrator([changed, BackupFixture.second])).restore(archive.path)
        }
        #expect(different?.message.contains("another form") == true)
        try await target.execute("CREATE TABLE theirs (id TEXT)")
        let migrator = try Migrator([BackupFixture.first, BackupFixture.second])
        let stranger = await #expect(throws: CupelError.self) {
            try await BackupRestorer(target, migrator: migrator).restore(archive.path)
        }
        #expect(stranger?.message.contains("theirs") == true)
        await source.close()
        await target.close()
    }

    @Test(arguments: engines) func `a backup beside writers is one moment of the database`(
        _ engine: DatabaseEngine
    ) async throws {
        let directory = try TemporaryDirectory()
        let database = try await BackupFixture.filled(engine, directory)
        try await database.execute("DELETE FROM visits")
        try await database.execute("DELETE FROM pairs")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Ends with the group: both tables always change together.
                for number in 1... {
                    if Task.isCancelled { return }
                    try await database.write { transaction in
                        try transaction.execute("INSERT INTO visits (place) VALUES ('x')")
                        try transaction.execute("INSERT INTO pairs (b, a) VALUES ('x', \(number))")
                    }
                }
            }
            for _ in 0..<10 {
                let rows = try await BackupFixture.backup(database, directory).tables
                #expect(rows.first { $0.name == "visits" }?.rows == rows.first { $0.name == "pairs" }?.rows)
            }
            group.cancelAll()
        }
        await database.close()
    }

    @Test func `a reader beside the owner backs up what the owner has committed`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/t.db"
        let owner = try SQLiteDatabase(path: path)
        _ = try await Migrator([BackupFixture.first]).up(owner)
        try await owner.execute("INSERT INTO zoo (id, name) VALUES ('a', 'a')")
        let reader = try SQLiteReader(path: path)
        let archive = try await BackupFixture.backup(reader, directory)
        #expect(archive.tables.last?.rows == 1)
        await #expect(throws: CupelError.self) { try await reader.execute("DELETE FROM zoo") }
        await reader.close()
        await owner.close()
        let missing = #expect(throws: CupelError.self) { try SQLiteReader(path: directory.path + "/none.db") }
        #expect(missing?.code == .notFound)
    }

    @Test func `archives are private, listed newest first and pruned to the newest`() async throws {
        let directory = try TemporaryDirectory()
        let database = try await BackupFixture.filled(.sqlite, directory)
        let folder = directory.path + "/backups"
        try directory.write("left by a killed writer", to: "backups/.cupel-20200101T000000Z.1.partial")
        try directory.write("not ours", to: "backups/other.backup")
        for _ in 0..<4 { _ = try await BackupFixture.backup(database, directory) }
        let all = BackupFolder.list(folder)
        #expect(all.count == 4)
        #expect(all.allSatisfy { $0.manifest?.cupel == "0.0.0-test" })
        let mode = try FileManager.default.attributesOfItem(atPath: all[0].path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let gone = try BackupFolder.prune(folder, keep: 2)
        #expect(gone == all.dropFirst(2).map(\.path))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(left.count == 3)
        #expect(left.contains("other.backup"))
        await database.close()
    }

    @Test(arguments: engines) func `rows are handed over one at a time, and a body that throws ends it`(
        _ engine: DatabaseEngine
    ) async throws {
        struct Enough: Error {}
        let directory = try TemporaryDirectory()
        let database = try await BackupFixture.open(engine, directory)
        // A hundred thousand million rows would never be held.
        let endless: SQL = """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT i FROM n
            """
        await #expect(throws: Enough.self) {
            try await database.read { transaction in
                var seen = 0
                let statement: SQL = engine == .sqlite ? endless : "SELECT i FROM generate_series(1, 20000000) AS t (i)"
                try transaction.forEachRow(statement) { row in
                    seen += 1
                    #expect(try row.integer("i") == seen)
                    if seen == 1000 { throw Enough() }
                }
            }
        }
        try await database.check()
        let error = await #expect(throws: CupelError.self) {
            try await database.read { try $0.forEachRow("SELECT nothing FROM nowhere") { _ in } }
        }
        #expect(error?.code == .internalError)
        await database.close()
    }
}
