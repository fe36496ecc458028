import CupelTesting
import Storage
import Testing

@Suite struct PostgresPoolStateTests {
    private func options(size: Int, waiters: Int = 100) -> PostgresOptions {
        var options = PostgresOptions()
        options.size = size
        options.maximumWaiters = waiters
        return options
    }

    private func lease(_ answer: PostgresPoolState.Answer) throws -> PostgresPoolState.Lease {
        guard case .lease(let lease) = answer else {
            Issue.record("no lease but \(answer)")
            throw CancellationError()
        }
        return lease
    }

    @Test func `the connection used last is used first, and asked whether it answers when it was idle for long`() throws
    {
        let state = Pool(options(size: 2))
        let first = try lease(state.acquire(waiter: 1, now: .zero))
        let second = try lease(state.acquire(waiter: 2, now: .zero))
        #expect(first.id != second.id)
        #expect(state.release(id: first.id, isUsable: true, now: .seconds(1)) == [])
        #expect(state.release(id: second.id, isUsable: true, now: .seconds(2)) == [])
        let third = try lease(state.acquire(waiter: 3, now: .seconds(3)))
        #expect(third == .init(id: second.id, isStale: false))
        let fourth = try lease(state.acquire(waiter: 4, now: .seconds(31)))
        #expect(fourth == .init(id: first.id, isStale: true))
    }

    @Test func `waiters are served in their order, and one who left is skipped`() throws {
        let state = Pool(options(size: 1))
        let held = try lease(state.acquire(waiter: 1, now: .zero))
        for waiter in 2...4 { #expect(state.acquire(waiter: waiter, now: .zero) == .wait) }
        #expect(state.leave(waiter: 2))
        #expect(!state.leave(waiter: 2))
        let granted = state.release(id: held.id, isUsable: true, now: .seconds(1))
        #expect(granted == [.grant(waiter: 3, .init(id: held.id, isStale: false))])
        let fresh = state.release(id: held.id, isUsable: false, now: .seconds(1))
        #expect(fresh == [.close(id: held.id, .lost), .grant(waiter: 4, .init(id: held.id + 1, isStale: false))])
    }

    @Test func `at the bound of waiters one more is refused, and one who waited too long`() throws {
        let state = Pool(options(size: 1, waiters: 2))
        _ = try lease(state.acquire(waiter: 1, now: .zero))
        #expect(state.acquire(waiter: 2, now: .zero) == .wait)
        #expect(state.acquire(waiter: 3, now: .seconds(1)) == .wait)
        #expect(state.acquire(waiter: 4, now: .seconds(1)) == .refuse(.tooManyWait))
        #expect(state.tick(now: .milliseconds(29_999)) == [])
        #expect(state.tick(now: .seconds(30)) == [.refuse(waiter: 2, .waitedTooLong)])
        #expect(state.acquire(waiter: 5, now: .seconds(30)) == .wait)
    }

    @Test func `old connections are replaced, idle ones closed down to the minimum`() throws {
        let state = Pool(options(size: 3))
        let leases = try (1...3).map { try lease(state.acquire(waiter: $0, now: .zero)) }
        for lease in leases { _ = state.release(id: lease.id, isUsable: true, now: .zero) }
        #expect(state.tick(now: .seconds(599)) == [])
        let closed = state.tick(now: .seconds(600))
        #expect(closed == [.close(id: 2, .idle), .close(id: 1, .idle)])
        #expect(state.idleCount == 1)
        #expect(state.tick(now: .seconds(1800)) == [.close(id: 3, .old)])
        let busy = try lease(state.acquire(waiter: 9, now: .seconds(2000)))
        #expect(state.release(id: busy.id, isUsable: true, now: .seconds(3800)) == [.close(id: busy.id, .old)])
    }

    @Test func `a closed pool refuses, and closes what comes back`() throws {
        let state = Pool(options(size: 1))
        let held = try lease(state.acquire(waiter: 1, now: .zero))
        #expect(state.acquire(waiter: 2, now: .zero) == .wait)
        #expect(state.close() == [.refuse(waiter: 2, .closed)])
        #expect(state.acquire(waiter: 3, now: .zero) == .refuse(.closed))
        #expect(state.release(id: held.id, isUsable: true, now: .zero) == [.close(id: held.id, .closing)])
        #expect(state.leasedCount == 0)
    }

    /// What must hold after every step of a random run.
    private struct Model {
        let state: Pool
        var leased: Set<Int> = []
        var closed: Set<Int> = []
        var waiting: [Int] = []
        let size: Int

        mutating func take(_ lease: PostgresPoolState.Lease) {
            let isNew = leased.insert(lease.id).inserted
            #expect(isNew, "leased twice")
            #expect(!closed.contains(lease.id), "a closed connection is leased")
        }

        mutating func apply(_ actions: [PostgresPoolState.Action]) {
            for action in actions {
                switch action {
                case .grant(let waiter, let lease):
                    #expect(waiting.first == waiter, "not the first of the queue")
                    if !waiting.isEmpty { waiting.removeFirst() }
                    take(lease)
                case .refuse(let waiter, _):
                    #expect(waiting.first == waiter)
                    if !waiting.isEmpty { waiting.removeFirst() }
                case .close(let id, _):
                    #expect(!leased.contains(id), "closed while in use")
                    let isNew = closed.insert(id).inserted
                    #expect(isNew, "closed twice")
                }
            }
            #expect(leased.count <= size && leased.count == state.leasedCount)
            #expect(waiting.count == state.waiterCount)
            #expect(state.leasedCount + state.idleCount <= size)
            #expect(waiting.isEmpty || leased.count == size, "somebody waits though there is room")
        }
    }

    @Test(arguments: 0..<200) func `a random run keeps the pool's promises`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let size = Int.random(in: 1...5, using: &random)
        var model = Model(state: Pool(options(size: size, waiters: 20)), size: size)
        var now = Duration.zero
        for step in 0..<400 {
            now += .milliseconds(Int.random(in: 0...20_000, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                switch model.state.acquire(waiter: step, now: now) {
                case .lease(let lease): model.take(lease)
                case .wait: model.waiting.append(step)
                case .refuse(let refusal): #expect(refusal == .tooManyWait && model.waiting.count == 20)
                }
            case 4..<7:
                guard let id = model.leased.sorted().randomElement(using: &random) else { continue }
                model.leased.remove(id)
                model.apply(model.state.release(id: id, isUsable: .random(using: &random), now: now))
            case 7:
                guard let index = model.waiting.indices.randomElement(using: &random) else { continue }
                let waiter = model.waiting.remove(at: index)
                #expect(model.state.leave(waiter: waiter))
            default: model.apply(model.state.tick(now: now))
            }
        }
        model.apply(model.state.close())
        #expect(model.waiting.isEmpty)
    }
}

/// The state behind a reference, so that an expectation can send it events.
private final class Pool {
    private var state: PostgresPoolState

    init(_ options: PostgresOptions) { state = PostgresPoolState(options) }

    var leasedCount: Int { state.leasedCount }
    var idleCount: Int { state.idleCount }
    var waiterCount: Int { state.waiterCount }

    func acquire(waiter: Int, now: Duration) -> PostgresPoolState.Answer { state.acquire(waiter: waiter, now: now) }
    func release(id: Int, isUsable: Bool, now: Duration) -> [PostgresPoolState.Action] {
        state.release(id: id, isUsable: isUsable, now: now)
    }
    func leave(waiter: Int) -> Bool { state.leave(waiter: waiter) }
    func tick(now: Duration) -> [PostgresPoolState.Action] { state.tick(now: now) }
    func close() -> [PostgresPoolState.Action] { state.close() }
}
