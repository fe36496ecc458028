import CupelCore

/// The answers that are kept, the one longest unused first to go. A value without clock or lock.
struct AnswerShelf {
    /// One answer in the list from the last used to the longest unused.
    private struct Slot {
        var key: CacheKey
        var answer: CachedAnswer
        var stored: Duration
        var hits = 0
        var newer = -1
        var older = -1
    }

    let limits: CacheLimits
    private(set) var bytes = 0
    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var index: [CacheKey: Int] = [:]
    private var newest = -1
    private var oldest = -1

    init(limits: CacheLimits) { self.limits = limits }

    var count: Int { index.count }

    /// The answer of a key that is not too old, and how old it is.
    mutating func find(_ key: CacheKey, now: Duration) -> (answer: CachedAnswer, age: Duration)? {
        guard let at = index[key], let slot = slots[at] else { return nil }
        guard now - slot.stored < limits.timeToLive else {
            remove(at)
            return nil
        }
        slots[at]?.hits += 1
        unlink(at)
        link(at)
        return (slot.answer, now - slot.stored)
    }

    /// Keeps an answer, and lets the longest unused go until there is room; says how many went, `nil` when the answer
    /// itself is too large to be kept.
    mutating func store(_ key: CacheKey, _ answer: CachedAnswer, now: Duration) -> Int? {
        var answer = answer
        if let at = index[key], let slot = slots[at] {
            if now - slot.stored < limits.timeToLive { answer = answer.completed(by: slot.answer) }
            remove(at)
        }
        let weight = answer.weight
        guard weight <= limits.entryBytes, weight <= limits.bytes, limits.entries > 0 else { return nil }
        var gone = 0
        while bytes + weight > limits.bytes || index.count >= limits.entries {
            remove(oldest)
            gone += 1
        }
        let at = free.popLast() ?? slots.count
        if at == slots.count { slots.append(nil) }
        slots[at] = Slot(key: key, answer: answer, stored: now)
        index[key] = at
        bytes += weight
        link(at)
        return gone
    }

    /// Drops every answer of a tenant, or of all; says how many.
    mutating func clear(tenant: String?) -> Int {
        let gone = index.filter { tenant == nil || $0.key.tenant == tenant }
        for (_, at) in gone { remove(at) }
        return gone.count
    }

    /// What is kept for a tenant, last used first, without the answers themselves.
    func list(tenant: String?, limit: Int, now: Duration) -> [CacheEntry] {
        var entries: [CacheEntry] = []
        var at = newest
        while at >= 0, let slot = slots[at], entries.count < limit {
            if tenant == nil || slot.key.tenant == tenant {
                entries.append(
                    CacheEntry(
                        tenant: slot.key.tenant,
                        digest: slot.key.digest,
                        model: slot.answer.model,
                        bytes: slot.answer.weight,
                        age: now - slot.stored,
                        hits: slot.hits
                    )
                )
            }
            at = slot.older
        }
        return entries
    }

    /// How much is kept for a tenant.
    func held(by tenant: String) -> (entries: Int, bytes: Int) {
        index.reduce(into: (0, 0)) { held, entry in
            guard entry.key.tenant == tenant, let slot = slots[entry.value] else { return }
            held.0 += 1
            held.1 += slot.answer.weight
        }
    }

    private mutating func remove(_ at: Int) {
        guard at >= 0, let slot = slots[at] else { return }
        unlink(at)
        bytes -= slot.answer.weight
        index[slot.key] = nil
        slots[at] = nil
        free.append(at)
    }

    private mutating func link(_ at: Int) {
        slots[at]?.newer = -1
        slots[at]?.older = newest
        if newest >= 0 { slots[newest]?.newer = at }
        newest = at
        if oldest < 0 { oldest = at }
    }

    private mutating func unlink(_ at: Int) {
        guard let slot = slots[at] else { return }
        if slot.newer >= 0 { slots[slot.newer]?.older = slot.older } else { newest = slot.older }
        if slot.older >= 0 { slots[slot.older]?.newer = slot.newer } else { oldest = slot.newer }
    }
}
