import CupelCore
import CupelTesting
import Foundation
import NIOHTTP1
import Testing

/// Schedules over a live socket and the command line of the real binary.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct ScheduleContractTests {
    private func withServer(_ body: (RunningServer, CupelProcess) async throws -> Void) async throws {
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_LOCAL": ""])
        let server = try await cupel.serve()
        try await body(server, cupel)
        _ = await server.stop()
    }

    private func put(_ server: RunningServer, _ name: String, _ body: JSON) async throws -> HTTP.Answer {
        let path = server.base + "/api/v1/schedules/" + name
        return try await HTTP.send("PUT", path, token: server.token, body: body.bytes())
    }

    @Test func `a schedule is put, shown, run, paused, resumed and removed`() async throws {
        try await withServer { server, _ in
            let body: JSON = ["cron": "30 2 * * MON-FRI", "kind": "cupel.probe", "time_zone": "Europe/Berlin"]
            let made = try await put(server, "nightly", body)
            #expect(made.status == 201)
            #expect(made.json["next"]?.arrayValue?.count == 3)
            #expect(made.json["missed"]?.stringValue == "once")
            let again = try await put(server, "nightly", body)
            #expect(again.status == 200)
            let list = try await server.get("/api/v1/schedules").json
            let names = list["items"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
            #expect(names == ["cupel.retention", "nightly"])
            let run = try await server.post("/api/v1/schedules/nightly/run", [:])
            #expect(run.status == 202)
            let id = try #require(run.json["id"]?.stringValue)
            #expect(run.headers["Location"].first == "/api/v1/jobs/\(id)")
            let job = try await server.finished(id)
            #expect(job["state"]?.stringValue == "succeeded")
            let paused = try await server.post("/api/v1/schedules/nightly/pause", [:]).json
            #expect(paused["paused"]?.boolValue == true && paused["next"]?.arrayValue?.isEmpty == true)
            let resumed = try await server.post("/api/v1/schedules/nightly/resume", [:]).json
            #expect(resumed["paused"]?.boolValue == false && resumed["last_job"]?.stringValue == id)
            let path = server.base + "/api/v1/schedules/nightly"
            let removed = try await HTTP.send("DELETE", path, token: server.token)
            #expect(removed.status == 200)
            let gone = try await server.get("/api/v1/schedules/nightly")
            #expect(gone.status == 404)
            let open = try await HTTP.send("GET", path)
            #expect(open.status == 401)
        }
    }

    @Test func `what is wrong with a schedule is named, and nothing is kept`() async throws {
        try await withServer { server, _ in
            let probe: JSON = ["milliseconds": 1]
            let wrong: [(String, JSON, Int, String)] = [
                ("a", ["cron": "0 0 30 2 *", "kind": "cupel.probe"], 422, "cron"),
                ("a", ["cron": "61 * * * *", "kind": "cupel.probe"], 422, "cron"),
                ("a", ["cron": "@daily", "kind": "cupel.prope"], 422, "kind"),
                ("a", ["cron": "@daily", "kind": "cupel.retention"], 422, "kind"),
                ("a", ["cron": "@daily", "kind": "cupel.probe", "payload": ["mark": 1]], 422, "payload.mark"),
                ("a", ["cron": "@daily", "kind": "cupel.probe", "time_zone": "Berlin"], 422, "time_zone"),
                ("a", ["cron": "@daily", "kind": "cupel.probe", "missed": "some"], 422, "missed"),
                ("a", ["cron": "@daily", "kind": "cupel.probe", "pause": true], 422, "pause"),
                ("A", ["cron": "@daily", "kind": "cupel.probe", "payload": probe], 422, "name"),
                ("cupel.mine", ["cron": "@daily", "kind": "cupel.probe"], 422, "name"),
            ]
            for (name, body, status, field) in wrong {
                let answer = try await put(server, name, body)
                #expect(answer.status == status, "\(body.text()): \(answer.json.text())")
                let fields = answer.json["errors"]?.arrayValue?.compactMap { $0["field"]?.stringValue }
                #expect(fields?.contains(field) == true, "\(body.text()): \(answer.json.text())")
            }
            let list = try await server.get("/api/v1/schedules").json
            #expect(list["items"]?.arrayValue?.count == 1)
            let path = server.base + "/api/v1/schedules/cupel.retention"
            let kept = try await HTTP.send("DELETE", path, token: server.token)
            #expect(kept.status == 409)
        }
    }

    @Test func `the command line shows the next three firings`() async throws {
        try await withServer { _, cupel in
            let set = try await cupel.run(["schedules", "set", "hourly", "@hourly", "cupel.probe"])
            #expect(set.exitCode == 0, "\(set.errors)")
            #expect(set.output.components(separatedBy: ":00Z").count == 4, "\(set.output)")
            let run = try await cupel.run(["schedules", "run", "hourly"])
            #expect(run.exitCode == 0)
            let paused = try await cupel.run(["schedules", "pause", "hourly"])
            #expect(paused.output.contains("paused"))
            let resumed = try await cupel.run(["schedules", "resume", "hourly", "--json"])
            let json = try JSON(parsing: resumed.output)
            #expect(json["paused"]?.boolValue == false)
            let list = try await cupel.run(["schedules", "list"])
            #expect(list.output.contains("cupel.retention") && list.output.contains("hourly"))
            let removed = try await cupel.run(["schedules", "remove", "hourly"])
            #expect(removed.exitCode == 0)
            let again = try await cupel.run(["schedules", "remove", "hourly"])
            #expect(again.exitCode == 2)
            let wrong = try await cupel.run(["schedules", "set", "x", "* * *", "cupel.probe"])
            #expect(wrong.exitCode == 2 && wrong.errors.contains("3 fields"))
        }
    }
}
