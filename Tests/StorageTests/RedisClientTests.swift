import CupelCore
import CupelTesting
import Storage
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisClientTests {
    private func withClient(
        _ limits: RedisLimits = RedisLimits(),
        overSocket: Bool = false,
        _ body: (RedisClient, RedisServer) async throws -> Void
    ) async throws {
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(overSocket ? server.socketURL : server.url), limits: limits)
        try await body(client, server)
        await client.close()
    }

    @Test(arguments: [false, true]) func `any bytes come back as they went in, over both kinds of socket`(
        _ overSocket: Bool
    ) async throws {
        try await withClient(overSocket: overSocket) { client, _ in
            let every = (0...255).map { UInt8($0) } + [13, 10, 0]
            for value in [every, [], Array(repeating: 7, count: 1 << 20)] {
                let stored = try await client.run(RedisCommand("SET", every, value))
                #expect(stored == .status("OK"))
                let read = try await client.run(RedisCommand("GET", every))
                #expect(read == .bytes(value))
            }
        }
    }

    @Test func `every kind of reply is told apart`() async throws {
        try await withClient { client, _ in
            let none = try await client.run(RedisCommand("GET", "nothing"))
            #expect(none == .null)
            let length = try await client.run(RedisCommand("RPUSH", "l", "a", "b"))
            #expect(length == .integer(2))
            let list = try await client.run(RedisCommand("LRANGE", "l", 0, -1))
            #expect(list == .array([.bytes([97]), .bytes([98])]))
            let nested = try await client.run(RedisCommand("EVAL", "return {1,{2,{'x'}},false}", 0))
            #expect(nested == .array([.integer(1), .array([.integer(2), .array([.bytes([120])])]), .null]))
        }
    }

    @Test func `commands of many callers are batched, and each gets its own reply`() async throws {
        try await withClient { client, server in
            let wrong = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<4000 {
                    group.addTask {
                        let reply = try? await client.run(RedisCommand("ECHO", "n\(number)"))
                        return reply?.text != "n\(number)"
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wrong == 0)
            // Two connections and the one that asks.
            let clients = try server.command("INFO clients")
            #expect(clients.contains("connected_clients:3"), "\(clients)")
        }
    }

    @Test func `a pipeline keeps its order and shows errors in their places`() async throws {
        try await withClient { client, _ in
            let replies = try await client.pipeline([
                RedisCommand("SET", "k", "text"), RedisCommand("INCR", "k"), RedisCommand("GET", "k"),
            ])
            #expect(replies.count == 3)
            #expect(replies.last == .bytes(Array("text".utf8)))
            guard case .error(let text) = replies[1] else { throw CupelError(.internalError, "no error") }
            #expect(text.contains("not an integer"))
        }
    }

    @Test func `a refused command is an error that keeps the connection`() async throws {
        try await withClient { client, _ in
            let error = await #expect(throws: CupelError.self) { try await client.run(RedisCommand("NOSUCH", "x")) }
            #expect(error?.code == .internalError)
            let reply = try await client.run(RedisCommand("PING"))
            #expect(reply == .status("PONG"))
            #expect(client.health.lastError == nil)
        }
    }

    @Test func `a command over its bound is refused, the bound itself is not`() async throws {
        try await withClient(RedisLimits(commandBytes: 100)) { client, _ in
            let value = [UInt8](repeating: 1, count: 96)
            let stored = try await client.run(RedisCommand("SET", "k", value))
            #expect(stored == .status("OK"))
            let error = await #expect(throws: CupelError.self) {
                try await client.run(RedisCommand("SET", "k", value + [1]))
            }
            #expect(error?.code == .payloadTooLarge)
        }
    }

    @Test func `a reply over its bound breaks the connection, not the process, and the next call works again`()
        async throws
    {
        try await withClient(RedisLimits(replyBytes: 100_000)) { client, _ in
            _ = try await client.run(RedisCommand("SETRANGE", "big", 200_000, "x"))
            let error = await #expect(throws: CupelError.self) { try await client.run(RedisCommand("GET", "big")) }
            #expect(error?.message.contains("larger than 100000 bytes") == true, "\(String(describing: error))")
            try await eventually { (try? await client.run(RedisCommand("PING"))) == .status("PONG") }
        }
    }

    @Test func `commands that wait are bounded`() async throws {
        let limits = RedisLimits(command: .seconds(20), pending: 10)
        try await withClient(limits) { client, server in
            try await eventually { client.health.state == .up }
            server.pause()
            let refused = Tally()
            let answered = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        if (try? await client.run(RedisCommand("PING"))) != nil { return true }
                        refused.add()
                        return false
                    }
                }
                // What was taken can be answered only now that the rest is refused: 10 wait on each connection, and
                // what was sent before those is under way.
                try? await eventually { refused.count >= 20 }
                server.resume()
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(answered >= 20)
            #expect(answered + refused.count == 64)
        }
    }

    @Test func `a hit of the cache costs little more than a bare ping`() async throws {
        try await withClient { client, _ in
            let cache = RedisCache(client)
            await cache.set(Array(repeating: 1, count: 1000), for: "k", lifetime: .seconds(60))
            func median(_ work: () async throws -> Void) async throws -> Double {
                var times: [Double] = []
                for _ in 0..<400 {
                    let began = SystemTime().monotonic
                    try await work()
                    times.append((SystemTime().monotonic - began).inMilliseconds)
                }
                return times.sorted()[200]
            }
            let ping = try await median { _ = try await client.run(RedisCommand("PING")) }
            let hit = try await median { _ = await cache.value(for: "k") }
            // Measured on two busy cores: 0.09 to 0.16 ms each.
            #expect(hit < ping * 5 + 0.5, "hit \(hit) ms, ping \(ping) ms")
        }
    }
}

/// A count that several tasks share.
final class Tally: Sendable {
    private let total = Mutex(0)
    var count: Int { total.withLock { $0 } }
    func add() { total.withLock { $0 += 1 } }
}

/// Waits until a condition holds.
func eventually(
    within limit: Duration = .seconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let until = SystemTime().monotonic + limit
    while SystemTime().monotonic < until {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw CupelError(.timeout, "What was waited for did not come about.")
}
