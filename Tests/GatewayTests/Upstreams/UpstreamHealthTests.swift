import Dispatch
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(1))) struct UpstreamHealthTests {
    private let second = Int64(1_000_000_000)

    private func broken(at now: Int64) -> UpstreamHealth {
        let health = UpstreamHealth()
        for _ in 0..<UpstreamHealth.threshold { health.failed(now: now) }
        return health
    }

    @Test func `the breaker opens at its threshold and not before`() {
        let health = UpstreamHealth()
        for _ in 1..<UpstreamHealth.threshold { health.failed(now: second) }
        #expect(health.isAvailable(now: second) && health.admit(now: second) == .open)
        health.failed(now: second)
        #expect(!health.isAvailable(now: second))
        #expect(health.admit(now: second) == .closed(until: second * 2))
    }

    @Test func `a success in between begins the count anew`() {
        let health = UpstreamHealth()
        for _ in 0..<20 {
            for _ in 1..<UpstreamHealth.threshold { health.failed(now: second) }
            health.succeeded(firstByte: 1)
        }
        #expect(health.isAvailable(now: second))
    }

    @Test func `half open it lets one probe through among eight threads`() {
        let health = broken(at: second)
        let probes = Atomic<Int>(0)
        let now = second * 3
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<1000 where health.admit(now: now) == .probe { probes.wrappingAdd(1, ordering: .relaxed) }
        }
        #expect(probes.load(ordering: .relaxed) == 1)
    }

    @Test func `a probe that fails keeps it open for longer, up to a bound`() {
        let health = broken(at: second)
        var now = second
        var pauses: [Int64] = []
        for _ in 0..<8 {
            let until = health.closed(now: now) ?? now
            pauses.append((until - now) / second)
            now = until
            #expect(health.admit(now: now) == .probe)
            health.failed(now: now, isProbe: true)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func `calls that were under way when it opened do not keep it open for longer`() {
        let health = broken(at: second)
        for _ in 0..<100 { health.failed(now: second) }
        #expect(health.closed(now: second) == second * 2)
    }

    @Test func `a probe that succeeds closes it for all`() {
        let health = broken(at: second)
        #expect(health.admit(now: second * 2) == .probe)
        health.succeeded(firstByte: 5)
        for _ in 0..<10 { #expect(health.admit(now: second * 2) == .open) }
        health.failed(now: second * 2)
        #expect(health.isAvailable(now: second * 2))
    }

    @Test func `a probe that told nothing frees its place, and one that is lost does so in the end`() {
        let health = broken(at: second)
        #expect(health.admit(now: second * 2) == .probe)
        health.abandonedProbe()
        #expect(health.admit(now: second * 2) == .probe)
        #expect(health.admit(now: second * 3) != .probe)
        #expect(health.admit(now: second * 33) == .probe)
    }

    @Test func `ten askers and more see the same`() {
        let health = broken(at: second)
        for (now, isThere) in [(second, false), (second * 2, true)] {
            let seen = Atomic<Int>(0)
            DispatchQueue.concurrentPerform(iterations: 16) { _ in
                if health.isAvailable(now: now) == isThere { seen.wrappingAdd(1, ordering: .relaxed) }
            }
            #expect(seen.load(ordering: .relaxed) == 16)
        }
    }
}
