import CupelCore
import CupelServer
import CupelTesting
import Foundation
import NIOHTTP1
import Storage
import Testing

/// Redis as an operator meets it: the settings, and two servers that share one.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct RedisContractTests {
    private func settings(_ environment: [String: String]) throws -> CupelSettings {
        try CupelSettings(sources: try SettingsSources(environment: environment), home: "/home/x")
    }

    private func problem(_ environment: [String: String]) -> String {
        do {
            _ = try settings(environment)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `the address comes from our variable or the usual one, and is never shown`() throws {
        #expect(try settings([:]).redis.address == nil)
        let word = "w\(Identifier<RedisServer>())"
        for name in ["REDIS_URL", "CUPEL_REDIS_URL"] {
            let read = try settings([name: "redis://:\(word)@cache:6380/2"])
            #expect(read.redis.address?.endpoint == .tcp(host: "cache", port: 6380))
            let entry = try #require(read.entries.first { $0.key == "redis.url" })
            #expect(entry.value == "[redacted]")
        }
        #expect(problem(["REDIS_URL": "redis://:\(word)@cache:x"]).contains("port"))
        #expect(!problem(["REDIS_URL": "redis://:\(word)@cache:x"]).contains(word))
        #expect(problem(["REDIS_URL": "rediss://cache"]).contains("stunnel"))
    }

    @Test func `production takes a plain connection on loopback, and beyond it only when that is allowed`() {
        let production = ["CUPEL_ENVIRONMENT": "production"]
        func problem(_ url: String, _ more: [String: String] = [:]) -> String {
            self.problem(production.merging(["REDIS_URL": url]) { $1 }.merging(more) { $1 })
        }
        #expect(problem("redis://127.0.0.1:6379") == "")
        #expect(problem("unix:///run/redis.sock") == "")
        #expect(problem("redis://cache:6379").contains("redis.allow_plain"))
        #expect(problem("redis://cache:6379", ["CUPEL_REDIS_ALLOW_PLAIN": "true"]) == "")
        #expect(self.problem(["REDIS_URL": "redis://cache:6379"]) == "")
    }

    /// Whether the overview is shown with a session's cookie.
    private func isSignedIn(_ server: RunningServer, _ cookie: String) async throws -> Bool {
        try await HTTP.send("GET", server.base + "/", headers: [("Cookie", cookie)]).status == 200
    }

    private func readiness(_ server: RunningServer) async throws -> (status: Int, redis: String) {
        let answer = try await HTTP.send("GET", server.base + "/health/ready")
        return (answer.status, answer.json["parts"]?["redis"]?.stringValue ?? "")
    }

    private func wait(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<2000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw CupelError(.timeout, "What was waited for did not come about.")
    }

    @Test func `replicas share sessions, and stay ready with them while Redis is away`() async throws {
        let redis = try RedisServer()
        let environment = ["CUPEL_REDIS_URL": redis.url.expose(), "CUPEL_MODEL_LOCAL": ""]
        let (one, two) = (try CupelProcess(environment: environment), try CupelProcess(environment: environment))
        let first = try await one.serve()
        // Replicas have the same token file.
        try FileManager.default.createDirectory(
            atPath: two.dataDirectory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try BoundedFile.replace(two.dataDirectory + "/token", with: Array((first.token + "\n").utf8), mode: 0o600)
        let second = try await two.serve()
        for server in [first, second] { try await wait { try await readiness(server).redis == "up" } }

        let answer = try await HTTP.send("POST", first.base + "/login", body: Array("token=\(first.token)".utf8))
        let cookie = String(try #require(answer.headers["Set-Cookie"].first).prefix { $0 != ";" })
        let signedIn = try await [
            isSignedIn(first, cookie), isSignedIn(second, cookie), isSignedIn(second, cookie + "0"),
        ]
        #expect(signedIn == [true, true, false])
        let metrics = try await HTTP.send("GET", second.base + "/metrics", token: second.token)
        #expect(metrics.text.contains("cupel_redis_up 1"))

        redis.kill()
        try await wait {
            _ = try await isSignedIn(second, cookie)
            return try await readiness(second).redis.contains("degraded since")
        }
        let away = try await readiness(second)
        #expect(away.status == 200)
        let still = try await [isSignedIn(first, cookie), isSignedIn(second, cookie)]
        #expect(still == [true, true])

        try redis.start()
        for server in [first, second] { try await wait { try await readiness(server).redis == "up" } }
        let csrf = try await HTTP.send("GET", first.base + "/api/v1/csrf", headers: [("Cookie", cookie)])
        let token = csrf.json["csrf_token"]?.stringValue ?? ""
        let left = try await HTTP.send(
            "POST",
            first.base + "/logout",
            headers: [("Cookie", cookie), ("X-CSRF-Token", token)]
        )
        #expect(left.status == 303)
        let ended = try await [isSignedIn(first, cookie), isSignedIn(second, cookie)]
        #expect(ended == [false, false])
        let stopped = await [first.stop(), second.stop()]
        #expect(stopped == [0, 0])
    }
}
