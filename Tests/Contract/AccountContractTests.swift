import CupelCore
import CupelTesting
import Foundation
import NIOHTTP1
import Testing

/// Accounts and the policy over a live socket and the command line of the real binary.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct AccountContractTests {
    private func withServer(_ body: (RunningServer, CupelProcess) async throws -> Void) async throws {
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_LOCAL": ""])
        let server = try await cupel.serve()
        try await body(server, cupel)
        _ = await server.stop()
    }

    private func send(_ method: String, _ server: RunningServer, _ path: String, _ body: JSON = [:]) async throws
        -> HTTP.Answer
    {
        let url = server.base + "/api/v1/admin" + path
        return try await HTTP.send(method, url, token: server.token, body: body.bytes())
    }

    @Test func `a key is made, shown once, changed, rotated and revoked, and the audit says so`() async throws {
        try await withServer { server, _ in
            let team = try await server.post("/api/v1/admin/teams", ["name": "core", "limits": ["parallel_calls": 3]])
            #expect(team.status == 201 && team.json["limits"]?["parallel_calls"]?.intValue == 3)
            let owner: JSON = ["kind": "team", "id": team.json["id"] ?? .null]
            let made = try await server.post("/api/v1/admin/keys", ["name": "ci", "owner": owner])
            let id = try #require(made.json["id"]?.stringValue)
            let secret = try #require(made.json["secret"]?.stringValue)
            #expect(made.status == 201 && secret.hasPrefix("ck-") && made.headers["Cache-Control"] == ["no-store"])
            let shown = try await server.get("/api/v1/admin/keys/\(id)").json
            #expect(shown["secret"] == nil && shown["prefix"]?.stringValue == String(secret.prefix(8)))
            let changed = try await send("PATCH", server, "/keys/\(id)", ["disabled": true, "models": ["gpt-*"]])
            #expect(changed.json["disabled"]?.boolValue == true && changed.json["models"]?[0]?.stringValue == "gpt-*")
            let rotated = try await server.post("/api/v1/admin/keys/\(id)/rotate", ["grace_seconds": 5])
            #expect(rotated.json["secret"]?.stringValue != secret)
            #expect(rotated.json["old_secret_until"]?.stringValue != nil)
            let revoked = try await send("DELETE", server, "/keys/\(id)")
            #expect(revoked.json["revoked_at"]?.stringValue != nil)
            let again = try await send("DELETE", server, "/keys/\(id)")
            #expect(again.status == 409)
            let audit = try await server.get("/api/v1/admin/audit").json
            let actions = audit["items"]?.arrayValue?.compactMap { $0["action"]?.stringValue }
            #expect(actions == ["key.revoke", "key.rotate", "key.change", "key.create", "team.create"])
            #expect(!audit.text().contains(secret.dropFirst(8)))
        }
    }

    @Test func `budgets are set, set again, changed and removed; the amount is exact`() async throws {
        try await withServer { server, _ in
            let body: JSON = ["scope": "model", "subject": "m", "period": "day", "amount": "0.000001"]
            let made = try await server.post("/api/v1/admin/budgets", body)
            #expect(made.status == 201 && made.json["amount"]?.stringValue == "0.000001")
            let set = try await server.post("/api/v1/admin/budgets", body)
            #expect(set.status == 200 && set.json["id"] == made.json["id"])
            let id = try #require(made.json["id"]?.stringValue)
            let changed = try await send("PATCH", server, "/budgets/\(id)", ["amount": "12.5"])
            #expect(changed.json["amount"]?.stringValue == "12.50")
            let removed = try await send("DELETE", server, "/budgets/\(id)")
            #expect(removed.status == 200)
            let list = try await server.get("/api/v1/admin/budgets").json
            #expect(list["items"]?.arrayValue?.isEmpty == true)
        }
    }

    @Test func `what is wrong with an account is named, and nothing is kept`() async throws {
        try await withServer { server, _ in
            let nobody: JSON = ["kind": "team", "id": "019b0000-0000-7000-8000-000000000000"]
            let wrong: [(String, JSON, Int, String?)] = [
                ("/teams", ["name": "a*"], 422, "name"), ("/teams", [:], 422, "name"),
                ("/teams", ["name": "a", "limits": ["parallel_calls": 0]], 422, "limits.parallel_calls"),
                ("/teams", ["name": "a", "limits": ["paralel": 1]], 422, "limits.paralel"),
                ("/teams", ["name": "a", "limit": [:]], 422, "limit"),
                ("/people", ["name": "a", "team": "x"], 422, "team"),
                ("/people", ["name": "a", "team": nobody["id"] ?? 0], 404, nil),
                ("/keys", ["name": "k"], 422, "owner"), ("/keys", ["name": "k", "owner": nobody], 404, nil),
                ("/keys", ["name": "k", "owner": nobody, "scopes": ["odd"]], 422, "scopes[0]"),
                ("/keys", ["name": "k", "owner": nobody, "expires_at": "soon"], 422, "expires_at"),
                ("/budgets", ["scope": "odd", "subject": "m", "period": "day", "amount": "1"], 422, "scope"),
                ("/budgets", ["scope": "team", "subject": "m", "period": "day", "amount": "1"], 422, "subject"),
                ("/budgets", ["scope": "model", "subject": "m", "period": "year", "amount": "1"], 422, "period"),
                ("/budgets", ["scope": "model", "subject": "m", "period": "day", "amount": "-1"], 422, "amount"),
            ]
            for (path, body, status, field) in wrong {
                let answer = try await server.post("/api/v1/admin" + path, body)
                #expect(answer.status == status, "\(body.text()): \(answer.json.text())")
                let fields = answer.json["errors"]?.arrayValue?.compactMap { $0["field"]?.stringValue } ?? []
                #expect(field.map { fields.contains($0) } ?? true, "\(body.text()): \(answer.json.text())")
            }
            for kind in ["teams", "people", "projects", "keys", "budgets", "audit"] {
                let list = try await server.get("/api/v1/admin/" + kind).json
                #expect(list["items"]?.arrayValue?.isEmpty == true, "\(kind)")
                let open = try await HTTP.send("GET", server.base + "/api/v1/admin/" + kind)
                #expect(open.status == 401)
            }
        }
    }

    @Test func `the command line makes, lists, rotates and revokes`() async throws {
        try await withServer { _, cupel in
            let team = try await cupel.run(["teams", "create", "core"])
            #expect(team.exitCode == 0, "\(team.errors)")
            let key = try await cupel.run(["keys", "create", "ci", "--team", "core", "--requests-per-minute", "5"])
            #expect(key.output.hasPrefix("ck-") && key.errors.contains("not shown again"), "\(key.errors)")
            let list = try await cupel.run(["keys", "list"])
            #expect(list.output.contains("ci") && list.output.contains(key.output.prefix(8)))
            let rotated = try await cupel.run(["keys", "rotate", "ci", "--grace", "0"])
            #expect(rotated.output.hasPrefix("ck-") && rotated.output != key.output)
            let budget = try await cupel.run(["budgets", "set", "team", "core", "month", "250.00"])
            #expect(budget.output.contains("$250.00"), "\(budget.errors)")
            let revoked = try await cupel.run(["keys", "revoke", "ci"])
            #expect(revoked.exitCode == 0)
            let nobody = try await cupel.run(["keys", "create", "x", "--team", "odd"])
            #expect(nobody.exitCode == 2 && nobody.errors.contains("'odd'"))
            let ownerless = try await cupel.run(["keys", "create", "x"])
            #expect(ownerless.exitCode == 2 && ownerless.errors.contains("--team"))
        }
    }

    @Test func `a policy file is checked with line and column, and against recorded calls`() async throws {
        try await withServer { server, cupel in
            let directory = try TemporaryDirectory()
            let file = directory.path + "/p.yaml"
            try BoundedFile.replace(file, with: Array("version: 1\ncalls: {secrets: redakt}\n".utf8))
            let wrong = try await cupel.run(["policy", "check", file])
            #expect(wrong.exitCode == 2 && wrong.errors.contains("line 2, column 18"), "\(wrong.errors)")
            let text = "version: 1\ncalls: {rules: [{name: none, deny: {models: ['*']}}]}\n"
            try BoundedFile.replace(file, with: Array(text.utf8))
            let right = try await cupel.run(["policy", "check", file])
            #expect(right.exitCode == 0 && right.errors.contains("is valid, with 1 rules"), "\(right.errors)")
            let current = try await server.get("/api/v1/admin/policy").json
            #expect(current["version"]?.stringValue == Digest(of: "").hex && current["file"] == .null)
        }
    }

    @Test func `an Idempotency-Key makes a key once, and shows its secret once`() async throws {
        try await withServer { server, _ in
            let team = try await server.post("/api/v1/admin/teams", ["name": "core"]).json
            let owner: JSON = ["kind": "team", "id": team["id"] ?? .null]
            let body: JSON = ["name": "ci", "owner": owner]
            let url = server.base + "/api/v1/admin/keys"
            let once = [("Idempotency-Key", "one")]
            let first = try await HTTP.send("POST", url, token: server.token, headers: once, body: body.bytes())
            let second = try await HTTP.send("POST", url, token: server.token, headers: once, body: body.bytes())
            #expect(first.status == 201 && second.status == 200)
            #expect(first.json["id"] == second.json["id"] && second.json["secret"] == .null)
            let other: JSON = ["name": "other", "owner": owner]
            let third = try await HTTP.send("POST", url, token: server.token, headers: once, body: other.bytes())
            #expect(third.status == 422)
        }
    }
}
