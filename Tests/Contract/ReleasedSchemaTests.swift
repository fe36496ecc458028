import CupelCore
import CupelServer
import CupelTesting
import Foundation
import NIOHTTP1
import Storage
import Testing

/// What every released version wrote is read by this one.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ReleasedSchemaTests {
    /// A database with a dump in it, and the arguments by which the binary uses it.
    private struct Loaded {
        let cupel: CupelProcess
        let arguments: [String]
        let url: Secret?

        init(_ dump: ReleasedDump) async throws {
            cupel = try CupelProcess(environment: ["CUPEL_MODEL_LOCAL": "", "CUPEL_JOBS_CONCURRENCY": "0"])
            switch dump.engine {
            case .sqlite:
                url = nil
                arguments = []
                try FileManager.default.createDirectory(
                    atPath: cupel.dataDirectory,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700]
                )
            case .postgres:
                let made = try PostgresServer.shared().makeDatabase()
                url = made
                arguments = ["--database", made.expose()]
            }
            try await use { try await dump.load(into: $0) }
        }

        func use<Value>(_ body: (any Database) async throws -> Value) async throws -> Value {
            let database: any Database
            if let url {
                database = try await PostgresDatabase(url: url)
            } else {
                database = try SQLiteDatabase(path: cupel.dataDirectory + "/cupel.db")
            }
            let value = try await body(database)
            await database.close()
            return value
        }
    }

    private func counts(_ database: any Database) async throws -> [String: Int] {
        let tables = try await DatabaseStatistics.of(database).tables.filter { $0.name != "schema_migrations" }
        return Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0.rows) })
    }

    @Test func `there is a dump of every release for both engines`() throws {
        let changes = try BoundedFile.text(at: CupelProcess.root + "/CHANGELOG.md", limit: 1 << 20)
        let released = changes.split(separator: "\n").compactMap { line -> String? in
            let words = line.split { " []".contains($0) }
            guard words.first == "##", words.count > 1, words[1].first?.isNumber == true else { return nil }
            return String(words[1])
        }
        for version in Set(released + ["0.1.0"]) {
            #expect(ReleasedDump.of(version).count == 2, "dumps of \(version); CONTRIBUTING.md says how they are made")
        }
    }

    @Test(arguments: ReleasedDump.all)
    func `a released schema is brought up to date once, with every row`(_ dump: ReleasedDump) async throws {
        try await Loaded(dump).use { database in
            let before = try await counts(database)
            #expect(before.values.allSatisfy { $0 > 0 }, "the dump has rows in every table")
            let migrator = try Migrator(Engines.migrations)
            _ = try await migrator.up(database)
            let after = try await counts(database)
            for (table, rows) in before { #expect(after[table] == rows, "\(table)") }
            let again = try await migrator.up(database)
            #expect(again.isEmpty)
            let waiting = try await migrator.status(database).filter { $0.appliedAt == nil }
            #expect(waiting.isEmpty)
            for row in try await database.query("SELECT digest, bytes FROM artefacts") {
                #expect(Digest(of: try row.bytes("bytes")) == (try row.digest("digest")))
            }
            let unfinished = try await database.query("SELECT id FROM jobs WHERE state = 'running'")
            #expect(unfinished.isEmpty, "nobody runs them any more")
        }
    }

    /// The identifier of a job in the dumps of 0.1.0, which counts them from 1.
    private func id(_ number: Int) -> String { "01a0c450-6c0\(number)-700\(number)-8000-00000000000\(number)" }

    @Test(arguments: ReleasedDump.of("0.1.0"))
    func `jobs, events and playbooks of 0·1·0 are served, and go on where they stood`(
        _ dump: ReleasedDump
    ) async throws {
        let loaded = try await Loaded(dump)
        let server = try await loaded.cupel.serve(loaded.arguments)
        var jobs: [JSON] = []
        for number in 1...9 { jobs.append(try await server.get("/api/v1/jobs/\(id(number))").json) }
        let states = jobs.map { $0["state"]?.stringValue ?? "" }
        #expect(
            states == [
                "queued", "queued", "queued", "queued", "succeeded", "failed", "failed", "cancelled", "queued",
            ]
        )
        #expect(jobs[0]["payload"]?["ask"]?.stringValue?.contains("/srv/größe, owner 'www-data'") == true)
        #expect(jobs[1]["failures"]?.intValue == 1)
        #expect(jobs[3]["attempt"]?.intValue == 2)
        #expect(jobs[3]["cancel_requested"]?.boolValue == true)
        #expect(jobs[5]["error"]?["code"]?.stringValue == "nothing_fits")
        #expect(jobs[8]["priority"]?.stringValue == "low")

        let playbook = try #require(jobs[4]["result"]?["playbook"]?.stringValue)
        let text = try await server.get("/api/v1/playbooks/\(playbook)/playbook.yml")
        #expect(Digest(of: text.bytes).description == jobs[4]["result"]?["digest"]?.stringValue)
        let events = try await server.get("/api/v1/jobs/\(id(3))/events").json["items"]?.arrayValue ?? []
        #expect(events.count == 3)
        for (list, count) in [("playbooks", 1), ("calls", 2), ("assays", 1)] {
            let items = try await server.get("/api/v1/\(list)").json["items"]?.arrayValue
            #expect(items?.count == count, "\(list)")
        }

        let retried = try await server.post("/api/v1/jobs/\(id(6))/retry", [:])
        #expect(retried.status == 202)
        #expect(retried.json["state"]?.stringValue == "queued")
        // The same key waits in another job.
        let held = try await server.post("/api/v1/jobs/\(id(7))/retry", [:])
        #expect(held.status == 409)
        let cancelled = try await server.post("/api/v1/jobs/\(id(4))/cancel", [:])
        #expect(cancelled.json["state"]?.stringValue == "cancelled")
        let free = try await server.post("/api/v1/jobs/\(id(7))/retry", [:])
        #expect(free.json["state"]?.stringValue == "queued")

        let accepted = try await server.post("/api/v1/playbooks", ["ask": "install htop"])
        #expect(accepted.status == 202)
        let new = try #require(accepted.json["id"]?.stringValue)
        let first = try await server.get("/api/v1/jobs/\(new)/events").json["items"]?[0]?["sequence"]?.intValue ?? 0
        #expect(first > 19, "numbers of events are not given twice")
        let code = await server.stop()
        #expect(code == 0)
    }

    @Test(arguments: ReleasedDump.of("0.1.0"))
    func `the binary refuses a newer schema, and changes nothing`(_ dump: ReleasedDump) async throws {
        let loaded = try await Loaded(dump)
        let zero = Digest(of: "")
        try await loaded.use { database in
            _ = try await database.execute(
                "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (9999, 'later', \(zero), 0)"
            )
        }
        for command in [["serve", "--port", "0"], ["migrate", "up"], ["migrate", "status"]] {
            let outcome = try await loaded.cupel.run(command + loaded.arguments)
            #expect(outcome.exitCode == 1, "\(command): \(outcome.errors)")
            #expect(outcome.errors.contains("migration 9999, which this version does not know"), "\(outcome.errors)")
            #expect(outcome.errors.contains("a later one"), "\(outcome.errors)")
        }
        let steps = try await loaded.use { database in
            try await database.query("SELECT number FROM schema_migrations ORDER BY number").map {
                try $0.integer("number")
            }
        }
        #expect(steps == [100, 200, 300, 400, 500, 900, 9999])
    }
}
