import CupelCore
import Synchronization
import Testing

@testable import Gateway

@Suite struct AnswerCacheTests {
    private func key(_ question: Int, tenant: String = "t") -> CacheKey {
        CacheKey(
            tenant: tenant,
            dialect: "openai",
            model: "m",
            policyVersion: "1",
            request: ["q": .integer(Int64(question))]
        )
    }

    private func answer(_ text: String = "a", size: Int = 0) -> CachedAnswer {
        CachedAnswer(body: Array(text.utf8) + [UInt8](repeating: 0, count: size), model: "m")
    }

    /// Looks up, and stores when nobody has.
    private func fill(_ cache: AnswerCache, _ key: CacheKey, _ answer: CachedAnswer, now: Duration = .zero) {
        if case .lead(let lead) = cache.lookup(key, .whole, now: now, follow: { _ in }) { lead.store(answer, now: now) }
    }

    /// The duty of the first who asks.
    private func lead(_ cache: AnswerCache, _ form: CachedAnswer.Form = .whole) throws -> CacheLead {
        guard case .lead(let lead) = cache.lookup(key(1), form, now: .zero, follow: { _ in }) else {
            throw CupelError(.internalError, "The one who asks does not lead.")
        }
        return lead
    }

    private func hit(_ cache: AnswerCache, _ key: CacheKey, _ form: CachedAnswer.Form = .whole, now: Duration = .zero)
        -> CachedAnswer?
    {
        guard case .hit(let answer, _) = cache.lookup(key, form, now: now, follow: { _ in }) else { return nil }
        return answer
    }

    @Test func `an answer that was stored is given again, until it is too old`() {
        let cache = AnswerCache(limits: CacheLimits(timeToLive: .seconds(10)))
        fill(cache, key(1), answer())
        #expect(hit(cache, key(1), now: .seconds(9)) == answer())
        #expect(hit(cache, key(1), now: .seconds(10)) == nil)
        #expect(cache.held.entries == 0)
    }

    @Test func `no answer crosses from one tenant to another`() {
        let cache = AnswerCache()
        fill(cache, key(1, tenant: "a"), answer("for a"))
        #expect(hit(cache, key(1, tenant: "b")) == nil)
        fill(cache, key(1, tenant: "b"), answer("for b"))
        #expect(hit(cache, key(1, tenant: "a")) == answer("for a"))
        #expect(cache.list(tenant: "a", now: .zero).count == 1)
        #expect(cache.clear(tenant: "a") == 1)
        #expect(hit(cache, key(1, tenant: "b")) == answer("for b"))
    }

    @Test func `of many who ask at once one asks for all, and each gets the answer once`() throws {
        let cache = AnswerCache()
        let given = Mutex<[CachedAnswer?]>([])
        let lead = try lead(cache)
        for _ in 0..<20 {
            let lookup = cache.lookup(key(1), .whole, now: .zero) { answer in given.withLock { $0.append(answer) } }
            guard case .follow = lookup else { throw CupelError(.internalError, "Another who asks does not follow.") }
        }
        #expect(given.withLock { $0.isEmpty })
        lead.store(answer(), now: .zero)
        lead.abandon()
        #expect(given.withLock { $0 } == Array(repeating: answer(), count: 20))
        let statistics = cache.statistics(tenant: "t")
        #expect(statistics.misses == 1 && statistics.shared == 20 && statistics.stored == 1)
    }

    @Test(arguments: [true, false])
    func `a lead that is given up or just let go frees all who wait, and the next one leads`(_ says: Bool) throws {
        let cache = AnswerCache()
        let given = Mutex<[Bool]>([])
        do {
            let lead = try lead(cache)
            _ = cache.lookup(key(1), .whole, now: .zero) { answer in given.withLock { $0.append(answer == nil) } }
            if says { lead.abandon() }
            withExtendedLifetime(lead) {}
        }
        #expect(given.withLock { $0 } == [true])
        _ = try lead(cache)
    }

    @Test func `those beyond the bound of followers ask for themselves`() {
        let cache = AnswerCache(limits: CacheLimits(followers: 2))
        let lead = cache.lookup(key(1), .whole, now: .zero, follow: { _ in })
        let kinds = (0..<4).map { _ -> String in
            switch cache.lookup(key(1), .whole, now: .zero, follow: { _ in }) {
            case .follow: "follow"
            case .bypass: "bypass"
            default: "other"
            }
        }
        #expect(kinds == ["follow", "follow", "bypass", "bypass"])
        withExtendedLifetime(lead) {}
    }

    @Test func `a stream and a whole answer are kept side by side, and wait for their own kind`() throws {
        let cache = AnswerCache()
        fill(cache, key(1), answer("whole"))
        #expect(hit(cache, key(1), .stream) == nil)
        let lead = try lead(cache, .stream)
        lead.store(CachedAnswer(events: Array("data: x".utf8), model: "m"), now: .zero)
        #expect(hit(cache, key(1), .stream)?.events == Array("data: x".utf8))
        #expect(hit(cache, key(1), .whole)?.body == Array("whole".utf8))
        #expect(cache.held.entries == 1)
    }

    @Test func `the longest unused goes first when there is no room`() {
        let cache = AnswerCache(limits: CacheLimits(entries: 3))
        for question in 1...3 { fill(cache, key(question), answer()) }
        _ = hit(cache, key(1))
        fill(cache, key(4), answer())
        #expect(hit(cache, key(2)) == nil)
        #expect([1, 3, 4].allSatisfy { hit(cache, key($0)) != nil })
    }

    @Test func `bytes are bounded, and an answer over the bound for one is not kept`() {
        let cache = AnswerCache(limits: CacheLimits(bytes: 10_000, entryBytes: 3000))
        for question in 0..<50 { fill(cache, key(question), answer(size: 2000)) }
        #expect(cache.held.bytes <= 10_000 && cache.held.entries >= 3)
        fill(cache, key(99), answer(size: 3000))
        #expect(hit(cache, key(99)) == nil)
        #expect(cache.statistics(tenant: "t").refused == 1)
    }

    @Test func `people see what is kept, without content`() throws {
        let cache = AnswerCache()
        fill(cache, key(1), answer("secret content"), now: .seconds(1))
        _ = hit(cache, key(1), now: .seconds(2))
        let entry = try #require(cache.list(now: .seconds(5)).first)
        #expect(entry.hits == 1 && entry.age == .seconds(4) && entry.model == "m" && entry.tenant == "t")
        #expect(!"\(entry)".contains("secret content"))
        #expect(cache.statistics()["t"]?.hits == 1)
        #expect(cache.clear() == 1)
        #expect(cache.statistics(tenant: "t").entries == 0)
    }

    @Test func `any run of stores, finds and clears keeps the bounds and the newest answers`() {
        var generator = SplitMix(seed: 11)
        var shelf = AnswerShelf(
            limits: CacheLimits(bytes: 5000, entryBytes: 2000, entries: 8, timeToLive: .seconds(50))
        )
        var last: [CacheKey: Int] = [:]
        for step in 0..<20_000 {
            let now = Duration.milliseconds(step * 20)
            let key = key(Int.random(in: 0..<20, using: &generator), tenant: ["a", "b"][step % 2])
            switch Int.random(in: 0..<20, using: &generator) {
            case 0: _ = shelf.clear(tenant: "a")
            case 1...9:
                let size = Int.random(in: 0...2000, using: &generator)
                let stored = shelf.store(key, answer(String(step), size: size), now: now)
                last[key] = stored == nil ? nil : step
                #expect((stored == nil) == (answer(String(step), size: size).weight > 2000))
            default:
                guard let found = shelf.find(key, now: now) else { continue }
                // What is found is what was stored last, and not too old.
                #expect(found.age < .seconds(50))
                let step = last[key].map { Array(String($0).utf8) } ?? []
                #expect(found.answer.body?.starts(with: step) == true && !step.isEmpty)
            }
            #expect(shelf.bytes <= 5000 && shelf.count <= 8)
            if step % 500 == 0 {
                let list = shelf.list(tenant: nil, limit: 100, now: now)
                #expect(list.count == shelf.count && list.reduce(0) { $0 + $1.bytes } == shelf.bytes)
            }
        }
    }

    /// Counts over threads.
    private final class Tally: Sendable {
        let asked = Atomic(0)
        let answered = Atomic(0)
    }

    @Test func `many threads at once lose no answer and no waiting`() async {
        let cache = AnswerCache(limits: CacheLimits(entries: 16))
        let tally = Tally()
        let keys = (0..<40).map { key($0) }
        let answer = answer()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask { Self.ask(cache, keys, answer, tally, worker) }
            }
        }
        #expect(tally.asked.load(ordering: .relaxed) == 16_000)
        #expect(tally.answered.load(ordering: .relaxed) == 16_000)
        #expect(cache.held.entries <= 16)
    }

    private static func ask(
        _ cache: AnswerCache,
        _ keys: [CacheKey],
        _ answer: CachedAnswer,
        _ tally: Tally,
        _ worker: Int
    ) {
        for step in 0..<2000 {
            tally.asked.add(1, ordering: .relaxed)
            let lookup = cache.lookup(keys[(step + worker) % keys.count], .whole, now: .zero) { _ in
                tally.answered.add(1, ordering: .relaxed)
            }
            switch lookup {
            case .lead(let lead):
                if step % 3 == 0 { lead.abandon() } else { lead.store(answer, now: .zero) }
                tally.answered.add(1, ordering: .relaxed)
            case .hit, .bypass: tally.answered.add(1, ordering: .relaxed)
            case .follow: break
            }
        }
    }
}
