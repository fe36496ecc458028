import CupelCore
import CupelTesting
import MetricsTestKit
import Storage
import Testing

/// What the client does while Redis is away, and when it comes back.
@Suite(.timeLimit(.minutes(2)))
struct RedisFaultTests {
    static let limits = RedisLimits(connect: .milliseconds(300), command: .milliseconds(300))

    private func ping(_ client: RedisClient) async -> Bool {
        (try? await client.run(RedisCommand("PING"))) == .status("PONG")
    }

    private func failure(_ client: RedisClient) async -> CupelError? {
        do {
            _ = try await client.run(RedisCommand("PING"))
            return nil
        } catch {
            return error as? CupelError
        }
    }

    /// Calls fail one after the other, all of them together within less than one of them may wait.
    private func failsAtOnce(_ client: RedisClient) async {
        let began = SystemTime().monotonic
        var failed = 0
        for _ in 0..<1000 where await failure(client)?.code == .storageUnavailable { failed += 1 }
        #expect(failed == 1000)
        #expect(SystemTime().monotonic - began < Self.limits.command)
    }

    @Test func `a Redis that is down at start costs nothing and is found when it comes`() async throws {
        let server = try RedisServer(isStarted: false)
        let client = RedisClient(try RedisAddress(server.url), limits: Self.limits)
        let error = try #require(await failure(client))
        #expect(error.code == .storageUnavailable)
        #expect(error.message.contains("127.0.0.1:\(server.port)") && error.message.contains("redis.url"))
        await failsAtOnce(client)
        #expect(client.health.state == .down)
        #expect(client.health.lastError?.contains("refused") == true)
        try server.start()
        try await eventually { client.health.state == .up }
        let works = await ping(client)
        #expect(works)
        await client.close()
    }

    @Test func `a Redis that is killed is noticed by the next call, and used again when it is back`() async throws {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(server.url), limits: Self.limits)
        let worked = await ping(client)
        #expect(worked)
        server.kill()
        #expect(await failure(client)?.code == .storageUnavailable)
        await failsAtOnce(client)
        try server.start()
        // Nobody calls meanwhile: it is found by itself.
        try await eventually { client.health.state == .up }
        let works = await ping(client)
        #expect(works)
        #expect(client.health.lastError != nil)
        await client.close()
    }

    @Test func `a restart between two calls is not seen by the second`() async throws {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(server.url), limits: Self.limits)
        for _ in 0..<5 {
            let works = await ping(client)
            #expect(works)
            try server.restart()
        }
        await client.close()
    }

    @Test func `a connection that Redis closed for idleness is opened anew without an error`() async throws {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(server.url), limits: Self.limits)
        try await eventually { client.health.state == .up }
        try server.command("CLIENT KILL TYPE normal SKIPME yes")
        let works = await ping(client)
        #expect(works)
        #expect(client.health.state == .up)
        await client.close()
    }

    @Test func `a Redis that stands still fails whoever waits after one time limit, then everyone at once`()
        async throws
    {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(server.url), limits: Self.limits)
        try await eventually { client.health.state == .up }
        server.pause()
        let began = SystemTime().monotonic
        let failures = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 { group.addTask { await failure(client)?.code == .storageUnavailable } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        let took = SystemTime().monotonic - began
        #expect(failures == 200)
        #expect(took >= Self.limits.command)
        // All of them waited together, not one after the other: 200 limits would be a minute.
        #expect(took < Self.limits.command * 10)
        await failsAtOnce(client)
        server.resume()
        try await eventually { client.health.state == .up }
        let works = await ping(client)
        #expect(works)
        await client.close()
    }

    @Test func `what one connection learns the others need not learn by waiting`() async throws {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(server.url), connectionCount: 8, limits: Self.limits)
        try await eventually { client.health.state == .up }
        server.pause()
        #expect(await failure(client)?.code == .storageUnavailable)
        await failsAtOnce(client)
        server.resume()
        try await eventually { client.health.state == .up }
        await client.close()
    }

    @Test func `a wrong password, and a missing one, are said`() async throws {
        let word = "\(Identifier<RedisServer>())"
        let server = try RedisServer(password: Secret(word))
        let right = RedisClient(try RedisAddress(server.url), limits: Self.limits)
        let works = await ping(right)
        #expect(works)
        await right.close()
        let wrong = RedisClient(
            try RedisAddress(Secret("redis://:not-\(word)@127.0.0.1:\(server.port)")),
            limits: Self.limits
        )
        let refused = try #require(await failure(wrong))
        #expect(refused.message.contains("refuses user or password of redis.url"), "\(refused)")
        #expect(!"\(refused)".contains(word))
        await wrong.close()
        let none = RedisClient(try RedisAddress(Secret("redis://127.0.0.1:\(server.port)")), limits: Self.limits)
        #expect(await failure(none)?.message.contains("wants a password") == true)
        await none.close()
    }

    @Test func `a password for a Redis that has none, and a database that is not there, are said`() async throws {
        let server = try RedisServer()
        let word = "\(Identifier<RedisServer>())"
        let surplus = RedisClient(
            try RedisAddress(Secret("redis://:\(word)@127.0.0.1:\(server.port)")),
            limits: Self.limits
        )
        #expect(await failure(surplus)?.message.contains("has no password") == true)
        await surplus.close()
        let beyond = RedisClient(try RedisAddress(Secret("redis://127.0.0.1:\(server.port)/4")), limits: Self.limits)
        #expect(await failure(beyond)?.message.contains("has no database 4") == true)
        await beyond.close()
        let last = RedisClient(try RedisAddress(Secret("redis://127.0.0.1:\(server.port)/3")), limits: Self.limits)
        _ = try await last.run(RedisCommand("SET", "here", "x"))
        #expect(try server.command("GET here") == "$-1\r\n")
        await last.close()
    }

    @Test func `a server that is no Redis is said`() async throws {
        let server = try NoRedis(answer: "HTTP/1.1 400 Bad Request\r\n\r\n")
        let client = RedisClient(
            try RedisAddress(Secret("redis://127.0.0.1:\(server.port)")),
            connectionCount: 1,
            limits: Self.limits
        )
        let message = await failure(client)?.message ?? ""
        #expect(message.contains("does not speak Redis' protocol"), "\(message)")
        await client.close()
        withExtendedLifetime(server) {}
    }

    @Test func `a Redis that drips bytes is cut off at the time limit`() async throws {
        let server = try NoRedis(answer: "+" + String(repeating: "P", count: 200), pause: 20_000)
        let client = RedisClient(
            try RedisAddress(Secret("redis://127.0.0.1:\(server.port)")),
            connectionCount: 1,
            limits: Self.limits
        )
        let began = SystemTime().monotonic
        let message = await failure(client)?.message ?? ""
        #expect(message.contains("did not answer within 300 ms"), "\(message)")
        // The whole answer takes four seconds.
        #expect(SystemTime().monotonic - began < .seconds(3))
        await client.close()
        withExtendedLifetime(server) {}
    }

    @Test func `a full Redis is an error of its own and keeps serving reads`() async throws {
        let server = try RedisServer(options: ["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"])
        let client = RedisClient(try RedisAddress(server.url), limits: Self.limits)
        _ = try await client.run(RedisCommand("SET", "small", "x"))
        var error: CupelError?
        for number in 0..<64 where error == nil {
            do {
                _ = try await client.run(RedisCommand("SET", "k\(number)", [UInt8](repeating: 1, count: 256 << 10)))
            } catch let refused as CupelError { error = refused }
        }
        #expect(error?.code == .storageUnavailable)
        #expect(error?.message.contains("maxmemory") == true)
        let small = try await client.run(RedisCommand("GET", "small"))
        #expect(small == .bytes([120]))
        #expect(client.health.state == .up)
        await client.close()
    }

    @Test func `what happens is counted`() async throws {
        let metrics = TestMetrics()
        let server = try RedisServer()
        let client = RedisClient(
            try RedisAddress(server.url),
            connectionCount: 1,
            limits: Self.limits,
            metrics: metrics
        )
        let works = await ping(client)
        #expect(works)
        #expect(try metrics.expectGauge("cupel_redis_up").lastValue == 1)
        server.kill()
        _ = await failure(client)
        _ = await failure(client)
        await RedisCache(client).set([1], for: "k", lifetime: .seconds(1))
        let bus = RedisBus(client)
        await bus.publish([1], to: "c")
        bus.close()
        #expect(try metrics.expectCounter("cupel_redis_commands_total").totalValue == 1)
        #expect(try metrics.expectCounter("cupel_redis_errors_total").totalValue >= 1)
        #expect(try metrics.expectCounter("cupel_redis_refused_total").totalValue >= 1)
        for kind in ["cache", "publish"] {
            #expect(try metrics.expectCounter("cupel_redis_dropped_total", [("kind", kind)]).totalValue == 1)
        }
        #expect(try metrics.expectGauge("cupel_redis_up").lastValue == 0)
        let time = try #require(try metrics.expectTimer("cupel_redis_command").lastValue)
        #expect(time > 0 && time < 1_000_000_000)
        await client.close()
    }

    @Test func `whoever waits when the client is closed is told`() async throws {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(server.url), limits: RedisLimits(command: .seconds(2)))
        try await eventually { client.health.state == .up }
        server.pause()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { #expect(await failure(client) != nil) } }
            group.addTask { await client.close() }
        }
        #expect(await failure(client)?.code == .shuttingDown)
    }
}
