import CupelCore
import CupelTesting
import Foundation
import Storage
import Testing

/// Backups at the command line, with the real binary.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct BackupCommandTests {
    /// A binary with a database that holds an artefact of some MiB.
    private func filled(_ environment: [String: String] = [:]) async throws -> (cupel: CupelProcess, digest: Digest) {
        let quiet = ["CUPEL_MODEL_LOCAL": "", "CUPEL_JOBS_CONCURRENCY": "0"]
        let cupel = try CupelProcess(environment: quiet.merging(environment) { $1 })
        let made = try await cupel.run(["migrate", "up"])
        #expect(made.exitCode == 0, "\(made.errors)")
        let bytes = Self.bytes(5 << 20)
        let digest = Digest(of: bytes)
        let database = try SQLiteDatabase(path: cupel.dataDirectory + "/cupel.db")
        try await database.execute(
            """
            INSERT INTO artefacts (digest, kind, media_type, size, bytes, created_at)
            VALUES (\(digest), 'probe', 'application/octet-stream', \(bytes.count), \(bytes), 1)
            """
        )
        await database.close()
        return (cupel, digest)
    }

    /// Bytes without a pattern.
    private static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
    }

    private func json(_ cupel: CupelProcess, _ arguments: [String]) async throws -> JSON {
        let outcome = try await cupel.run(arguments + ["--json"])
        #expect(outcome.exitCode == 0, "\(arguments): \(outcome.errors)")
        return try JSON(parsing: outcome.output)
    }

    @Test func `a backup beside a server is restored byte for byte`() async throws {
        let (cupel, digest) = try await filled()
        let server = try await cupel.serve()
        let accepted = try await server.post("/api/v1/playbooks", ["ask": "install nginx"])
        #expect(accepted.status == 202)
        let made = try await json(cupel, ["backup", "create"])
        let path = try #require(made["path"]?.stringValue)
        #expect(path.hasPrefix(cupel.dataDirectory + "/backups/cupel-"))
        let listed = try await json(cupel, ["backup", "list"])
        #expect(listed[0]?["path"]?.stringValue == path)
        let checked = try await json(cupel, ["backup", "verify", path])
        #expect(checked["tables"] == made["tables"])
        let running = try await cupel.run(["backup", "restore", path])
        #expect(running.exitCode == 1)
        #expect(running.errors.contains("in use by process \(server.child.processID)"), "\(running.errors)")
        let code = await server.stop()
        #expect(code == 0)
        let full = try await cupel.run(["backup", "restore", path])
        #expect(full.exitCode == 1)
        #expect(full.errors.contains("empty"), "\(full.errors)")

        let other = try CupelProcess(environment: ["CUPEL_MODEL_LOCAL": "", "CUPEL_JOBS_CONCURRENCY": "0"])
        let restored = try await json(other, ["backup", "restore", path])
        #expect(restored["tables"] == made["tables"])
        let again = try await json(other, ["backup", "create"])
        #expect(again["tables"] == made["tables"])
        let database = try SQLiteReader(path: other.dataDirectory + "/cupel.db")
        let row = try #require(try await database.query("SELECT bytes FROM artefacts").first)
        #expect(Digest(of: try row.bytes("bytes")) == digest)
        await database.close()
        let second = try await other.serve()
        let id = accepted.json["id"]?.stringValue ?? ""
        let job = try await second.get("/api/v1/jobs/\(id)").json
        #expect(job["payload"]?["ask"]?.stringValue == "install nginx")
        #expect(second.token != server.token, "the token is no part of a backup")
        _ = await second.stop()
    }

    @Test func `a damaged backup is named, and nothing of it is restored`() async throws {
        let (cupel, _) = try await filled()
        let path = try #require(try await json(cupel, ["backup", "create"])["path"]?.stringValue)
        var bytes = try BoundedFile.bytes(at: path, limit: 64 << 20)
        bytes[bytes.count / 2] ^= 1
        try BoundedFile.replace(path, with: bytes)
        let verified = try await cupel.run(["backup", "verify", path])
        #expect(verified.exitCode == 2)
        #expect(verified.errors.contains("artefacts"), "\(verified.errors)")
        let other = try CupelProcess()
        let restored = try await other.run(["backup", "restore", path])
        #expect(restored.exitCode == 2, "\(restored.errors)")
        let stats = try await json(other, ["db", "stats"])
        let rows = stats["tables"]?.arrayValue?.reduce(0) { $0 + ($1["rows"]?.intValue ?? 0) }
        #expect(rows == 0)
        let missing = try await cupel.run(["backup", "verify", path + ".none"])
        #expect(missing.exitCode == 2)
        #expect(missing.errors.contains(path + ".none"))
    }

    @Test func `only so many backups are kept, and none is made where there is no database`() async throws {
        let (cupel, _) = try await filled()
        let folder = cupel.directory.path + "/elsewhere"
        for _ in 0..<3 { _ = try await json(cupel, ["backup", "create", "--to", folder, "--keep", "2"]) }
        let listed = try await json(cupel, ["backup", "list", "--from", folder])
        #expect(listed.arrayValue?.count == 2)
        let zero = try await cupel.run(["backup", "create", "--keep", "0"])
        #expect(zero.exitCode == 64)
        let nothing = try CupelProcess()
        let none = try await nothing.run(["backup", "create"])
        #expect(none.exitCode == 2)
        #expect(none.errors.contains("no database yet"), "\(none.errors)")
        #expect(!FileManager.default.fileExists(atPath: nothing.dataDirectory + "/backups"))
    }

    @Test func `a database moves to PostgreSQL, is compared, and is served from there`() async throws {
        let (cupel, _) = try await filled()
        let first = try await cupel.serve()
        let accepted = try await first.post("/api/v1/playbooks", ["ask": "install nginx"])
        let url = try PostgresServer.shared().makeDatabase().expose()
        let early = try await cupel.run(["db", "move", "--to", url])
        #expect(early.exitCode == 1)
        #expect(early.errors.contains("in use by process"), "\(early.errors)")
        _ = await first.stop()

        let before = try await json(cupel, ["db", "stats"])
        let moved = try await cupel.run(["db", "move", "--to", url])
        #expect(moved.exitCode == 0, "\(moved.errors)")
        #expect(!moved.output.contains("move-") && !moved.output.contains(".backup"), "\(moved.output)")
        let left = try FileManager.default.contentsOfDirectory(atPath: cupel.dataDirectory)
        #expect(!left.contains { $0.hasPrefix("move-") })
        let after = try await json(cupel, ["db", "stats", "--database", url])
        #expect(after["engine"]?.stringValue == "postgres")
        #expect(after["schema_step"] == before["schema_step"])
        #expect(rows(after) == rows(before))

        let twice = try await cupel.run(["db", "move", "--to", url])
        #expect(twice.exitCode == 1)
        #expect(twice.errors.contains("empty"), "\(twice.errors)")
        let there = try await cupel.run(["db", "move", "--to", url, "--database", url])
        #expect(there.exitCode == 2)
        let stranger = try await cupel.run(["db", "move", "--to", "mysql://localhost/x"])
        #expect(stranger.exitCode == 2)
        #expect(stranger.errors.contains("postgres://"))

        let second = try await cupel.serve(["--database", url])
        let job = try await second.get("/api/v1/jobs/\(accepted.json["id"]?.stringValue ?? "")").json
        #expect(job["payload"]?["ask"]?.stringValue == "install nginx")
        let more = try await second.post("/api/v1/playbooks", ["ask": "install htop"])
        #expect(more.status == 202)
        _ = await second.stop()
        // SQLite's file is as it was.
        let kept = try await json(cupel, ["db", "stats"])
        #expect(rows(kept) == rows(before))
    }

    private func rows(_ statistics: JSON) -> [String: Int] {
        let tables = statistics["tables"]?.arrayValue ?? []
        return Dictionary(
            uniqueKeysWithValues: tables.map { ($0["name"]?.stringValue ?? "", $0["rows"]?.intValue ?? -1) }
        )
    }

    @Test func `steps of the schema are shown and applied on PostgreSQL`() async throws {
        let cupel = try CupelProcess()
        let url = try PostgresServer.shared().makeDatabase().expose()
        let before = try await cupel.run(["migrate", "status", "--database", url])
        #expect(before.exitCode == 0, "\(before.errors)")
        #expect(before.output.contains("100   jobs and their events"), "\(before.output)")
        #expect(before.output.contains("waits"))
        let up = try await cupel.run(["migrate", "up", "--database", url])
        #expect(up.output.contains("applied 100 jobs and their events"), "\(up.output)")
        let after = try await cupel.run(["migrate", "status", "--database", url])
        #expect(!after.output.contains("waits"), "\(after.output)")
        let again = try await cupel.run(["migrate", "up", "--database", url])
        #expect(again.output.isEmpty)
        #expect(again.errors.contains("up to date"))
    }

    @Test func `a worker on SQLite is refused, with what to do instead`() async throws {
        let outcome = try await CupelProcess().run(["worker"])
        #expect(outcome.exitCode == 2)
        for advice in ["jobs.concurrency", "cupel db move", "database.url"] {
            #expect(outcome.errors.contains(advice), "\(outcome.errors)")
        }
    }
}
