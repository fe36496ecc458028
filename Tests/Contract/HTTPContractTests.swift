import CupelCore
import CupelTesting
import Foundation
import NIOHTTP1
import Testing

/// What clients rely on, over a live socket of the real binary with a scripted model.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct HTTPContractTests {
    static let answer =
        #"{"name":"Install nginx","hosts":"all","task1":{"module":"package","name":"Install nginx","args":{"name":"nginx","state":"present"}}}"#

    private func withServer(
        _ script: @escaping @Sendable (JSON, Int) -> ScriptedModel.Script = { _, _ in .answer(answer) },
        _ settings: [String: String] = [:],
        _ body: (RunningServer, CupelProcess) async throws -> Void
    ) async throws {
        let model = try await ScriptedModel(script)
        var environment = ["CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "scripted"]
        for (key, value) in settings { environment[SettingEntry.environmentName(of: key)] = value }
        let cupel = try CupelProcess(environment: environment)
        let server = try await cupel.serve()
        try await body(server, cupel)
        _ = await server.stop()
        try await model.stop()
    }

    @Test func `health needs no token, everything else does, and each answer carries a request id`() async throws {
        try await withServer { server, _ in
            let health = try await HTTP.send("GET", server.base + "/health", headers: [("X-Request-ID", "mine-1")])
            #expect(health.status == 200)
            #expect(health.json["status"]?.stringValue == "ok")
            #expect(health.json["service"]?.stringValue == "cupel")
            #expect(health.headers["X-Request-ID"].first == "mine-1")
            let ready = try await HTTP.send("GET", server.base + "/health/ready")
            #expect(ready.status == 200)
            #expect(ready.json["parts"]?["database"]?.stringValue == "up")
            for path in ["/api/v1/jobs", "/api/v1/playbooks", "/api/v1/calls", "/metrics"] {
                let answer = try await HTTP.send("GET", server.base + path)
                #expect(answer.status == 401)
                #expect(answer.headers["Content-Type"].first == "application/problem+json")
                #expect(answer.json["type"]?.stringValue == "unauthorized")
                #expect(answer.json["request_id"]?.stringValue == answer.headers["X-Request-ID"].first)
            }
            let wrong = try await HTTP.send("GET", server.base + "/api/v1/jobs", token: server.token + "x")
            #expect(wrong.status == 401)
        }
    }

    @Test func `another host or origin is refused, also with the token`() async throws {
        try await withServer { server, _ in
            let host = try await server.get("/api/v1/jobs", headers: [("Host", "evil.example")])
            #expect(host.status == 403)
            #expect(host.json["type"]?.stringValue == "host_not_allowed")
            let origin = try await server.get("/api/v1/jobs", headers: [("Origin", "http://evil.example")])
            #expect(origin.status == 403)
            let own = try await server.get("/api/v1/jobs", headers: [("Origin", server.base)])
            #expect(own.status == 200)
        }
    }

    @Test func `a playbook is accepted as a job, followed, and read`() async throws {
        try await withServer { server, _ in
            let accepted = try await server.post("/api/v1/playbooks", ["ask": "install nginx"])
            #expect(accepted.status == 202)
            let id = try #require(accepted.json["id"]?.stringValue)
            let job = try await server.finished(id)
            #expect(job["state"]?.stringValue == "succeeded", "\(job.text())")
            let playbook = try #require(job["result"]?["playbook"]?.stringValue)
            let yaml = try await server.get("/api/v1/playbooks/\(playbook)/playbook.yml")
            #expect(yaml.headers["Content-Type"].first == "application/yaml")
            #expect(yaml.text.hasPrefix("---\n- name: Install nginx\n"))
            #expect(Digest(of: yaml.bytes).description == job["result"]?["digest"]?.stringValue)
            let call = try await server.get("/api/v1/calls").json["items"]?[0]
            #expect(call?["model_answered"]?.stringValue == "scripted")
            #expect(call?["input_tokens"]?.intValue == 11)
            let stream = try await server.get("/api/v1/jobs/\(id)/events", headers: [("Accept", "text/event-stream")])
            #expect(stream.headers["Content-Type"].first == "text/event-stream")
            #expect(stream.text.contains("event: state\n"))
            let metrics = try await server.get("/metrics")
            #expect(metrics.text.contains("cupel_http_requests_total"))
        }
    }

    @Test func `the same Idempotency-Key gives the same job, and with another body a problem`() async throws {
        try await withServer { server, _ in
            let key = [("Idempotency-Key", "k-1")]
            let first = try await server.post("/api/v1/playbooks", ["ask": "install nginx"], headers: key)
            let second = try await server.post("/api/v1/playbooks", ["ask": "install nginx"], headers: key)
            #expect(first.json["id"] == second.json["id"])
            let other = try await server.post("/api/v1/playbooks", ["ask": "install htop"], headers: key)
            #expect(other.status == 422)
            #expect(other.json["errors"]?[0]?["field"]?.stringValue == "Idempotency-Key")
            let long = [("Idempotency-Key", String(repeating: "k", count: 256))]
            let refused = try await server.post("/api/v1/playbooks", ["ask": "install nginx"], headers: long)
            #expect(refused.status == 422)
        }
    }

    @Test func `a body is taken at its limit and refused at one byte over, announced or not`() async throws {
        try await withServer({ _, _ in .answer(Self.answer) }, ["server.max_body_bytes": "2048"]) { server, _ in
            func body(_ count: Int) -> [UInt8] {
                let frame = #"{"ask":""}"#.utf8.count
                return Array(#"{"ask":"\#(String(repeating: "a", count: count - frame))"}"#.utf8)
            }
            let fits = try await HTTP.send(
                "POST",
                server.base + "/api/v1/playbooks",
                token: server.token,
                body: body(2048)
            )
            #expect(fits.status != 413)
            let over = try await HTTP.send(
                "POST",
                server.base + "/api/v1/playbooks",
                token: server.token,
                body: body(2049)
            )
            #expect(over.status == 413)
            #expect(over.json["type"]?.stringValue == "payload_too_large")
        }
    }

    @Test(arguments: [
        ("{", 400, "malformed_request"), ("[]", 422, "validation_error"), ("{}", 422, "validation_error"),
        (#"{"ask":""}"#, 422, "validation_error"), (#"{"ask":7}"#, 422, "validation_error"),
        (#"{"ask":"x","more":1}"#, 422, "validation_error"), (#"{"ask":"a","ask":"b"}"#, 400, "malformed_request"),
    ])
    func `a wrong body is named`(_ body: String, _ status: Int, _ type: String) async throws {
        try await withServer { server, _ in
            let answer = try await HTTP.send(
                "POST",
                server.base + "/api/v1/playbooks",
                token: server.token,
                body: Array(body.utf8)
            )
            #expect(answer.status == status)
            #expect(answer.json["type"]?.stringValue == type)
        }
    }

    @Test func `wrong parameters, unknown paths and methods are problems`() async throws {
        try await withServer { server, _ in
            for (path, status) in [
                ("/api/v1/jobs?limit=200", 200), ("/api/v1/jobs?limit=201", 422), ("/api/v1/jobs?limit=0", 422),
                ("/api/v1/jobs?state=odd", 422), ("/api/v1/jobs?cursor=odd", 422), ("/api/v1/jobs/odd", 404),
                ("/api/v1/jobs/\(Identifier<Int>())", 404), ("/api/v1/nowhere", 404),
            ] {
                let answer = try await server.get(path)
                #expect(answer.status == status, "\(path)")
                if status != 200 { #expect(answer.headers["Content-Type"].first == "application/problem+json") }
            }
        }
    }

    @Test func `lists are paged by cursor without gap or repetition`() async throws {
        try await withServer { server, _ in
            var made: Set<String> = []
            for number in 0..<5 {
                let job = try await server.post("/api/v1/playbooks", ["ask": .string("install nginx \(number)")])
                made.insert(job.json["id"]?.stringValue ?? "")
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await server.get("/api/v1/jobs?limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")).json
                seen += (page["items"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue }
                cursor = page["next_cursor"]?.stringValue
            } while cursor != nil
            #expect(seen.count == 5)
            #expect(Set(seen) == made)
        }
    }

    @Test func `the OpenAPI document describes every route, and the page shows it`() async throws {
        try await withServer { server, _ in
            let document = try await HTTP.send("GET", server.base + "/openapi.json").json
            #expect(document["openapi"]?.stringValue == "3.1.0")
            for path in ["/health", "/api/v1/playbooks", "/api/v1/jobs/{id}", "/api/v1/assays", "/openapi.json"] {
                #expect(document["paths"]?[path] != nil, "\(path)")
            }
            #expect(document["paths"]?["/api/v1/jobs/{id}/retry"]?["post"]?["security"] != nil)
            let page = try await HTTP.send("GET", server.base + "/api/docs")
            #expect(page.status == 200)
            #expect(page.text.contains("/api/v1/assays"))
        }
    }

    @Test func `a hundred clients at once are all answered`() async throws {
        try await withServer { server, _ in
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        try await server.post("/api/v1/playbooks", ["ask": .string("install nginx \(number)")]).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers == Array(repeating: 202, count: 100))
        }
    }
}
