import CupelCore
import CupelTesting
import Storage
import Synchronization
import Testing

/// What each shared service does while Redis is away, with two replicas, and how it recovers.
@Suite(.timeLimit(.minutes(2)))
struct RedisDegradationTests {
    /// A process of Cupel, as far as Redis can tell.
    private struct Replica {
        let client: RedisClient
        let services: SharedServices

        init(_ server: RedisServer) throws {
            client = RedisClient(try RedisAddress(server.url), limits: RedisFaultTests.limits)
            services = .redis(client)
        }

        func isUp() async throws { try await eventually { client.health.state == .up } }
        func isDown() async throws { try await eventually { client.health.state == .down } }
    }

    private func withReplicas(
        _ body: (RedisServer, Replica, Replica) async throws -> Void
    ) async throws {
        let server = try RedisServer()
        let (one, two) = (try Replica(server), try Replica(server))
        try await one.isUp()
        try await two.isUp()
        try await body(server, one, two)
        await one.services.close()
        await two.services.close()
    }

    /// Ends Redis and lets both notice.
    private func end(_ server: RedisServer, _ replicas: [Replica]) async throws {
        server.kill()
        for replica in replicas {
            _ = await replica.services.cache.value(for: "notice")
            try await replica.isDown()
        }
    }

    @Test func `replicas share what is cached, and without Redis everything is a miss`() async throws {
        try await withReplicas { server, one, two in
            await one.services.cache.set([7], for: "k", lifetime: .seconds(60))
            let shared = await two.services.cache.value(for: "k")
            #expect(shared == [7])
            try await end(server, [one, two])
            let missed = await two.services.cache.value(for: "k")
            #expect(missed == nil)
            await one.services.cache.set([8], for: "k", lifetime: .seconds(60))
            try server.start()
            try await one.isUp()
            try await two.isUp()
            let dropped = await two.services.cache.value(for: "k")
            #expect(dropped == nil)
            await one.services.cache.set([9], for: "k", lifetime: .seconds(60))
            let again = await two.services.cache.value(for: "k")
            #expect(again == [9])
        }
    }

    @Test func `replicas count together, each for itself without Redis, and together again after`() async throws {
        try await withReplicas { server, one, two in
            // No stretch of this length begins or ends during the test.
            let limits = [RateLimit(4, per: .seconds(86_400))]
            func allowed(_ replica: Replica, _ tries: Int) async -> Int {
                var count = 0
                for _ in 0..<tries where await replica.services.limiter.take("k", within: limits).isAllowed {
                    count += 1
                }
                return count
            }
            let together = await [allowed(one, 3), allowed(two, 3)]
            #expect(together == [3, 1])
            let refused = await one.services.limiter.take("k", within: limits)
            let wait = try #require(refused.retryAfter)
            #expect(wait > .seconds(86_400 - 60) && wait <= .seconds(86_400 + 1440))
            try await end(server, [one, two])
            let apart = await [allowed(one, 6), allowed(two, 6)]
            #expect(apart == [4, 4])
            // The restarted Redis has lost counts and script alike.
            try server.start()
            try await one.isUp()
            try await two.isUp()
            let again = await [allowed(one, 3), allowed(two, 3)]
            #expect(again == [3, 1])
            let keys = try server.command("TTL cupel:limit:k")
            #expect(keys.hasPrefix(":878"), "\(keys)")
        }
    }

    @Test func `a script that Redis forgot is sent again`() async throws {
        try await withReplicas { server, one, _ in
            let limits = [RateLimit(4, per: .seconds(86_400))]
            let first = await one.services.limiter.take("k", within: limits)
            try server.command("SCRIPT FLUSH")
            let second = await one.services.limiter.take("k", within: limits)
            #expect([first.remaining, second.remaining] == [3, 2])
            let third = await one.services.limiter.take("k", within: limits)
            #expect(third.remaining == 1)
            let calls = try server.command("INFO commandstats")
            #expect(calls.contains("cmdstat_evalsha:calls=2,"), "\(calls)")
            #expect(calls.contains("cmdstat_eval:calls=2,"), "\(calls)")
        }
    }

    @Test func `a message goes to other replicas, without Redis to this one, and listeners are told to look after it`()
        async throws
    {
        try await withReplicas { server, one, two in
            let (here, there) = (Heard(), Heard())
            try await withThrowingTaskGroup(of: Void.self) { group in
                let streams = await (
                    one.services.bus.subscribe(to: "jobs"), two.services.bus.subscribe(to: "jobs")
                )
                group.addTask { for await event in streams.0 { here.add(event) } }
                group.addTask { for await event in streams.1 { there.add(event) } }
                await one.services.bus.publish([1], to: "jobs")
                try await eventually { here.has(.message([1])) && there.has(.message([1])) }
                try await end(server, [one, two])
                await one.services.bus.publish([2], to: "jobs")
                try await eventually { here.has(.message([2])) }
                let before = there.count(.resumed)
                try server.start()
                try await eventually { there.count(.resumed) > before }
                try await one.isUp()
                await one.services.bus.publish([3], to: "jobs")
                try await eventually { here.has(.message([3])) && there.has(.message([3])) }
                #expect(!there.has(.message([2])))
                // Each message once, although Redis tells the sender too.
                #expect(here.count(.message([3])) == 1 && here.count(.message([1])) == 1)
                group.cancelAll()
            }
        }
    }

    @Test func `a Redis that stands still is noticed by those who only listen`() async throws {
        try await withReplicas { server, _, two in
            let stream = await two.services.bus.subscribe(to: "jobs")
            server.pause()
            // Nobody sends a command: the listener itself asks after five seconds of silence.
            try await two.isDown()
            server.resume()
            try await two.isUp()
            withExtendedLifetime(stream) {}
        }
    }

    @Test func `the last listener of a channel ends its subscription, and the next one begins it anew`() async throws {
        try await withReplicas { server, one, two in
            for round in 0..<20 {
                let stream = await one.services.bus.subscribe(to: "jobs")
                await two.services.bus.publish([UInt8(round)], to: "jobs")
                for await event in stream where event == .message([UInt8(round)]) { break }
            }
            // What is dropped ends its stream, and the listener's thread unsubscribes.
            try await eventually { try server.command("PUBSUB CHANNELS") == "*0\r\n" }
        }
    }

    @Test func `replicas share sessions, and an outage signs out nobody whom a replica has seen`() async throws {
        try await withReplicas { server, one, two in
            let (seen, unseen) = (Digest(of: "seen"), Digest(of: "unseen"))
            let record = SessionRecord(until: SystemTime().now + .seconds(600), data: [5])
            try await one.services.sessions.open(seen, record)
            try await one.services.sessions.open(unseen, record)
            let shared = await two.services.sessions.find(seen)
            #expect(shared == record)
            try await end(server, [one, two])
            let kept = await [one.services.sessions.find(seen), two.services.sessions.find(seen)]
            #expect(kept == [record, record])
            let strange = await two.services.sessions.find(unseen)
            #expect(strange == nil)
            // The new Redis is empty: who has seen the session puts it back for the others.
            try server.start()
            try await one.isUp()
            try await two.isUp()
            let still = await one.services.sessions.find(unseen)
            #expect(still == record)
            let restored = await two.services.sessions.find(unseen)
            #expect(restored == record)
        }
    }

    @Test func `a session that was ended is ended for replicas that have seen it, even when Redis lost it`()
        async throws
    {
        try await withReplicas { server, one, two in
            let session = Digest(of: "mine")
            try await one.services.sessions.open(session, SessionRecord(until: SystemTime().now + .seconds(600)))
            let shared = await two.services.sessions.find(session)
            #expect(shared != nil)
            await one.services.sessions.close(session)
            let ended = await two.services.sessions.find(session)
            #expect(ended == nil)
            try server.command("FLUSHALL")
            let after = await [one.services.sessions.find(session), two.services.sessions.find(session)]
            #expect(after == [nil, nil])
        }
    }

    @Test func `a session that is ended while Redis is away is ended everywhere once it is back`() async throws {
        try await withReplicas { server, one, two in
            let session = Digest(of: "mine")
            try await one.services.sessions.open(session, SessionRecord(until: SystemTime().now + .seconds(600)))
            let shared = await two.services.sessions.find(session)
            #expect(shared != nil)
            try await end(server, [one, two])
            await one.services.sessions.close(session)
            let here = await one.services.sessions.find(session)
            #expect(here == nil)
            try server.start()
            try await one.isUp()
            try await two.isUp()
            // The first look of any session by the replica that knows of the end brings it out.
            _ = await one.services.sessions.find(Digest(of: "another"))
            let there = await two.services.sessions.find(session)
            #expect(there == nil)
        }
    }

    @Test func `without Redis no service keeps anyone waiting`() async throws {
        try await withReplicas { server, one, two in
            try await end(server, [one, two])
            let services = one.services
            let limits = [RateLimit(1_000_000, per: .seconds(60))]
            let session = Digest(of: "s")
            try await services.sessions.open(session, SessionRecord(until: SystemTime().now + .seconds(600)))
            let began = SystemTime().monotonic
            for number in 0..<200 {
                _ = await services.cache.value(for: "\(number)")
                await services.cache.set([1], for: "\(number)", lifetime: .seconds(1))
                _ = await services.limiter.take("\(number)", within: limits)
                await services.bus.publish([1], to: "c")
                _ = await services.sessions.find(session)
            }
            // One call that waited for a connection would take as long; these are a thousand.
            #expect(SystemTime().monotonic - began < RedisFaultTests.limits.connect)
        }
    }
}

/// The events that a listener heard.
private final class Heard: Sendable {
    private let events = Mutex<[BusEvent]>([])
    func add(_ event: BusEvent) { events.withLock { $0.append(event) } }
    func count(_ event: BusEvent) -> Int { events.withLock { $0.count { $0 == event } } }
    func has(_ event: BusEvent) -> Bool { count(event) > 0 }
}
