import CupelCore
import CupelTesting
import Glibc
import Storage
import Testing

/// Real processes that are killed at random: nothing acknowledged is lost, and every effect happens once.
@Suite(.serialized, .timeLimit(.minutes(60)))
struct CrashLoopTests {
    @Test func `on SQLite, a server that is killed again and again loses nothing`() async throws {
        var chance = CrashChance(seed: CrashLoop.seed("SQLite"))
        let wanted = CrashLoop.jobs(300)
        var environment = CrashLoop.environment
        environment["CUPEL_JOBS_CONCURRENCY"] = "8"
        let cupel = try CupelProcess(environment: environment)
        var server = try await cupel.serve()
        var acknowledged: Set<String> = []
        var kills = 0
        var isOver = false
        while !isOver || kills < 3 {
            let length = Duration.milliseconds(Int.random(in: 200...2000, using: &chance))
            let child = server.child
            // The moment of the kill is the test's subject; it ends with this round.
            let killer = Task {
                try? await Task.sleep(for: length)
                child.kill()
            }
            acknowledged.formUnion(await CrashLoop.submit(wanted - acknowledged.count, milliseconds: 100, to: server))
            await killer.value
            _ = await child.waitForEnd()
            kills += 1
            server = try await cupel.serve()
            if acknowledged.count >= wanted { isOver = try await Self.isOver(server) }
        }
        let code = await server.stop()
        #expect(code == 0)
        let database = try SQLiteDatabase(path: cupel.dataDirectory + "/cupel.db")
        try await CrashLoop.check(acknowledged, database)
        await database.close()
    }

    private static func isOver(_ server: RunningServer) async throws -> Bool {
        for state in ["blocked", "queued", "running"] {
            let page = try await server.get("/api/v1/jobs?kind=cupel.probe&limit=1&state=\(state)").json
            if page["items"]?.arrayValue?.isEmpty != true { return false }
        }
        return true
    }

    @Test func `on PostgreSQL, workers that are killed and frozen lose nothing and change nothing late`() async throws {
        var chance = CrashChance(seed: CrashLoop.seed("PostgreSQL"))
        let wanted = CrashLoop.jobs(150)
        let url = try PostgresServer.shared().makeDatabase()
        var environment = CrashLoop.environment
        environment["CUPEL_DATABASE_URL"] = url.expose()
        environment["CUPEL_JOBS_CONCURRENCY"] = "0"
        let cupel = try CupelProcess(environment: environment)
        let server = try await cupel.serve()
        let database = try await PostgresDatabase(url: url)
        var fleet = WorkerFleet(cupel: cupel, database: database)
        for _ in 0..<3 { try await fleet.grow() }
        var acknowledged: Set<String> = []
        let rounds = max(1, wanted / 300)
        for _ in 0..<rounds {
            acknowledged.formUnion(await CrashLoop.submit(wanted / rounds / 2, milliseconds: 400, to: server))
            let wait = try await fleet.killOne(&chance)
            #expect(wait <= .seconds(10), "the first job of the dead worker ran again after \(wait)")
            acknowledged.formUnion(await CrashLoop.submit(wanted / rounds / 2, milliseconds: 400, to: server))
            try await fleet.freezeOne(&chance)
        }
        try await CrashLoop.wait("all probes are over", seconds: 600) {
            try await CrashLoop.unfinished(database) == 0
        }
        try await CrashLoop.wait("the late word of the frozen worker is refused and counted") {
            let events = try await CrashLoop.number(
                "SELECT count(*) AS n FROM job_events WHERE kind = 'refused'",
                database
            )
            let counted = try await CrashLoop.number("SELECT sum(refused)::bigint AS n FROM job_minutes", database)
            return events + counted > 0
        }
        try await CrashLoop.check(acknowledged, database)
        await fleet.stop()
        let code = await server.stop()
        #expect(code == 0)
        await database.close()
    }
}

/// Workers as processes of their own.
struct WorkerFleet {
    let cupel: CupelProcess
    let database: any Database
    private var workers: [ChildProcess] = []

    init(cupel: CupelProcess, database: any Database) {
        self.cupel = cupel
        self.database = database
    }

    /// Starts one more worker and waits until the others know it.
    mutating func grow() async throws {
        let child = try await cupel.start(["worker", "--concurrency", "4"])
        workers.append(child)
        let database = database
        try await CrashLoop.wait(
            "worker \(child.processID) is known: \(String(decoding: child.errorTail, as: UTF8.self))"
        ) {
            try await Self.identifier(of: child, database) != nil
        }
    }

    /// Kills a worker that holds jobs and starts another.
    /// - Returns: the time from the kill to the first start of one of its jobs elsewhere.
    mutating func killOne(_ chance: inout CrashChance) async throws -> Duration {
        let index = Int.random(in: workers.indices, using: &chance)
        let victim = workers[index]
        let name = try await waitForWork(victim)
        victim.kill()
        _ = await victim.waitForEnd()
        let killed = SystemTime().now
        let held = try await held(name)
        try #require(!held.isEmpty, "the victim held nothing when it died")
        workers.remove(at: index)
        try await grow()
        let database = database
        let ids = JSON.array(held.map { .string($0) })
        var first: Timestamp?
        try await CrashLoop.wait("a job of the dead worker runs again") {
            first = try await database.query(
                """
                SELECT min(at) AS first FROM job_events WHERE kind = 'state' AND data LIKE '%"running","attempt"%'
                AND job_id IN (SELECT json_array_elements_text(\(ids)::json)) AND at > \(killed)
                """
            ).first?.optionalTimestamp("first")
            return first != nil
        }
        return (first ?? killed) - killed
    }

    /// Stops a worker that holds jobs until it is presumed dead and its jobs run elsewhere, and lets it go on.
    func freezeOne(_ chance: inout CrashChance) async throws {
        let victim = workers[Int.random(in: workers.indices, using: &chance)]
        var held: [String] = []
        var name = ""
        // What it held may have ended just before the stop.
        while held.isEmpty {
            name = try await waitForWork(victim)
            kill(victim.processID, SIGSTOP)
            held = try await self.held(name)
            if held.isEmpty { kill(victim.processID, SIGCONT) }
        }
        try await CrashLoop.wait("the frozen worker is presumed dead") {
            try await self.held(name).isEmpty
        }
        kill(victim.processID, SIGCONT)
    }

    /// Ends all workers in good order.
    func stop() async {
        for worker in workers { worker.terminate() }
        for worker in workers { _ = await worker.waitForEnd() }
    }

    private func waitForWork(_ worker: ChildProcess) async throws -> String {
        var name = ""
        try await CrashLoop.wait("worker \(worker.processID) holds a job") {
            name = try await Self.identifier(of: worker, database) ?? ""
            return try await !held(name).isEmpty
        }
        return name
    }

    private func held(_ worker: String) async throws -> [String] {
        try await database.query("SELECT id FROM jobs WHERE state = 'running' AND worker = \(worker)").map {
            try $0.text("id")
        }
    }

    private static func identifier(of child: ChildProcess, _ database: any Database) async throws -> String? {
        try await database.query("SELECT id FROM job_workers WHERE name LIKE \("%/\(child.processID)")").first?
            .text("id")
    }
}
