import CupelCore
import CupelTesting
import Glibc
import NIOHTTP1
import Testing

/// The dashboard's pages and sessions, and assays, over a live socket of the real binary.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct SessionContractTests {
    private func withServer(_ body: (RunningServer) async throws -> Void) async throws {
        let model = try await ScriptedModel { _, _ in .answer(HTTPContractTests.answer) }
        let cupel = try CupelProcess(environment: ["CUPEL_MODEL_URL": model.url, "CUPEL_MODEL_NAME": "scripted"])
        let server = try await cupel.serve()
        try await body(server)
        _ = await server.stop()
        try await model.stop()
    }

    /// Signs in and gives the session's cookie.
    private func signIn(_ server: RunningServer) async throws -> String {
        let answer = try await HTTP.send(
            "POST",
            server.base + "/login",
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", server.base)],
            body: Array("username=cupel&token=\(server.token)".utf8)
        )
        #expect(answer.status == 303)
        let cookie = try #require(answer.headers["Set-Cookie"].first)
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        return String(cookie.prefix { $0 != ";" })
    }

    @Test func `a page leads to signing in, and a wrong token is told so`() async throws {
        try await withServer { server in
            let home = try await HTTP.send("GET", server.base + "/")
            #expect(home.status == 303)
            #expect(home.headers["Location"].first == "/login")
            let page = try await HTTP.send("GET", server.base + "/login")
            #expect(page.text.contains("Sign in"))
            let wrong = try await HTTP.send("POST", server.base + "/login", body: Array("token=cupel_no%21".utf8))
            #expect(wrong.status == 401)
            #expect(wrong.text.contains("not the token"))
            #expect(wrong.headers["Content-Security-Policy"].first?.contains("frame-ancestors 'none'") == true)
        }
    }

    @Test func `a session reads, and writes only with its CSRF token from its own origin`() async throws {
        try await withServer { server in
            let cookie = ("Cookie", try await signIn(server))
            let overview = try await HTTP.send("GET", server.base + "/", headers: [cookie])
            #expect(overview.text.contains("Ask for a playbook"))
            let body = Array(#"{"ask":"install nginx"}"#.utf8)
            let path = server.base + "/api/v1/playbooks"
            let without = try await HTTP.send("POST", path, headers: [cookie], body: body)
            #expect(without.status == 403)
            #expect(without.json["type"]?.stringValue == "csrf_failed")
            let csrf = try await HTTP.send("GET", server.base + "/api/v1/csrf", headers: [cookie])
            let token = ("X-CSRF-Token", csrf.json["csrf_token"]?.stringValue ?? "")
            let foreign = try await HTTP.send(
                "POST",
                path,
                headers: [cookie, token, ("Origin", "http://evil.example")],
                body: body
            )
            #expect(foreign.status == 403)
            let accepted = try await HTTP.send("POST", path, headers: [cookie, token], body: body)
            #expect(accepted.status == 202)
            let job = try await server.finished(accepted.json["id"]?.stringValue ?? "")
            let playbook = job["result"]?["playbook"]?.stringValue ?? ""
            let page = try await HTTP.send("GET", server.base + "/playbooks/\(playbook)", headers: [cookie])
            #expect(page.text.contains("ansible.builtin.package"))
            _ = try await HTTP.send("POST", server.base + "/logout", headers: [cookie, token])
            let after = try await HTTP.send("GET", server.base + "/api/v1/jobs", headers: [cookie])
            #expect(after.status == 401)
        }
    }

    @Test func `the jobs page shows a dead letter, and its buttons work with session and CSRF token only`() async throws
    {
        try await withServer { server in
            let cookie = ("Cookie", try await signIn(server))
            let signedOut = try await HTTP.send("GET", server.base + "/jobs")
            #expect(signedOut.headers["Location"].first == "/login")
            let made = try await server.post("/api/v1/playbooks", ["ask": "what a lovely poem <b>about</b> the moon"])
            let id = made.json["id"]?.stringValue ?? ""
            _ = try await server.finished(id)
            let page = try await HTTP.send("GET", server.base + "/jobs", headers: [cookie])
            #expect(page.text.contains("data-action=\"discard\" data-job=\"\(id)\""))
            #expect(page.text.contains("No module fits"))
            #expect(!page.text.contains("<b>about</b>"))
            let csrf = try await HTTP.send("GET", server.base + "/api/v1/csrf", headers: [cookie])
            let token = ("X-CSRF-Token", csrf.json["csrf_token"]?.stringValue ?? "")
            let queue = server.base + "/api/v1/queues/playbooks"
            let pause = Array(#"{"paused":true}"#.utf8)
            let answer6 = try await HTTP.send("PATCH", queue, headers: [cookie], body: pause)
            #expect(answer6.status == 403)
            let answer7 = try await HTTP.send("PATCH", queue, headers: [cookie, token], body: pause)
            #expect(answer7.status == 200)
            let job = server.base + "/api/v1/jobs/\(id)"
            let answer8 = try await HTTP.send("POST", job + "/retry", headers: [cookie])
            #expect(answer8.status == 403)
            let answer9 = try await HTTP.send("POST", job + "/retry", headers: [cookie, token])
            #expect(answer9.status == 202)
            let live = try await HTTP.send("GET", server.base + "/jobs/live", headers: [cookie])
            #expect(live.text.contains("data-action=\"resume\" data-queue=\"playbooks\""))
            #expect(!live.text.contains("<html"))
            let answer10 = try await HTTP.send("POST", job + "/cancel", headers: [cookie, token])
            #expect(answer10.status == 202)
            let answer11 = try await HTTP.send("DELETE", job, headers: [cookie])
            #expect(answer11.status == 403)
            let answer12 = try await HTTP.send("DELETE", job, headers: [cookie, token])
            #expect(answer12.status == 200)
        }
    }

    @Test func `an assay is made, kept and read, and shows no secret`() async throws {
        try await withServer { server in
            let secret = "hunter2-" + "Zq81xPw0Lm"
            let made = try await server.post(
                "/api/v1/assays",
                ["files": [["path": "vars.yml", "text": .string("password: \(secret)\n")]]]
            )
            #expect(made.status == 200)
            #expect(!made.text.contains(secret))
            let assay = try #require(made.json["items"]?[0])
            #expect(assay["verdict"]?.stringValue != "pass")
            let read = try await server.get("/api/v1/assays/\(assay["id"]?.stringValue ?? "")")
            #expect(read.json["digest"] == assay["digest"])
            let list = try await server.get("/api/v1/assays")
            #expect(list.json["items"]?.arrayValue?.count == 1)
            let wrong = try await server.post("/api/v1/assays", ["files": [["path": "x"]]])
            #expect(wrong.json["errors"]?[0]?["field"]?.stringValue == "files[0]")
        }
    }

    @Test func `a waiting job is cancelled, and a finished one says what stands in the way`() async throws {
        try await withServer { server in
            let accepted = try await server.post("/api/v1/playbooks", ["ask": "install nginx"])
            let id = accepted.json["id"]?.stringValue ?? ""
            _ = try await server.finished(id)
            let cancelled = try await server.post("/api/v1/jobs/\(id)/cancel", [:])
            #expect(cancelled.status == 409)
            let retried = try await server.post("/api/v1/jobs/\(id)/retry", [:])
            #expect(retried.status == 409)
            #expect(retried.json["type"]?.stringValue == "conflict")
        }
    }

    @Test func `one bad client does not keep the others from being served`() async throws {
        try await withServer { server in
            // Sixty-four connections that open a request and never finish it.
            let slow = try (0..<64).map { _ in try SlowClient(server.base) }
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await server.get("/api/v1/jobs").status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers == Array(repeating: 200, count: 50))
            for client in slow { client.close() }
        }
    }
}

/// A client that begins a request and leaves it there.
private final class SlowClient {
    private let descriptor: Int32

    init(_ base: String) throws {
        let port = UInt16(base.split(separator: ":").last ?? "") ?? 0
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw CupelError(.internalError, "cannot connect") }
        let half = Array("POST /api/v1/playbooks HTTP/1.1\r\nHost: 127.0".utf8)
        _ = half.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    func close() { _ = Glibc.close(descriptor) }
}
