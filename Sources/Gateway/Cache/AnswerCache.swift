package import CupelCore
import Synchronization

/// What bounds the cache.
package struct CacheLimits: Sendable, Hashable {
    /// Bytes of all answers.
    package var bytes: Int
    /// Bytes of one answer; a larger one is not kept.
    package var entryBytes: Int
    /// Answers.
    package var entries: Int
    /// How long an answer is kept.
    package var timeToLive: Duration
    /// How many may wait for one answer; the next asks for itself.
    package var followers: Int

    /// Bounds that fit a small server.
    package init(
        bytes: Int = 64 << 20,
        entryBytes: Int = 2 << 20,
        entries: Int = 10_000,
        timeToLive: Duration = .seconds(300),
        followers: Int = 1000
    ) {
        self.bytes = bytes
        self.entryBytes = entryBytes
        self.entries = entries
        self.timeToLive = timeToLive
        self.followers = followers
    }
}

/// An answer that is kept, for people who look: without its content.
package struct CacheEntry: Sendable, Hashable {
    /// Whose it is.
    package var tenant: String
    /// The digest of the question.
    package var digest: Digest
    /// What answered.
    package var model: String
    /// Bytes that it takes.
    package var bytes: Int
    /// How long ago it was stored.
    package var age: Duration
    /// How often it was given again.
    package var hits: Int
}

/// How the cache served one tenant.
package struct CacheStatistics: Sendable, Hashable {
    /// Questions that were answered from the cache.
    package var hits = 0
    /// Questions that went to an upstream.
    package var misses = 0
    /// Questions that waited for another's answer.
    package var shared = 0
    /// Answers that were stored.
    package var stored = 0
    /// Answers that were too large to be stored.
    package var refused = 0
    /// Answers that are kept now.
    package var entries = 0
    /// Bytes of them.
    package var bytes = 0
}

/// What the cache says to a question.
package enum CacheLookup: Sendable {
    /// The answer, and how old it is.
    case hit(CachedAnswer, age: Duration)
    /// Nobody has asked yet: ask, and store the answer or give up the lead.
    case lead(CacheLead)
    /// Somebody is asking: what was handed over as `follow` is called once, with the answer, or with `nil` when there
    /// will be none and you are to ask for yourself.
    case follow
    /// Too many wait already: ask for yourself and store nothing.
    case bypass
}

/// The exact cache: the same question of the same tenant under the same policy gets the same answer, and of many who
/// ask at once only one goes upstream. No answer crosses from one tenant to another. Its lock is never held while
/// anything is called.
package final class AnswerCache: Sendable {
    /// Called with the answer that another asked for, or with `nil`.
    package typealias Follow = @Sendable (CachedAnswer?) -> Void

    /// The most tenants that are counted each for itself; those beyond share one count.
    package static let mostTenants = 10_000

    private struct Flight: Hashable {
        var key: CacheKey
        var form: CachedAnswer.Form
    }

    private struct State {
        var shelf: AnswerShelf
        var flights: [Flight: [Follow]] = [:]
        var statistics: [String: CacheStatistics] = [:]

        mutating func count(_ tenant: String, _ change: (inout CacheStatistics) -> Void) {
            let isKnown = statistics[tenant] != nil || statistics.count < AnswerCache.mostTenants
            change(&statistics[isKnown ? tenant : "", default: CacheStatistics()])
        }
    }

    private let limits: CacheLimits
    private let state: Mutex<State>

    /// An empty cache.
    package init(limits: CacheLimits = CacheLimits()) {
        self.limits = limits
        state = Mutex(State(shelf: AnswerShelf(limits: limits)))
    }

    /// Looks for the answer to a question in the form that it is wanted in.
    /// - Parameters:
    ///   - now: the monotonic clock.
    ///   - follow: kept only when the answer is ``CacheLookup/follow``.
    package func lookup(
        _ key: CacheKey,
        _ form: CachedAnswer.Form,
        now: Duration,
        follow: @escaping Follow
    ) -> CacheLookup {
        let flight = Flight(key: key, form: form)
        enum Outcome { case hit(CachedAnswer, Duration), lead, follow, bypass }
        let outcome = state.withLock { state -> Outcome in
            if let found = state.shelf.find(key, now: now), found.answer.has(form) {
                state.count(key.tenant) { $0.hits += 1 }
                return .hit(found.answer, found.age)
            }
            guard let followers = state.flights[flight] else {
                state.flights[flight] = []
                state.count(key.tenant) { $0.misses += 1 }
                return .lead
            }
            guard followers.count < limits.followers else {
                state.count(key.tenant) { $0.misses += 1 }
                return .bypass
            }
            state.flights[flight]?.append(follow)
            state.count(key.tenant) { $0.shared += 1 }
            return .follow
        }
        return switch outcome {
        case .hit(let answer, let age): .hit(answer, age: age)
        case .lead: .lead(CacheLead(self, key, form))
        case .follow: .follow
        case .bypass: .bypass
        }
    }

    /// Drops every answer of a tenant, or of all tenants; says how many.
    package func clear(tenant: String? = nil) -> Int { state.withLock { $0.shelf.clear(tenant: tenant) } }

    /// What is kept for a tenant, or for all, last used first, without content.
    package func list(tenant: String? = nil, limit: Int = 100, now: Duration) -> [CacheEntry] {
        state.withLock { $0.shelf.list(tenant: tenant, limit: limit, now: now) }
    }

    /// How the cache served a tenant since the start.
    package func statistics(tenant: String) -> CacheStatistics {
        state.withLock { state in
            var statistics = state.statistics[tenant] ?? CacheStatistics()
            (statistics.entries, statistics.bytes) = state.shelf.held(by: tenant)
            return statistics
        }
    }

    /// How the cache served each tenant since the start; those beyond the bound are together under an empty name.
    package func statistics() -> [String: CacheStatistics] { state.withLock { $0.statistics } }

    /// Answers and bytes that are kept now.
    package var held: (entries: Int, bytes: Int) { state.withLock { ($0.shelf.count, $0.shelf.bytes) } }

    /// Ends a flight: stores the answer, if there is one, and tells all who wait.
    fileprivate func land(_ key: CacheKey, _ form: CachedAnswer.Form, _ answer: CachedAnswer?, now: Duration) {
        let followers = state.withLock { state -> [Follow] in
            if let answer {
                let isStored = state.shelf.store(key, answer, now: now) != nil
                state.count(key.tenant) { if isStored { $0.stored += 1 } else { $0.refused += 1 } }
            }
            return state.flights.removeValue(forKey: Flight(key: key, form: form)) ?? []
        }
        // An answer that came in the other form is none for those who wait for this one.
        let usable = answer.flatMap { $0.has(form) ? $0 : nil }
        for follow in followers { follow(usable) }
    }
}

/// The duty of the one who asks for all: it ends with an answer, or without, at the latest when it is let go.
package final class CacheLead: Sendable {
    private let cache: AnswerCache
    private let key: CacheKey
    private let form: CachedAnswer.Form
    private let isDone = Mutex(false)

    fileprivate init(_ cache: AnswerCache, _ key: CacheKey, _ form: CachedAnswer.Form) {
        (self.cache, self.key, self.form) = (cache, key, form)
    }

    deinit { end(nil, now: .zero) }

    /// Keeps the answer and gives it to all who wait; a second end does nothing.
    package func store(_ answer: CachedAnswer, now: Duration) { end(answer, now: now) }

    /// Tells all who wait that there will be no answer; each asks for itself.
    package func abandon() { end(nil, now: .zero) }

    private func end(_ answer: CachedAnswer?, now: Duration) {
        let isFirst = isDone.withLock { isDone in
            defer { isDone = true }
            return !isDone
        }
        if isFirst { cache.land(key, form, answer, now: now) }
    }
}
