import CupelCore
import CupelTesting
import Storage
import Testing

/// One contract, every engine.
@Suite(.timeLimit(.minutes(2)))
struct DatabaseConformanceTests {
    static let engines: [DatabaseEngine] = [.sqlite, .postgres]

    private func withDatabase(
        _ engine: DatabaseEngine,
        _ body: (any Database) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let database: any Database =
            switch engine {
            case .sqlite: try SQLiteDatabase(path: directory.path + "/t.db")
            case .postgres: try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
            }
        try await database.execute(
            """
            CREATE TABLE things (id TEXT PRIMARY KEY, n BIGINT, x DOUBLE PRECISION, raw \(raw: engine.bytesType), t TEXT)
            """
        )
        try await body(database)
        await database.close()
    }

    private func up(_ steps: [Migration], _ database: any Database) async throws -> [Int] {
        try await Migrator(steps).up(database).map(\.number)
    }

    @Test(arguments: engines) func `every kind of value comes back as it went in`(_ engine: DatabaseEngine) async throws
    {
        try await withDatabase(engine) { database in
            let raw: [UInt8] = [0, 255, 39, 92, 0]
            let text = "quote ' \" \\ ; DROP TABLE things; -- é 😀"
            try await database.execute(
                "INSERT INTO things (id, n, x, raw, t) VALUES (\("a"), \(Int64.min), \(-2.5), \(raw), \(text))"
            )
            let none: String? = nil
            try await database.execute("INSERT INTO things (id, t) VALUES (\("b"), \(none))")
            let rows = try await database.query("SELECT * FROM things ORDER BY id")
            #expect(rows.count == 2)
            #expect(try rows[0].integer("n") == Int(Int64.min))
            #expect(try rows[0].real("x") == -2.5)
            #expect(try rows[0].bytes("raw") == raw)
            #expect(try rows[0].text("t") == text)
            #expect(try rows[1].optionalText("t") == nil)
            #expect(try rows[1].optionalInteger("n") == nil)
            #expect(throws: CupelError.self) { try rows[1].text("nowhere") }
            #expect(throws: CupelError.self) { try rows[0].integer("t") }
        }
    }

    @Test(arguments: engines) func `a body that throws undoes its own writes and nobody else's`(
        _ engine: DatabaseEngine
    ) async throws {
        struct Refused: Error {}
        try await withDatabase(engine) { database in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        try? await database.write { transaction in
                            try transaction.execute("INSERT INTO things (id, n) VALUES (\("k\(number)"), \(number))")
                            if number % 3 == 0 { throw Refused() }
                        }
                    }
                }
            }
            let kept = try await database.query("SELECT n FROM things").map { try $0.integer("n") }
            #expect(Set(kept) == Set((0..<100).filter { $0 % 3 != 0 }))
        }
    }

    @Test(arguments: engines) func `a key that is there already is a conflict, and the transaction goes on for others`(
        _ engine: DatabaseEngine
    ) async throws {
        try await withDatabase(engine) { database in
            try await database.execute("INSERT INTO things (id) VALUES (\("a"))")
            let error = await #expect(throws: CupelError.self) {
                try await database.execute("INSERT INTO things (id) VALUES (\("a"))")
            }
            #expect(error?.code == .conflict)
            let inserted = try await database.execute("INSERT INTO things (id) VALUES (\("b"))")
            #expect(inserted == 1)
        }
    }

    @Test(arguments: engines) func `a wrong statement is an internal error that does not show the statement`(
        _ engine: DatabaseEngine
    ) async throws {
        try await withDatabase(engine) { database in
            let error = await #expect(throws: CupelError.self) { try await database.query("SELEC 1") }
            #expect(error?.code == .internalError)
            #expect(error?.message.contains("SELEC") == false)
            try await database.check()
        }
    }

    @Test(arguments: engines) func `execute counts the rows it changed`(_ engine: DatabaseEngine) async throws {
        try await withDatabase(engine) { database in
            for id in ["a", "b", "c"] { try await database.execute("INSERT INTO things (id, n) VALUES (\(id), 1)") }
            let updated = try await database.execute("UPDATE things SET n = 2 WHERE id <> \("a")")
            #expect(updated == 2)
            let deleted = try await database.execute("DELETE FROM things WHERE id = \("zz")")
            #expect(deleted == 0)
        }
    }

    @Test(arguments: engines) func `migrations run once, in order, and are refused when they are newer or changed`(
        _ engine: DatabaseEngine
    ) async throws {
        try await withDatabase(engine) { database in
            let first = Migration(1, "first") { _ in ["CREATE TABLE one (id TEXT PRIMARY KEY)"] }
            let second = Migration(2, "second") { ["CREATE TABLE two (raw \(raw: $0.bytesType))"] }
            let applied1 = try await up([first], database)
            #expect(applied1 == [1])
            let applied2 = try await up([second, first], database)
            #expect(applied2 == [2])
            let applied3 = try await up([second, first], database)
            #expect(applied3 == [])
            let newer = await #expect(throws: CupelError.self) { try await Migrator([first]).up(database) }
            #expect(newer?.code == .schemaTooNew)
            let changed = Migration(1, "first") { _ in ["CREATE TABLE other (id TEXT PRIMARY KEY)"] }
            let error = await #expect(throws: CupelError.self) { try await Migrator([changed, second]).up(database) }
            #expect(error?.message.contains("another form") == true)
        }
    }

    @Test(arguments: engines) func `a migration that fails leaves nothing of itself`(_ engine: DatabaseEngine)
        async throws
    {
        try await withDatabase(engine) { database in
            let broken = Migration(1, "broken") { _ in ["CREATE TABLE half (id TEXT)", "CREATE TABLE half (id TEXT)"] }
            await #expect(throws: CupelError.self) { try await Migrator([broken]).up(database) }
            let fixed = Migration(1, "fixed") { _ in ["CREATE TABLE half (id TEXT)"] }
            let applied4 = try await up([fixed], database)
            #expect(applied4 == [1])
        }
    }

    @Test(arguments: engines) func `many replicas that migrate at once apply each step once`(
        _ engine: DatabaseEngine
    ) async throws {
        try await withDatabase(engine) { database in
            let step = Migration(1, "step") { _ in ["CREATE TABLE once (id TEXT)"] }
            let applied = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await Migrator([step]).up(database).count } }
                return try await group.reduce(0, +)
            }
            #expect(applied == 1)
        }
    }
}
