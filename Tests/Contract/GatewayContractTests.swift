import CupelCore
import CupelTesting
import Foundation
import Glibc
import NIOHTTP1
import Testing

/// What stands around calls through `/v1`: usage, records, explanations, upstreams, reloading and the page.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct GatewayContractTests {
    private static let chat: JSON = [
        "model": "scripted", "messages": [["role": "user", "content": "Well?"]], "max_tokens": 50,
    ]

    private func withServer(_ body: (RunningServer, CupelProcess) async throws -> Void) async throws {
        let model = try await ScriptedModel { _, _ in .answer("It is so.") }
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "scripted"])
        let server = try await cupel.serve()
        try await body(server, cupel)
        _ = await server.stop()
        try await model.stop()
    }

    /// Makes a key for a team of its own and gives its secret.
    private func makeKey(_ server: RunningServer) async throws -> (id: String, secret: String) {
        let team = try await server.post("/api/v1/admin/teams", ["name": "core"]).json
        let owner: JSON = ["kind": "team", "id": team["id"] ?? .null]
        let key = try await server.post("/api/v1/admin/keys", ["name": "ci", "owner": owner]).json
        return (try #require(key["id"]?.stringValue), try #require(key["secret"]?.stringValue))
    }

    /// Calls until the key is known, which it is a moment after it was made.
    private func call(_ server: RunningServer, _ secret: String, _ body: JSON = chat) async throws -> HTTP.Answer {
        for _ in 0..<400 {
            let url = server.base + "/v1/chat/completions"
            let answer = try await HTTP.send("POST", url, token: secret, body: body.bytes())
            if answer.status != 401 { return answer }
        }
        throw CupelError(.internalError, "The key was never known.")
    }

    @Test func `a call is found by its id and its marks, and usage sums it as JSON and CSV`() async throws {
        try await withServer { server, cupel in
            let key = try await makeKey(server)
            let answer = try await call(server, key.secret)
            #expect(answer.status == 200, "\(answer.text)")
            let id = try #require(answer.headers["x-request-id"].first)
            let shown = try await server.get("/api/v1/calls/\(id)")
            #expect(shown.json["key_name"]?.stringValue == "ci" && shown.json["team"]?.stringValue == "core")
            #expect(shown.json["outcome"]?.stringValue == "answered" && shown.json["input_tokens"]?.intValue == 11)
            for (query, count) in [
                ("key=ci", 1), ("key=other", 0), ("model=scripted&team=core", 1), ("upstream=local", 1),
                ("outcome=cancelled", 0), ("since=2020-01-01T00:00:00Z", 1), ("until=2020-01-01T00:00:00Z", 0),
            ] {
                let page = try await server.get("/api/v1/calls?" + query).json
                #expect(page["items"]?.arrayValue?.count == count, "\(query): \(page.text())")
            }
            let gone = try await server.get("/api/v1/calls/019b0000-0000-7000-8000-000000000000")
            #expect(gone.status == 404)
            let usage = try await server.get("/api/v1/usage?by=key,model,day").json
            #expect(usage["items"]?[0]?["key"]?.stringValue == "ci" && usage["items"]?[0]?["calls"]?.intValue == 1)
            #expect(usage["total"]?["output_tokens"]?.intValue == 7)
            #expect(usage["total"]?["cost"]?.stringValue == "0.000000")
            let csv = try await server.get("/api/v1/usage?by=team&format=csv")
            #expect(csv.headers["Content-Type"].first?.hasPrefix("text/csv") == true)
            #expect(csv.text.contains("\r\ncore,1,1,11,0,7,0,0.000000\r\ntotal,1,"), "\(csv.text)")
            let printed = try await cupel.run(["usage", "--by", "team", "--csv"])
            #expect(printed.output == csv.text, "\(printed.errors)")
            let table = try await cupel.run(["usage", "--by", "key,model"])
            #expect(table.output.contains("ci") && table.errors.contains("without a known price"), "\(table.errors)")
            let list = try await cupel.run(["calls", "list", "--key", "ci"])
            #expect(list.output.contains(id))
        }
    }

    @Test func `a wrong parameter is named`() async throws {
        try await withServer { server, _ in
            for (path, field) in [
                ("/usage?by=kee", "by"), ("/usage?by=key,key", "by"), ("/usage?from=soon", "from"),
                ("/usage?from=2026-03-02&to=2026-03-01", "from"), ("/usage?format=xml", "format"),
                ("/usage?from=1990-01-01", "from"), ("/calls?since=now", "since"), ("/calls?key=", "key"),
            ] {
                let answer = try await server.get("/api/v1" + path)
                #expect(answer.status == 422)
                #expect(answer.json["errors"]?[0]?["field"]?.stringValue == field, "\(answer.text)")
            }
        }
    }

    @Test func `a route is explained without a call, also for a key, and says why there is none`() async throws {
        try await withServer { server, cupel in
            let key = try await makeKey(server)
            _ = try await call(server, key.secret)
            let plan = try await server.post("/api/v1/routes/explain", ["model": "scripted", "key": .string(key.id)])
            #expect(plan.json["now"]?[0]?.stringValue == "local/scripted", "\(plan.text)")
            #expect(plan.json["candidates"]?[0]?["upstream"]?["breaker"]?.stringValue == "lets calls through")
            #expect(plan.json["candidates"]?[0]?["upstream"]?["first_byte_ms"]?.intValue != nil)
            let none = try await server.post("/api/v1/routes/explain", ["model": "gpt-5"])
            #expect(none.status == 404 && none.json["type"]?.stringValue == "model_not_available", "\(none.text)")
            let wrong = try await server.post("/api/v1/routes/explain", ["model": "scripted", "endpoint": "chat"])
            #expect(wrong.json["errors"]?[0]?["field"]?.stringValue == "endpoint")
            let term = try await server.post("/api/v1/routes/explain", ["model": "scripted", "contract": "toools"])
            #expect(term.status == 422)
            let nobody: JSON = ["model": "scripted", "key": "019b0000-0000-7000-8000-000000000000"]
            let unknown = try await server.post("/api/v1/routes/explain", nobody)
            #expect(unknown.status == 404)
            let printed = try await cupel.run(["routes", "explain", "scripted", "--key", "ci"])
            #expect(printed.output.contains("local") && printed.errors.contains("found by listed"), "\(printed)")
            let calls = try await server.get("/api/v1/calls").json
            #expect(calls["items"]?.arrayValue?.count == 1)
        }
    }

    @Test func `upstreams, models, budgets and metrics show how things stand`() async throws {
        try await withServer { server, cupel in
            let budget: JSON = ["scope": "model", "subject": "scripted", "period": "day", "amount": "2.50"]
            _ = try await server.post("/api/v1/admin/budgets", budget)
            let key = try await makeKey(server)
            _ = try await call(server, key.secret)
            let upstream = try await server.get("/api/v1/upstreams").json["items"]?[0]
            #expect(upstream?["name"]?.stringValue == "local" && upstream?["usable"]?.boolValue == true)
            #expect(upstream?["calls_today"]?.intValue == 1 && upstream?["why_not"] == .null)
            let models = try await server.get("/api/v1/admin/models").json
            #expect((models["items"]?.arrayValue?.count ?? 0) >= 60 && models["items"]?[0]?["prices"] != nil)
            _ = try await server.post("/api/v1/admin/reload", [:])
            let standing = try await server.get("/api/v1/admin/budgets/standing").json
            #expect(standing["items"]?[0]?["limit"]?.stringValue == "2.500000", "\(standing.text())")
            let metrics = try await server.get("/metrics").text
            #expect(metrics.contains("cupel_gateway_upstream_available{upstream=\"local\"} 1"))
            #expect(metrics.contains("cupel_gateway_budget_limit_dollars{budget="))
            let printed = try await cupel.run(["upstreams"])
            #expect(printed.output.contains("local") && printed.output.contains("lets calls through"))
        }
    }

    @Test func `a policy is taken up by reload and by SIGHUP, and a wrong one leaves the old in force`() async throws {
        let model = try await ScriptedModel { _, _ in .answer("It is so.") }
        let directory = try TemporaryDirectory()
        let file = directory.path + "/p.yaml"
        func write(_ rules: String) throws {
            try BoundedFile.replace(file, with: Array("version: 1\ncalls: {rules: [\(rules)]}\n".utf8))
        }
        try write("{name: first, deny: {models: ['none']}}")
        let cupel = try CupelProcess(environment: [
            "CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "scripted", "CUPEL_POLICY_FILE": file,
        ])
        let server = try await cupel.serve()
        func rules() async throws -> String? {
            try await server.get("/api/v1/admin/policy").json["rules"]?[0]?.stringValue
        }
        try write("{name: second, deny: {models: ['none']}}")
        let reloaded = try await cupel.run(["reload"])
        #expect(reloaded.exitCode == 0, "\(reloaded.errors)")
        #expect(try await rules() == "second")
        try write("{name: third, deny: {models: ['none']}}")
        kill(server.child.processID, SIGHUP)
        var seen = try await rules()
        while seen != "third" { seen = try await rules() }
        try write("{nam: fourth}")
        let wrong = try await server.post("/api/v1/admin/reload", [:])
        #expect(wrong.status == 422 || wrong.status == 400, "\(wrong.text)")
        #expect(try await rules() == "third")
        let code = await server.stop()
        #expect(code == 0)
        try await model.stop()
    }

    @Test func `the cache says how it serves whom, never what was said, and is emptied`() async throws {
        let model = try await ScriptedModel { _, _ in .answer("It is so.") }
        let directory = try TemporaryDirectory()
        let file = directory.path + "/p.yaml"
        let text = "version: 1\ncalls: {cache: {ttl_seconds: 600}}\n"
        try BoundedFile.replace(file, with: Array(text.utf8))
        let cupel = try CupelProcess(environment: [
            "CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "scripted", "CUPEL_POLICY_FILE": file,
        ])
        let server = try await cupel.serve()
        let key = try await makeKey(server)
        var asked = Self.chat
        asked["temperature"] = 0
        let first = try await call(server, key.secret, asked)
        let second = try await call(server, key.secret, asked)
        #expect(first.headers["x-cupel-cache"].first == "miss" && second.headers["x-cupel-cache"].first == "hit")
        #expect(model.calls.count == 1)
        let shown = try await server.get("/api/v1/admin/cache")
        #expect(shown.json["entries"]?.intValue == 1 && shown.json["items"]?[0]?["hits"]?.intValue == 1)
        #expect(shown.json["tenants"]?[0]?["hits"]?.intValue == 1 && !shown.text.contains("Well?"), "\(shown.text)")
        let emptied = try await HTTP.send("DELETE", server.base + "/api/v1/admin/cache", token: server.token)
        #expect(emptied.json["removed"]?.intValue == 1)
        let third = try await call(server, key.secret, asked)
        #expect(third.headers["x-cupel-cache"].first == "miss")
        _ = await server.stop()
        try await model.stop()
    }

    @Test func `the page shows spend, keys, budgets, upstreams and calls, and asks for a session`() async throws {
        try await withServer { server, _ in
            let home = try await HTTP.send("GET", server.base + "/gateway")
            #expect(home.status == 303)
            let empty = try await server.get("/gateway/live")
            #expect(empty.status == 200 && empty.text.contains("nothing bounds what calls cost"), "\(empty.text)")
            let key = try await makeKey(server)
            _ = try await call(server, key.secret)
            let live = try await server.get("/gateway/live").text
            for part in ["ci", "core", "local/scripted", "takes calls", "answered", "without a price", "<rect"] {
                #expect(live.contains(part), "\(part)")
            }
            #expect(!live.contains(key.secret.dropFirst(8)))
        }
    }
}
