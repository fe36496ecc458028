import CupelCore
import CupelTesting
import Jobs
import Testing

@Suite struct DepthCacheTests {
    @Test func `a count is good for a second and then made anew`() async throws {
        let clock = TestClock()
        let queue = JobQueue(store: MemoryJobStore(), time: clock)
        let cache = DepthCache(queue: queue)
        let before = try await cache.depths()
        #expect(before.isEmpty)
        try await queue.enqueue(Greet(name: "a"))
        let cached = try await cache.depths()
        #expect(cached.isEmpty)
        clock.advance(by: DepthCache.minimumAge)
        let counted = try await cache.depths()
        #expect(counted.first?.count == 1)
    }
}
