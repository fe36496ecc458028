import CupelCore
import CupelTesting
import Glibc
import Storage
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SQLiteDatabaseTests {
    @Test func `the writer syncs fully and the file is in WAL mode`() async throws {
        let directory = try TemporaryDirectory()
        let database = try SQLiteDatabase(path: directory.path + "/t.db")
        let level = try await database.write { try $0.query("PRAGMA synchronous").first?.integer("synchronous") }
        // 2 is FULL; the pool would leave 1, NORMAL.
        #expect(level == 2)
        let mode = try await database.write { try $0.query("PRAGMA journal_mode").first?.text("journal_mode") }
        #expect(mode == "wal")
        await database.close()
    }

    @Test func `writes beyond the bound are refused and those within it are kept`() async throws {
        let directory = try TemporaryDirectory()
        let database = try SQLiteDatabase(path: directory.path + "/t.db", maximumPendingWrites: 2)
        try await database.execute("CREATE TABLE t (n BIGINT)")
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    do {
                        try await database.write { transaction in
                            usleep(2000)
                            try transaction.execute("INSERT INTO t (n) VALUES (\(number))")
                        }
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let kept = try await database.query("SELECT count(*) AS n FROM t").first?.integer("n")
        #expect(kept == outcomes.filter { $0 }.count)
        #expect(outcomes.contains(false))
    }

    @Test func `a data directory has one owner, and the second is told who`() throws {
        let directory = try TemporaryDirectory()
        do {
            let owner = try DataDirectory(owning: directory.path + "/data")
            let error = #expect(throws: CupelError.self) { try DataDirectory(owning: owner.path) }
            #expect(error?.code == .dataDirectoryLocked)
            #expect(error?.message.contains("\(getpid())") == true)
            #expect(DataDirectory.owner(of: owner.path) == getpid())
        }
        #expect(DataDirectory.owner(of: directory.path + "/data") == nil)
        _ = try DataDirectory(owning: directory.path + "/data")
    }

    @Test func `a data directory that cannot be made names the reason`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("a file", to: "blocked")
        let error = #expect(throws: CupelError.self) { try DataDirectory(owning: directory.path + "/blocked/data") }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("data.dir") == true)
    }

    @Test func `a file that is no database is refused with the reason`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(String(repeating: "not a database ", count: 100), to: "x.db")
        let error = #expect(throws: CupelError.self) { try SQLiteDatabase(path: path) }
        #expect(error?.code == .storageUnavailable)
    }
}
