import CupelCore
import CupelTesting
import Foundation
import NIOHTTP1
import Testing

/// Disks that are full or may only be read, with the real binary: nothing acknowledged is lost, and nothing is half
/// done.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct DiskTests {
    private func wait(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<1200 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CupelError(.timeout, "Waited in vain until \(what).")
    }

    /// Asks for playbooks until one is refused; gives the accepted ones and the refusal.
    private func askUntilRefused(_ server: SmallServer) async throws -> (accepted: [String], refusal: HTTP.Answer?) {
        var accepted: [String] = []
        for number in 0..<3000 {
            let answer = try await server.post(
                "/api/v1/playbooks",
                ["ask": .string("install nginx and package \(number)")]
            )
            guard answer.status == 202, let id = answer.json["id"]?.stringValue else { return (accepted, answer) }
            accepted.append(id)
        }
        return (accepted, nil)
    }

    private func readiness(_ server: SmallServer) async throws -> (status: Int, database: String) {
        let answer = try await server.get("/health/ready")
        return (answer.status, answer.json["parts"]?["database"]?.stringValue ?? "")
    }

    @Test func `a disk that fills refuses writes, answers reads, and serves on when there is room`() async throws {
        let disk = try SmallDisk(bytes: 112 << 20, cupel: try CupelProcess())
        let server = try await disk.serve()
        let before = try await server.post("/api/v1/playbooks", ["ask": "install nginx"])
        #expect(before.status == 202)
        try await wait("it is ready") { try await readiness(server).status == 200 }

        try server.fill()
        let (accepted, refused) = try await askUntilRefused(server)
        let refusal = try #require(refused, "a full disk refuses")
        #expect(refusal.status == 503, "\(refusal.text)")
        #expect(refusal.json["type"]?.stringValue == "storage_unavailable")
        #expect(refusal.json["detail"]?.stringValue?.contains("disk is full") == true, "\(refusal.text)")
        #expect(refusal.headers["Retry-After"].first != nil)
        let list = try await server.get("/api/v1/jobs")
        #expect(list.status == 200, "\(list.text)")
        let live = try await server.get("/health")
        #expect(live.status == 200)
        let down = try await readiness(server)
        #expect(down.status == 503)
        #expect(down.database.contains("full"), "\(down.database)")

        server.empty()
        try await wait("it is ready again") { try await readiness(server).status == 200 }
        let after = try await server.post("/api/v1/playbooks", ["ask": "install htop"])
        #expect(after.status == 202, "\(after.text)")
        // None of these asks needs a model.
        for id in [before, after].compactMap({ $0.json["id"]?.stringValue }) + accepted {
            var job = try await server.get("/api/v1/jobs/\(id)")
            #expect(job.status == 200, "\(job.text)")
            do {
                try await wait("job \(id) is over") {
                    job = try await server.get("/api/v1/jobs/\(id)")
                    return job.json["state"]?.stringValue == "succeeded"
                }
            } catch {
                Issue.record("\(job.text)\n\(server.log)")
                throw error
            }
        }
        let code = await server.stop()
        #expect(code == 0)
    }

    @Test func `a start on a full disk is refused, and nothing is made`() async throws {
        let disk = try SmallDisk(bytes: 80 << 20, cupel: try CupelProcess())
        let outcome = try await disk.run(
            """
            head -c 30000000 /dev/zero > /small/filler
            "$0" serve --port 0 --data-dir /small/data/deep
            code=$?
            find /small -mindepth 1
            exit $code
            """
        )
        #expect(outcome.exitCode == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("/small/data/deep has 51 MiB free; 64 MiB are needed"), "\(outcome.errors)")
        #expect(outcome.errors.contains("data.dir"))
        #expect(outcome.output == "/small/filler\n")
    }

    @Test func `a directory that may only be read is named, and stays as it was`() async throws {
        let cupel = try CupelProcess()
        let made = try await cupel.run(["migrate", "up"])
        #expect(made.exitCode == 0, "\(made.errors)")
        let data = cupel.dataDirectory
        let before = try FileManager.default.subpathsOfDirectory(atPath: data).sorted()
        let disk = try SmallDisk(bytes: 80 << 20, cupel: cupel)
        for place in [data, data + "/new/one"] {
            let outcome = try await disk.run(
                "\"$0\" serve --port 0 --data-dir '\(place)'",
                mounts: ["--ro-bind", data, data]
            )
            #expect(outcome.exitCode == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains(data), "\(outcome.errors)")
            #expect(outcome.errors.contains("Read-only file system"), "\(outcome.errors)")
            #expect(outcome.errors.contains("data.dir"), "\(outcome.errors)")
        }
        let after = try FileManager.default.subpathsOfDirectory(atPath: data).sorted()
        #expect(after == before)
    }

    @Test(arguments: [(false, "cannot be written"), (true, "may only be read")])
    func `a database file that may only be read is named, and stays as it was`(
        _ wasKilled: Bool,
        _ said: String
    ) async throws {
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_LOCAL": ""])
        let server = try await cupel.serve()
        let accepted = try await server.post("/api/v1/playbooks", ["ask": "install nginx"])
        #expect(accepted.status == 202)
        if wasKilled { await server.kill() } else { _ = await server.stop() }
        let path = cupel.dataDirectory + "/cupel.db"
        let before = try BoundedFile.bytes(at: path, limit: 16 << 20)
        let disk = try SmallDisk(bytes: 80 << 20, cupel: cupel)
        let outcome = try await disk.run(
            "\"$0\" serve --port 0 --data-dir '\(cupel.dataDirectory)'",
            mounts: ["--ro-bind", path, path]
        )
        #expect(outcome.exitCode == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(path), "\(outcome.errors)")
        #expect(outcome.errors.contains(said), "\(outcome.errors)")
        let after = try BoundedFile.bytes(at: path, limit: 16 << 20)
        #expect(after == before)
    }

    @Test func `a backup onto a full disk leaves no file and names the disk`() async throws {
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_LOCAL": "", "CUPEL_JOBS_CONCURRENCY": "0"])
        let server = try await cupel.serve()
        let word = String(repeating: "x", count: 3000)
        for number in 0..<60 {
            let answer = try await server.post("/api/v1/playbooks", ["ask": .string("install nginx \(number) \(word)")])
            #expect(answer.status == 202, "\(answer.text)")
        }
        let disk = try SmallDisk(bytes: 64 << 10, cupel: cupel)
        let outcome = try await disk.run(
            """
            "$0" backup create --to /small/backups --data-dir '\(cupel.dataDirectory)'
            code=$?
            find /small -type f
            exit $code
            """
        )
        #expect(outcome.exitCode == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("The disk of /small/backups is full"), "\(outcome.errors)")
        #expect(outcome.output.isEmpty, "\(outcome.output)")
        let roomy = try SmallDisk(bytes: 8 << 20, cupel: cupel)
        let made = try await roomy.run(
            "\"$0\" backup create --to /small/backups --data-dir '\(cupel.dataDirectory)' && find /small -type f"
        )
        #expect(made.exitCode == 0, "\(made.errors)")
        #expect(made.output.contains("/small/backups/cupel-"))
        _ = await server.stop()
    }
}
