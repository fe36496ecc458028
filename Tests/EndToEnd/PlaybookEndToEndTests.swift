import CupelCore
import CupelTesting
import Foundation
import NIOHTTP1
import Testing

/// The main job with the real model, the real tools and the real binary.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct PlaybookEndToEndTests {
    @Test func `plain words become a vetted playbook, stored under its digest`() async throws {
        let cupel = try CupelProcess()
        let ask = "create a deploy user with a home directory and add it to the sudo group"
        let made = try await cupel.run(["playbook", "create", ask])
        #expect(made.exitCode == 0, "\(made.errors)")
        for step in [
            "▸ ask", "▸ modules chosen", "▸ the model's answer", "▸ playbook", "▸ schema check", "▸ gauntlet",
            "▸ stored",
        ] {
            #expect(made.output.contains(step))
        }
        #expect(made.output.contains("ansible.builtin.user:"))
        let list = try await cupel.run(["playbook", "list", "--json"])
        let item = try #require(try JSON(parsing: list.output)["items"]?[0])
        #expect(item["ask"]?.stringValue == ask)
        #expect(item["verdict"]?.stringValue == "pass")
        let shown = try await cupel.run(["playbook", "show", item["id"]?.stringValue ?? ""])
        #expect(Digest(of: String(shown.output.dropLast())).description == item["digest"]?.stringValue)
    }

    @Test func `a playbook that holds a password is blocked, and the command says so by its exit code`() async throws {
        let cupel = try CupelProcess()
        let secret = "hunter2-" + "Zq81xPw0Lm"
        let ask = "put the line \"password=\(secret)\" into /etc/app.conf"
        let made = try await cupel.run(["playbook", "create", ask, "--json"])
        #expect(made.exitCode == 1, "\(made.errors)")
        let record = try JSON(parsing: made.output)[0]
        #expect(record?["verdict"]?.stringValue == "block")
        #expect(record?["assay"]?["findings"]?.text().contains(secret) == false)
    }

    @Test func `an ask that was accepted survives a kill during generation`() async throws {
        let cupel = try CupelProcess()
        let first = try await cupel.serve()
        let accepted = try await first.post("/api/v1/playbooks", ["ask": "install nginx and make sure it is running"])
        #expect(accepted.status == 202)
        let id = try #require(accepted.json["id"]?.stringValue)
        #expect(accepted.headers["Location"].first == "/api/v1/jobs/\(id)")
        while try await first.get("/api/v1/jobs/\(id)").json["state"]?.stringValue == "queued" {}
        await first.kill()

        let second = try await cupel.serve()
        let job = try await second.finished(id)
        #expect(job["state"]?.stringValue == "succeeded", "\(job.text())")
        let playbooks = try await second.get("/api/v1/playbooks").json["items"]?.arrayValue
        #expect(playbooks?.count == 1)
        #expect(playbooks?.first?["job"]?.stringValue == id)
        let code = await second.stop()
        #expect(code == 0)
    }

    @Test func `the evaluation scores asks with the real model`() async throws {
        let cupel = try CupelProcess()
        let file = try cupel.directory.write(
            """
            asks:
              - ask: install htop
                expect:
                  - { module: [package, apt], args: { name: htop, state: present } }
            """,
            to: "asks.yaml"
        )
        let result = try await cupel.run(["playbook", "eval", file, "--json"])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(try JSON(parsing: result.output).text().contains("htop"))
    }

    @Test func `the dashboard shows in a browser what the API holds, in light and dark`() async throws {
        let cupel = try CupelProcess()
        let server = try await cupel.serve()
        let accepted = try await server.post("/api/v1/playbooks", ["ask": "install nginx and make sure it is running"])
        let id = try #require(accepted.json["id"]?.stringValue)
        _ = try await server.finished(id)
        for scheme in ["light", "dark"] {
            let picture = cupel.directory.path + "/\(scheme).png"
            var command = ProcessCommand(
                [
                    "python3", CupelProcess.root + "/scripts/screenshot", server.base, cupel.dataDirectory + "/token",
                    "/", picture, scheme,
                ],
                environment: ProcessInfo.processInfo.environment,
                directory: cupel.directory.path
            )
            command.wallLimit = .seconds(120)
            let result = try await ProcessLoop.shared.run(command)
            #expect(result.ending.isSuccess, "\(result.errorText)")
            let page = try JSON(parsing: result.outputText)
            #expect(page["title"]?.stringValue == "Overview · Cupel")
            #expect(page["complaints"]?.arrayValue == [])
            #expect(page["text"]?.stringValue?.contains("install nginx and make sure it is running") == true)
            let bytes = try BoundedFile.bytes(at: picture, limit: 8 << 20)
            #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) && bytes.count > 10_000)
            if ProcessInfo.processInfo.environment["CUPEL_WRITE_DOCS"] != nil {
                let name = scheme == "light" ? "dashboard.png" : "dashboard-dark.png"
                try BoundedFile.replace(CupelProcess.root + "/docs/images/\(name)", with: bytes)
            }
        }
        _ = await server.stop()
    }
}
