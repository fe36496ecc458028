import CupelCore
import CupelTesting
import Storage
import Testing

/// One contract for what replicas share: in process, and in Redis.
@Suite(.timeLimit(.minutes(2)))
struct SharedConformanceTests {
    enum Kind: CaseIterable, Sendable { case inProcess, redis }

    /// The services, with a clock for limits and sessions that the test moves.
    private func with(
        _ kind: Kind,
        _ body: (SharedServices, RedisServer?, TestClock) async throws -> Void
    ) async throws {
        let clock = TestClock()
        guard kind == .redis else { return try await body(.inProcess(time: clock), nil, clock) }
        let server = try RedisServer()
        let client = RedisClient(try RedisAddress(server.url))
        let services = SharedServices.redis(client, clock: clock)
        try await body(services, server, clock)
        await services.close()
    }

    @Test(arguments: Kind.allCases) func `a cache gives back what it keeps, and forgets what it is told to`(
        _ kind: Kind
    ) async throws {
        try await with(kind) { services, _, _ in
            let cache = services.cache
            let none = await cache.value(for: "k")
            #expect(none == nil)
            let bytes: [UInt8] = [0, 13, 10, 255]
            await cache.set(bytes, for: "k", lifetime: .seconds(60))
            let kept = await cache.value(for: "k")
            #expect(kept == bytes)
            await cache.set([], for: "k", lifetime: .seconds(60))
            let empty = await cache.value(for: "k")
            #expect(empty == [])
            await cache.remove("k")
            let gone = await cache.value(for: "k")
            #expect(gone == nil)
        }
    }

    @Test(arguments: Kind.allCases) func `a cached value ends with its time`(_ kind: Kind) async throws {
        try await with(kind) { services, _, clock in
            let cache = services.cache
            await cache.set([1], for: "short", lifetime: .milliseconds(50))
            await cache.set([1], for: "long", lifetime: .seconds(60))
            // Redis keeps its own time; the clock moves the one in process.
            clock.advance(by: .milliseconds(49))
            clock.advance(by: .milliseconds(1))
            try await eventually { await cache.value(for: "short") == nil }
            let long = await cache.value(for: "long")
            #expect(long == [1])
            await cache.set([1], for: "long", lifetime: .zero)
            let zero = await cache.value(for: "long")
            #expect(zero == nil)
        }
    }

    @Test(arguments: Kind.allCases) func `a value over its bound is not kept, nor the one that it was to replace`(
        _ kind: Kind
    ) async throws {
        try await with(kind) { services, _, _ in
            let cache = services.cache
            let largest = [UInt8](repeating: 1, count: CacheLimits().valueBytes)
            await cache.set(largest, for: "k", lifetime: .seconds(60))
            let kept = await cache.value(for: "k")
            #expect(kept == largest)
            await cache.set(largest + [1], for: "k", lifetime: .seconds(60))
            let refused = await cache.value(for: "k")
            #expect(refused == nil)
        }
    }

    @Test(arguments: Kind.allCases) func `a limit lets N through and not N + 1, and again when its time is over`(
        _ kind: Kind
    ) async throws {
        try await with(kind) { services, _, clock in
            let limits = [RateLimit(5, per: .seconds(60))]
            for left in [4, 3, 2, 1, 0] {
                let decision = await services.limiter.take("me", within: limits)
                #expect(decision == RateDecision(isAllowed: true, remaining: left))
            }
            let refused = await services.limiter.take("me", within: limits)
            #expect(!refused.isAllowed && refused.remaining == 0)
            // The five came at the very beginning of a part: it is over after 61 parts of a second.
            #expect(refused.retryAfter == .seconds(61))
            let other = await services.limiter.take("you", within: limits)
            #expect(other.isAllowed)
            clock.advance(by: .seconds(61) - .microseconds(1))
            let early = await services.limiter.take("me", within: limits)
            #expect(early.retryAfter == .microseconds(1))
            clock.advance(by: .microseconds(1))
            let again = await services.limiter.take("me", within: limits)
            #expect(again == RateDecision(isAllowed: true, remaining: 4))
        }
    }

    @Test(arguments: Kind.allCases) func `all limits of a caller hold at once, and a refusal counts against none`(
        _ kind: Kind
    ) async throws {
        try await with(kind) { services, _, clock in
            let limits = [RateLimit(7, per: .seconds(3600)), RateLimit(3, per: .seconds(60))]
            for _ in 0..<3 { _ = await services.limiter.take("k", within: limits) }
            for _ in 0..<50 {
                let refused = await services.limiter.take("k", within: limits)
                #expect(!refused.isAllowed)
            }
            clock.advance(by: .seconds(61))
            for left in [2, 1, 0] {
                let decision = await services.limiter.take("k", within: limits)
                #expect(decision == RateDecision(isAllowed: true, remaining: left))
            }
            clock.advance(by: .seconds(61))
            let last = await services.limiter.take("k", within: limits)
            #expect(last == RateDecision(isAllowed: true, remaining: 0))
            let hour = await services.limiter.take("k", within: limits)
            // 3660 s after the beginning, of which 122 s have passed.
            #expect(hour.retryAfter == .seconds(3660 - 122))
            let unlimited = await services.limiter.take("k", within: [])
            #expect(unlimited.isAllowed)
        }
    }

    @Test func `the script and the process decide alike, and never let more through than is allowed`() async throws {
        var generator = SeededGenerator(seed: 42)
        try await with(.redis) { services, _, clock in
            let local = InProcessRateLimiter(time: clock)
            let limits = [
                RateLimit(4, per: .seconds(3)), RateLimit(9, per: .seconds(20)), RateLimit(30, per: .seconds(90)),
            ]
            var allowed: [Duration] = []
            for step in 0..<1500 {
                clock.advance(by: .microseconds(Int.random(in: 0...2_000_000, using: &generator)))
                let here = await local.take("k", within: limits)
                let there = await services.limiter.take("k", within: limits)
                #expect(here == there, "step \(step)")
                if here.isAllowed { allowed.append(clock.monotonic) }
                for limit in limits where here.isAllowed {
                    let recent = allowed.suffix(limit.count + 1)
                    if recent.count > limit.count, let first = recent.first {
                        #expect(clock.monotonic - first >= limit.window, "step \(step)")
                    }
                }
            }
            #expect(allowed.count > 100)
        }
    }

    @Test(arguments: Kind.allCases) func `many at once are let through exactly as often as the limit says`(
        _ kind: Kind
    ) async throws {
        try await with(kind) { services, _, _ in
            let limits = [RateLimit(100, per: .seconds(60)), RateLimit(1000, per: .seconds(3600))]
            let allowed = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<400 {
                    group.addTask { await services.limiter.take("k", within: limits).isAllowed }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(allowed == 100)
        }
    }

    @Test(arguments: Kind.allCases) func `a message reaches all who listen to its channel and nobody else`(
        _ kind: Kind
    ) async throws {
        try await with(kind) { services, _, _ in
            let first = await services.bus.subscribe(to: "a")
            let second = await services.bus.subscribe(to: "a")
            let other = await services.bus.subscribe(to: "b")
            await services.bus.publish([1, 0, 2], to: "a")
            await services.bus.publish([3], to: "b")
            await services.bus.publish([4], to: "a")
            let heard = await (messages(first, 2), messages(second, 2), messages(other, 1))
            #expect(heard.0 == [[1, 0, 2], [4]])
            #expect(heard.1 == [[1, 0, 2], [4]])
            #expect(heard.2 == [[3]])
        }
    }

    @Test(arguments: Kind.allCases)
    func `a subscription begins with the word to look, and a slow listener hears it anew`(
        _ kind: Kind
    ) async throws {
        try await with(kind) { services, _, _ in
            var quick = await services.bus.subscribe(to: "a").makeAsyncIterator()
            let begun = await quick.next()
            #expect(begun == .resumed)
            let slow = await services.bus.subscribe(to: "a", buffer: 4)
            for number in 0..<100 { await services.bus.publish([UInt8(number)], to: "a") }
            var held: [BusEvent] = []
            for await event in slow {
                held.append(event)
                if held.count == 4 { break }
            }
            #expect(held.last == .resumed)
            #expect(held.contains(.message([99])))
        }
    }

    @Test(arguments: Kind.allCases) func `a message over its bound arrives as the word to look`(_ kind: Kind)
        async throws
    {
        try await with(kind) { services, _, _ in
            var events = await services.bus.subscribe(to: "a").makeAsyncIterator()
            let largest = [UInt8](repeating: 1, count: BusLimits.payloadBytes)
            await services.bus.publish(largest, to: "a")
            await services.bus.publish(largest + [1], to: "a")
            var event = await events.next()
            while event == .resumed { event = await events.next() }
            #expect(event == .message(largest))
            let over = await events.next()
            #expect(over == .resumed)
        }
    }

    @Test(arguments: Kind.allCases) func `a session is open from its opening to its end`(_ kind: Kind) async throws {
        try await with(kind) { services, _, clock in
            let (mine, other) = (Digest(of: "mine"), Digest(of: "other"))
            let record = SessionRecord(until: clock.now + .seconds(60), data: [1, 2, 0])
            try await services.sessions.open(mine, record)
            let found = await services.sessions.find(mine)
            #expect(found == record)
            let unknown = await services.sessions.find(other)
            #expect(unknown == nil)
            await services.sessions.close(mine)
            let closed = await services.sessions.find(mine)
            #expect(closed == nil)
            try await services.sessions.open(other, record)
            clock.advance(by: .seconds(60) - .microseconds(1))
            let last = await services.sessions.find(other)
            #expect(last == record)
            clock.advance(by: .microseconds(1))
            let ended = await services.sessions.find(other)
            #expect(ended == nil)
        }
    }

    @Test(arguments: Kind.allCases) func `what is kept with a session is bounded`(_ kind: Kind) async throws {
        try await with(kind) { services, _, clock in
            let until = clock.now + .seconds(60)
            let most = [UInt8](repeating: 1, count: SessionLimits.dataBytes)
            try await services.sessions.open(Digest(of: "a"), SessionRecord(until: until, data: most))
            let error = await #expect(throws: CupelError.self) {
                try await services.sessions.open(Digest(of: "b"), SessionRecord(until: until, data: most + [1]))
            }
            #expect(error?.code == .payloadTooLarge)
        }
    }

    @Test func `in process a cache and a keeper of sessions stay within their bounds`() async throws {
        let clock = TestClock()
        let cache = InProcessCache(limits: CacheLimits(entries: 3, bytes: 100, valueBytes: 60), time: clock)
        for key in ["a", "b", "c"] { await cache.set([1], for: key, lifetime: .seconds(60)) }
        _ = await cache.value(for: "a")
        await cache.set([1], for: "d", lifetime: .seconds(60))
        let counted = await (cache.value(for: "a"), cache.value(for: "b"), cache.value(for: "d"))
        #expect(counted.0 == [1] && counted.1 == nil && counted.2 == [1])
        await cache.set([UInt8](repeating: 1, count: 60), for: "e", lifetime: .seconds(60))
        await cache.set([UInt8](repeating: 1, count: 39), for: "f", lifetime: .seconds(60))
        let weighed = await (cache.value(for: "a"), cache.value(for: "e"), cache.value(for: "f"))
        #expect(weighed.0 == nil && weighed.1 == nil && weighed.2?.count == 39)

        let sessions = InProcessSessions(maximumHeld: 2, time: clock)
        for (number, name) in ["first", "second", "third"].enumerated() {
            try await sessions.open(Digest(of: name), SessionRecord(until: clock.now + .seconds(10 + number)))
        }
        let held = await (sessions.find(Digest(of: "first")), sessions.find(Digest(of: "third")))
        #expect(held.0 == nil && held.1 != nil)
    }

    private func messages(_ events: AsyncStream<BusEvent>, _ count: Int) async -> [[UInt8]] {
        var found: [[UInt8]] = []
        for await case .message(let payload) in events {
            found.append(payload)
            if found.count == count { break }
        }
        return found
    }
}
