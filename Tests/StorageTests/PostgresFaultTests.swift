import CupelCore
import CupelTesting
import Storage
import Testing

/// Faults of the server and of the way to it.
@Suite(.timeLimit(.minutes(2)))
struct PostgresFaultTests {
    private static func quick(size: Int = 2) -> PostgresOptions {
        var options = PostgresOptions()
        options.size = size
        options.connectLimit = .milliseconds(500)
        options.statementLimit = .milliseconds(500)
        options.cancelGrace = .milliseconds(300)
        options.waitLimit = .milliseconds(400)
        return options
    }

    private func waitUntil(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<500 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("waited in vain until \(what)")
    }

    private func running(_ database: PostgresDatabase, _ text: String) async throws -> [Int] {
        try await database.query(
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'active' AND query LIKE \(text)"
        ).map { try $0.integer("pid") }
    }

    @Test func `a slow statement is given up at its limit, and the connection serves again`() async throws {
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase(), options: Self.quick())
        let began = ContinuousClock.now
        let error = await #expect(throws: CupelError.self) { _ = try await database.query("SELECT pg_sleep(30)") }
        #expect(error?.code == .storageUnavailable)
        #expect(ContinuousClock.now - began < .seconds(5))
        let left = try await running(database, "%pg_sleep(30)%")
        #expect(left == [])
        await database.close()
    }

    @Test func `a cancelled task cancels its statement on the server, and its writes are undone`() async throws {
        var options = Self.quick()
        options.statementLimit = .seconds(30)
        options.cancelGrace = .seconds(2)
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase(), options: options)
        try await database.execute("CREATE TABLE t (n BIGINT)")
        // Ends with the cancellation below; its value is awaited.
        let task = Task {
            try await database.write {
                try $0.execute("INSERT INTO t (n) VALUES (1)")
                _ = try $0.query("SELECT pg_sleep(29)")
            }
        }
        try await waitUntil("it sleeps") { try await running(database, "%pg_sleep(29)%").count == 1 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let left = try await running(database, "%pg_sleep(29)%")
        #expect(left == [])
        let rows = try await database.query("SELECT n FROM t")
        #expect(rows.count == 0)
        await database.close()
    }

    @Test func `a cancelled waiter leaves at once, and one who waits too long is told`() async throws {
        var options = Self.quick(size: 1)
        options.statementLimit = .seconds(30)
        options.waitLimit = .seconds(1)
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase(), options: options)
        // Both end with their cancellation below; their values are awaited.
        let holder = Task { _ = try await database.query("SELECT pg_sleep(28)") }
        try await waitUntil("it holds the connection") { database.poolCounts.used == 1 }
        let waiter = Task { _ = try await database.query("SELECT 1") }
        try await waitUntil("the other waits") { database.poolCounts.waiters == 1 }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(database.poolCounts.waiters == 0)
        let error = await #expect(throws: CupelError.self) { _ = try await database.query("SELECT 1") }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.retryAfterSeconds != nil)
        holder.cancel()
        await #expect(throws: CancellationError.self) { try await holder.value }
        try await database.check()
        await database.close()
    }

    @Test func `a server that stops and starts again is used again without a restart`() async throws {
        let server = try PostgresServer()
        let database = try await PostgresDatabase(url: server.makeDatabase(), options: Self.quick())
        // Ends with the server below; its value is awaited.
        let inFlight = Task { _ = try await database.query("SELECT pg_sleep(0.4)") }
        try await waitUntil("it runs") { database.poolCounts.used == 1 }
        server.stop()
        let lost = await #expect(throws: CupelError.self) { try await inFlight.value }
        #expect(lost?.code == .storageUnavailable)
        let down = await #expect(throws: CupelError.self) { try await database.check() }
        #expect(down?.code == .storageUnavailable)
        #expect(down?.message.contains("Nothing listens") == true)
        try server.start()
        try await database.check()
        server.stop(isImmediate: false)
        try server.start()
        let value = try await database.write { try $0.query("SELECT 7 AS n")[0].integer("n") }
        #expect(value == 7)
        await database.close()
    }

    @Test func `a server that hangs gives an error in time, and serves again when it goes on`() async throws {
        let server = try PostgresServer()
        let database = try await PostgresDatabase(url: server.makeDatabase(), options: Self.quick())
        server.freeze()
        let began = ContinuousClock.now
        let first = await #expect(throws: CupelError.self) { try await database.check() }
        #expect(first?.code == .storageUnavailable)
        let second = await #expect(throws: CupelError.self) { try await database.check() }
        #expect(second?.code == .storageUnavailable)
        #expect(ContinuousClock.now - began < .seconds(5))
        server.thaw()
        try await waitUntil("it answers") { (try? await database.check()) != nil }
        await database.close()
    }

    @Test func `a terminated backend is replaced before the next body`() async throws {
        let url = try PostgresServer.shared().makeDatabase()
        let database = try await PostgresDatabase(url: url, options: Self.quick(size: 1))
        let other = try await PostgresDatabase(url: url, options: Self.quick(size: 1))
        for _ in 0..<5 {
            let pid = try await database.query("SELECT pg_backend_pid() AS pid")[0].integer("pid")
            _ = try await other.query("SELECT pg_terminate_backend(\(pid)::int)")
            try await database.check()
        }
        await database.close()
        await other.close()
    }

    @Test func `a commit whose connection is lost has an unknown outcome`() async throws {
        let url = try PostgresServer.shared().makeDatabase()
        var options = Self.quick(size: 1)
        options.statementLimit = .seconds(30)
        let database = try await PostgresDatabase(url: url, options: options)
        let other = try await PostgresDatabase(url: url, options: Self.quick(size: 1))
        try await database.execute("CREATE TABLE t (n BIGINT)")
        try await database.execute(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(30); RETURN NULL; END'
            """
        )
        try await database.execute(
            """
            CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION slow()
            """
        )
        // Ends when its backend is terminated below; its value is awaited.
        let task = Task { _ = try await database.execute("INSERT INTO t (n) VALUES (1)") }
        try await waitUntil("it commits") { try await running(other, "COMMIT").count == 1 }
        // A cancellation does not touch a COMMIT that is on its way.
        task.cancel()
        let pids = try await running(other, "COMMIT")
        _ = try await other.query("SELECT pg_terminate_backend(\(pids[0])::int)")
        let error = await #expect(throws: CupelError.self) { try await task.value }
        #expect(error?.code == .outcomeUnknown)
        try await database.check()
        await database.close()
        await other.close()
    }

    @Test func `bodies that cannot be ordered are run again`() async throws {
        let url = try PostgresServer.shared().makeDatabase()
        let database = try await PostgresDatabase(url: url)
        try await database.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)")
        try await database.execute("INSERT INTO t (id, n) VALUES (1, 0), (2, 0)")
        // Two bodies that lock the same rows in opposite orders: one is the victim of the deadlock.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for order in [[1, 2], [2, 1]] {
                group.addTask {
                    try await database.write { transaction in
                        for id in order {
                            try transaction.execute("UPDATE t SET n = n + 1 WHERE id = \(id)")
                            _ = try transaction.query("SELECT pg_sleep(0.2)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let sums = try await database.query("SELECT n FROM t").map { try $0.integer("n") }
        #expect(sums == [2, 2])
        let error = await #expect(throws: CupelError.self) {
            try await database.write { transaction in
                _ = try transaction.query("SELECT 1")
                try transaction.execute("DO 'BEGIN RAISE SQLSTATE ''40001''; END'")
            }
        }
        #expect(error?.code == .storageUnavailable)
        await database.close()
    }

    @Test func `a statement whose table changed under it is prepared anew`() async throws {
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase())
        try await database.execute("CREATE TABLE t (n BIGINT)")
        _ = try await database.query("SELECT * FROM t")
        try await database.execute("ALTER TABLE t ADD COLUMN m BIGINT")
        try await database.execute("INSERT INTO t (n, m) VALUES (1, 2)")
        let rows = try await database.query("SELECT * FROM t")
        let value = try rows[0].integer("m")
        #expect(value == 2)
        await database.close()
    }

    @Test func `many bodies share few connections`() async throws {
        var options = PostgresOptions()
        options.size = 3
        let database = try await PostgresDatabase(url: PostgresServer.shared().makeDatabase(), options: options)
        let most = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await database.query(
                        """
                        SELECT count(*) AS n FROM pg_stat_activity
                        WHERE datname = current_database() AND backend_type = 'client backend'
                        """
                    )[0].integer("n")
                }
            }
            return try await group.reduce(0, max)
        }
        #expect(most == 3)
        await database.close()
    }
}
