import CupelCore
import CupelTesting
import Storage
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PostgresListenerTests {
    @Test func `what a committed transaction notifies is heard, and what is undone is not`() async throws {
        struct Refused: Error {}
        let url = try PostgresServer.shared().makeDatabase()
        let database = try await PostgresDatabase(url: url)
        let other = try await PostgresDatabase(url: url)
        let stream = try #require(database.notifications(on: "jobs"))
        var iterator = stream.makeAsyncIterator()
        let first = await iterator.next()
        #expect(first == .resumed)
        try? await other.write {
            try $0.notify(channel: "jobs", payload: "undone")
            throw Refused()
        }
        try await other.write { try $0.notify(channel: "elsewhere", payload: "x") }
        try await other.write { try $0.notify(channel: "jobs", payload: "é \"1\"") }
        let heard = await iterator.next()
        #expect(heard == .message("é \"1\""))
        await database.close()
        let end = await iterator.next()
        #expect(end == nil)
        await other.close()
    }

    @Test func `after its backend was killed or the server restarted a listener hears again`() async throws {
        let server = try PostgresServer()
        let database = try await PostgresDatabase(url: server.makeDatabase())
        let stream = try #require(database.notifications(on: "jobs"))
        var iterator = stream.makeAsyncIterator()
        let first = await iterator.next()
        #expect(first == .resumed)
        _ = try await database.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'"
        )
        let second = await iterator.next()
        #expect(second == .resumed)
        server.stop()
        try server.start()
        let third = await iterator.next()
        #expect(third == .resumed)
        try await database.write { try $0.notify(channel: "jobs", payload: "1") }
        let heard = await iterator.next()
        #expect(heard == .message("1"))
        await database.close()
    }

    @Test func `a reader that is slow is told to read the store instead of hearing everything`() async throws {
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        let stream = try #require(database.notifications(on: "jobs"))
        var iterator = stream.makeAsyncIterator()
        let first = await iterator.next()
        #expect(first == .resumed)
        let tail = try #require(database.notifications(on: "tail"))
        var tailIterator = tail.makeAsyncIterator()
        _ = await tailIterator.next()
        try await database.write { transaction in
            for number in 0..<1000 { try transaction.notify(channel: "jobs", payload: "\(number)") }
            try transaction.notify(channel: "tail", payload: "end")
        }
        // The notifications of a transaction come in order: when this one is here, the others are.
        let end = await tailIterator.next()
        #expect(end == .message("end"))
        var count = 0
        while let element = await iterator.next() {
            count += 1
            if element == .message("999") { break }
        }
        let last = await iterator.next()
        #expect(last == .resumed)
        #expect(count <= 256)
        await database.close()
    }

    @Test func `a dropped stream ends its connection`() async throws {
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        func listeners() async throws -> Int {
            try await database.query(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )[0].integer("n")
        }
        func listenOnce() async throws {
            let stream = try #require(database.notifications(on: "jobs"))
            for await _ in stream { break }
            let count = try await listeners()
            #expect(count == 1)
        }
        try await listenOnce()
        var count = try await listeners()
        for _ in 0..<500 where count > 0 {
            try await Task.sleep(for: .milliseconds(10))
            count = try await listeners()
        }
        #expect(count == 0)
        await database.close()
    }

    @Test func `SQLite has nobody else to hear from`() async throws {
        let directory = try TemporaryDirectory()
        let database = try SQLiteDatabase(path: directory.path + "/t.db")
        #expect(database.notifications(on: "jobs") == nil)
        try await database.write { try $0.notify(channel: "jobs", payload: "1") }
        await database.close()
    }
}
