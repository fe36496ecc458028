import CupelCore
import CupelServer
import CupelTesting
import NIOHTTP1
import Testing

/// Submitting, steering and mending jobs over a live socket of the real binary.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct JobsContractTests {
    private func withServer(_ body: (RunningServer) async throws -> Void) async throws {
        let model = try await ScriptedModel { _, _ in .answer(HTTPContractTests.answer) }
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "scripted"])
        let server = try await cupel.serve()
        try await body(server)
        _ = await server.stop()
        try await model.stop()
    }

    private static func job(_ ask: String = "install nginx", _ more: [(String, JSON)] = []) -> JSON {
        var body: JSON = ["kind": "playbook.create", "payload": ["ask": .string(ask)]]
        for (name, value) in more { body[name] = value }
        return body
    }

    /// A job that fails at once, since no module fits its ask.
    private func dead(_ server: RunningServer) async throws -> String {
        let made = try await server.post("/api/v1/jobs", Self.job("what a lovely poem about the moon"))
        let job = try await server.finished(made.json["id"]?.stringValue ?? "")
        #expect(job["state"]?.stringValue == "failed", "\(job.text())")
        return job["id"]?.stringValue ?? ""
    }

    @Test func `a job is submitted by its kind, and asking twice with one id is asking once`() async throws {
        try await withServer { server in
            let id = Identifier<Int>().description
            let body = Self.job("install nginx", [("id", .string(id)), ("priority", "high")])
            let first = try await server.post("/api/v1/jobs", body)
            #expect(first.status == 202, "\(first.text)")
            #expect(first.headers["Location"].first == "/api/v1/jobs/\(id)")
            #expect(first.json["priority"]?.stringValue == "high")
            let second = try await server.post("/api/v1/jobs", body)
            #expect(second.json["id"]?.stringValue == id)
            let done = try await server.finished(id)
            #expect(done["state"]?.stringValue == "succeeded")
            #expect(done["attempt"]?.intValue == 1)
            let list = try await server.get("/api/v1/jobs?kind=playbook.create&queue=playbooks&state=succeeded")
            #expect(list.json["items"]?.arrayValue?.count == 1)
            let none = try await server.get("/api/v1/jobs?queue=elsewhere")
            #expect(none.json["items"]?.arrayValue == [])
        }
    }

    @Test func `a job waits for its time, for its key, and for others`() async throws {
        try await withServer { server in
            let later = try await server.post(
                "/api/v1/jobs",
                Self.job("install nginx", [("delay_seconds", 3600), ("unique_key", "k")])
            )
            #expect(later.json["state"]?.stringValue == "queued")
            let same = try await server.post("/api/v1/jobs", Self.job("install nginx", [("unique_key", "k")]))
            #expect(same.json["id"] == later.json["id"])
            let after = try await server.post(
                "/api/v1/jobs",
                Self.job("install nginx", [("after", [later.json["id"] ?? ""])])
            )
            #expect(after.json["state"]?.stringValue == "blocked", "\(after.text)")
            let at = try await server.post(
                "/api/v1/jobs",
                Self.job("install htop", [("run_at", "2026-01-01T02:00:00+02:00")])
            )
            let done = try await server.finished(at.json["id"]?.stringValue ?? "")
            #expect(done["state"]?.isNull == false)
            _ = try await server.post("/api/v1/jobs/\(later.json["id"]?.stringValue ?? "")/cancel", [:])
            let ended = try await server.finished(after.json["id"]?.stringValue ?? "")
            #expect(ended["state"]?.stringValue == "cancelled")
        }
    }

    @Test func `what is wrong in a submission is named`() async throws {
        try await withServer { server in
            let wrong: [(JSON, Int, String)] = [
                (["kind": "playbook.creat", "payload": [:]], 422, "kind"),
                (Self.job("x", [("priority", "odd")]), 422, "priority"),
                (Self.job("x", [("delay_seconds", -1)]), 422, "delay_seconds"),
                (Self.job("x", [("delay_seconds", .integer(366 * 86_400 + 1))]), 422, "delay_seconds"),
                (Self.job("x", [("run_at", "tomorrow")]), 422, "run_at"), (Self.job("x", [("id", "7")]), 422, "id"),
                (Self.job("x", [("id", "2f1acb0e-4d4e-4bbb-8d5c-7a7d86d0e4f1")]), 422, "id"),
                (Self.job("x", [("after", ["odd"])]), 422, "after[0]"),
                (Self.job("x", [("unique_key", "")]), 422, "unique_key"),
                (Self.job("x", [("prio", 1)]), 422, "prio"),
                (["kind": "playbook.create", "payload": ["ask": 7]], 422, "payload.ask"),
                (
                    Self.job(
                        "x",
                        [("after", .array(Array(repeating: .string(Identifier<Int>().description), count: 101)))]
                    ), 422, "after"
                ),
            ]
            for (body, status, field) in wrong {
                let answer = try await server.post("/api/v1/jobs", body)
                #expect(answer.status == status, "\(body.text())")
                #expect(answer.json["errors"]?[0]?["field"]?.stringValue == field, "\(answer.text)")
            }
            let unknown = try await server.post("/api/v1/jobs", ["kind": "playbook.creat", "payload": [:]])
            #expect(unknown.text.contains("did you mean 'playbook.create'?"))
            let nobody = try await server.post(
                "/api/v1/jobs",
                Self.job("x", [("after", [.string(Identifier<Int>().description)])])
            )
            #expect(nobody.status == 404)
        }
    }

    @Test func `dead letters are retried and discarded one by one and in bulk`() async throws {
        try await withServer { server in
            let ids = [try await dead(server), try await dead(server), try await dead(server)]
            let gone = try await HTTP.send("DELETE", server.base + "/api/v1/jobs/\(ids[0])", token: server.token)
            #expect(gone.status == 200)
            let answer1 = try await server.get("/api/v1/jobs/\(ids[0])")
            #expect(answer1.status == 404)
            let mixed = try await server.post("/api/v1/jobs/retry", ["ids": [.string(ids[0]), .string(ids[1])]])
            #expect(mixed.json["done"]?.intValue == 1, "\(mixed.text)")
            #expect(mixed.json["refused"]?[0]?["code"]?.stringValue == "not_found")
            _ = try await server.finished(ids[1])
            let other = try await server.post("/api/v1/jobs/discard", ["code": "provider_timeout"])
            #expect(other.json["done"]?.intValue == 0)
            let first = try await server.post("/api/v1/jobs/discard", ["queue": "playbooks", "limit": 1])
            #expect(first.json["done"]?.intValue == 1)
            #expect(first.json["more"]?.boolValue == true)
            let rest = try await server.post("/api/v1/jobs/discard", ["kind": "playbook.create"])
            #expect(rest.json["done"]?.intValue == 1)
            for (body, field) in [
                (["limit": 1001], "limit"), (["ids": ["odd"]], "ids[0]"), (["ids": [], "queue": "x"], "ids"),
            ] as [(JSON, String)] {
                let wrong = try await server.post("/api/v1/jobs/retry", body)
                #expect(wrong.status == 422)
                #expect(wrong.json["errors"]?[0]?["field"]?.stringValue == field)
            }
            let answer2 = try await server.post("/api/v1/jobs/retry", ["limit": 1000])
            #expect(answer2.status == 200)
        }
    }

    @Test func `a queue is paused, limited, resumed, and an unknown one is named with its nearest`() async throws {
        try await withServer { server in
            func patch(_ name: String, _ body: JSON) async throws -> HTTP.Answer {
                try await HTTP.send(
                    "PATCH",
                    server.base + "/api/v1/queues/\(name)",
                    token: server.token,
                    body: body.bytes()
                )
            }
            let paused = try await patch("playbooks", ["paused": true, "concurrency": 2, "rate_per_minute": 1_000_000])
            #expect(paused.status == 200, "\(paused.text)")
            let made = try await server.post("/api/v1/jobs", Self.job())
            let queue = try await waiting(server)
            #expect(queue["paused"]?.boolValue == true)
            #expect(queue["concurrency"]?.intValue == 2)
            let answer3 = try await server.get("/metrics")
            #expect(answer3.text.contains("cupel_jobs_waiting{queue=\"playbooks\"} 1"))
            let resumed = try await patch("playbooks", ["paused": false, "concurrency": .null])
            #expect(resumed.json["concurrency"]?.isNull == true)
            #expect(resumed.json["rate_per_minute"]?.intValue == 1_000_000)
            let done = try await server.finished(made.json["id"]?.stringValue ?? "")
            #expect(done["state"]?.stringValue == "succeeded")
            for (body, field) in [
                (["concurrency": 0], "concurrency"), (["rate_per_minute": 1_000_001], "rate_per_minute"),
                (["paused": "yes"], "paused"), (["pause": true], "pause"),
            ] as [(JSON, String)] {
                let wrong = try await patch("playbooks", body)
                #expect(wrong.json["errors"]?[0]?["field"]?.stringValue == field, "\(wrong.text)")
            }
            let unknown = try await patch("playbook", ["paused": true])
            #expect(unknown.status == 404)
            #expect(unknown.text.contains("did you mean 'playbooks'?"))
        }
    }

    /// The queue of playbooks once its waiting job is counted.
    private func waiting(_ server: RunningServer) async throws -> JSON {
        for _ in 0..<200 {
            let queue = try await server.get("/api/v1/queues/playbooks").json
            if queue["waiting"]?.intValue == 1 { return queue }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw CupelError(.internalError, "The waiting job was never counted.")
    }

    @Test func `workers, minutes and the autoscaler's figure are told`() async throws {
        try await withServer { server in
            let made = try await server.post("/api/v1/jobs", Self.job())
            _ = try await server.finished(made.json["id"]?.stringValue ?? "")
            let worker = try #require(try await server.get("/api/v1/workers").json["items"]?[0])
            #expect((worker["concurrency"]?.intValue ?? 0) > 0)
            #expect(worker["queues"]?.arrayValue?.contains("playbooks") == true)
            let scaler = try await server.get("/api/v1/autoscaler?target_seconds=30").json
            #expect(scaler["target_seconds"]?.intValue == 30)
            #expect(scaler["workers_wanted"]?.intValue != nil)
            let answer4 = try await server.get("/metrics")
            #expect(answer4.text.contains("cupel_jobs_workers_wanted"))
            for (path, status) in [
                ("/api/v1/autoscaler?target_seconds=86400", 200), ("/api/v1/autoscaler?target_seconds=86401", 422),
                ("/api/v1/autoscaler?target_seconds=0", 422), ("/api/v1/queues/minutes?since=1440", 200),
                ("/api/v1/queues/minutes?since=1441", 422), ("/api/v1/events?kind=odd", 422),
                ("/api/v1/events?after=-1", 422), ("/api/v1/jobs?queue=", 422),
            ] {
                let answer5 = try await server.get(path)
                #expect(answer5.status == status, "\(path)")
            }
            for _ in 0..<400 {
                let minutes = try await server.get("/api/v1/queues/minutes").json["items"]?.arrayValue ?? []
                if minutes.contains(where: { $0["succeeded"]?.intValue == 1 }) { return }
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("The minute in which the job succeeded was never kept.")
        }
    }

    @Test func `events are filtered by queue and kind and resumed where a listener was`() async throws {
        try await withServer { server in
            let made = try await server.post("/api/v1/jobs", Self.job())
            let id = made.json["id"]?.stringValue ?? ""
            _ = try await server.finished(id)
            let all = try await heard(server, "after=0", until: "succeeded")
            #expect(all.contains { $0["kind"]?.stringValue == "progress" })
            #expect(all.allSatisfy { $0["queue"]?.stringValue == "playbooks" })
            let states = try await heard(server, "after=0&queue=playbooks&kind=state", until: "succeeded")
            #expect(states == all.filter { $0["kind"]?.stringValue == "state" })
            let place = all[1]["sequence"]?.intValue ?? 0
            let rest = try await heard(server, "after=\(place)", until: "succeeded")
            #expect(rest == Array(all.dropFirst(2)))
        }
    }

    /// The events of a stream up to the one that tells of a state.
    private func heard(_ server: RunningServer, _ query: String, until state: String) async throws -> [JSON] {
        let client = APIClient(base: server.base, token: Secret(server.token))
        var events: [JSON] = []
        do {
            try await client.events("/api/v1/events?\(query)") { event in
                events.append(event)
                if event["data"]?["state"]?.stringValue == state { throw CancellationError() }
            }
        } catch is CancellationError {}
        return events
    }
}
