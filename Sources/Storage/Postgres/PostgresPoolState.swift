/// Who gets which connection when: events in, actions out; no I/O, no clock, no chance.
///
/// A connection is leased to one body at a time. Bodies that find none wait in the order in which they came. Times are
/// durations since a fixed point and are given with each event.
package struct PostgresPoolState: Sendable {
    /// A connection as it is handed to a body.
    package struct Lease: Sendable, Hashable {
        /// The connection's number; never used twice.
        package let id: Int
        /// Whether it was idle for so long that it must be asked whether it still answers.
        package let isStale: Bool

        package init(id: Int, isStale: Bool) {
            self.id = id
            self.isStale = isStale
        }
    }

    /// What becomes of a request for a connection.
    package enum Answer: Sendable, Hashable {
        case lease(Lease)
        case wait
        case refuse(Refusal)
    }

    /// Why a body gets no connection.
    package enum Refusal: Sendable, Hashable { case closed, tooManyWait, waitedTooLong }

    /// What the owner must do after an event.
    package enum Action: Sendable, Hashable {
        case grant(waiter: Int, Lease)
        case refuse(waiter: Int, Refusal)
        case close(id: Int, Reason)
    }

    /// Why a connection is closed.
    package enum Reason: Sendable, Hashable { case lost, old, idle, closing }

    private struct Idle: Sendable {
        let id: Int
        let since: Duration
    }

    private let options: PostgresOptions
    /// The connections at rest, the one used last at the end.
    private var idle: [Idle] = []
    /// The connections in use, and when every connection was made.
    private var leased: Set<Int> = []
    private var madeAt: [Int: Duration] = [:]
    /// The waiters in their order with the times until which they wait; those who left are skipped.
    private var queue: [Int] = []
    private var head = 0
    private var waiting: [Int: Duration] = [:]
    private var nextID = 0
    private var isClosed = false

    /// An empty pool.
    package init(_ options: PostgresOptions) { self.options = options }

    /// Connections in use.
    package var leasedCount: Int { leased.count }
    /// Connections at rest.
    package var idleCount: Int { idle.count }
    /// Bodies that wait.
    package var waiterCount: Int { waiting.count }

    /// A body asks for a connection.
    /// - Parameter waiter: its number, unique among those that wait.
    package mutating func acquire(waiter: Int, now: Duration) -> Answer {
        if let answer = acquireAtOnce(now: now) { return answer }
        guard waiting.count < options.maximumWaiters else { return .refuse(.tooManyWait) }
        waiting[waiter] = now + options.waitLimit
        queue.append(waiter)
        return .wait
    }

    /// A connection if there is one and nobody waits; nil if the body would have to wait.
    package mutating func acquireAtOnce(now: Duration) -> Answer? {
        if isClosed { return .refuse(.closed) }
        guard waiting.isEmpty else { return nil }
        return lease(now: now).map { .lease($0) }
    }

    /// A body gives its connection back.
    /// - Parameter isUsable: false when it was lost or is in an unknown state.
    package mutating func release(id: Int, isUsable: Bool, now: Duration) -> [Action] {
        guard leased.remove(id) != nil else { return [] }
        var actions: [Action] = []
        if let reason = reasonToClose(id, isUsable, now) {
            madeAt[id] = nil
            actions.append(.close(id: id, reason))
        } else {
            idle.append(Idle(id: id, since: now))
        }
        return actions + serve(now: now)
    }

    /// A waiter leaves.
    /// - Returns: whether it still waited.
    package mutating func leave(waiter: Int) -> Bool { waiting.removeValue(forKey: waiter) != nil }

    /// Time has passed: refuses who waited too long, closes what is old or idle for too long.
    package mutating func tick(now: Duration) -> [Action] {
        var actions: [Action] = []
        while let first = firstWaiter(), let until = waiting[first], until <= now {
            waiting[first] = nil
            actions.append(.refuse(waiter: first, .waitedTooLong))
        }
        var kept: [Idle] = []
        // The one used last is kept first.
        for entry in idle.reversed() {
            if isOld(entry.id, now) {
                actions.append(.close(id: entry.id, .old))
            } else if now - entry.since >= options.idleLimit, kept.count >= options.minimumIdle {
                actions.append(.close(id: entry.id, .idle))
            } else {
                kept.append(entry)
                continue
            }
            madeAt[entry.id] = nil
        }
        idle = kept.reversed()
        return actions
    }

    /// Nobody is served any more; connections in use are closed as they come back.
    package mutating func close() -> [Action] {
        isClosed = true
        var actions: [Action] = []
        while let first = firstWaiter() {
            waiting[first] = nil
            actions.append(.refuse(waiter: first, .closed))
        }
        for entry in idle {
            madeAt[entry.id] = nil
            actions.append(.close(id: entry.id, .closing))
        }
        idle = []
        return actions
    }

    private func reasonToClose(_ id: Int, _ isUsable: Bool, _ now: Duration) -> Reason? {
        if isClosed { return .closing }
        if !isUsable { return .lost }
        return isOld(id, now) ? .old : nil
    }

    /// Connections made at one moment grow old one after another, over a fifth of the lifetime.
    private func isOld(_ id: Int, _ now: Duration) -> Bool {
        guard let made = madeAt[id] else { return true }
        return now - made >= options.lifetime * (100 - (id * 7) % 20) / 100
    }

    private mutating func lease(now: Duration) -> Lease? {
        while let entry = idle.popLast() {
            leased.insert(entry.id)
            return Lease(id: entry.id, isStale: now - entry.since >= options.validateAfter)
        }
        guard leased.count < max(1, options.size) else { return nil }
        nextID += 1
        leased.insert(nextID)
        madeAt[nextID] = now
        return Lease(id: nextID, isStale: false)
    }

    private mutating func serve(now: Duration) -> [Action] {
        var actions: [Action] = []
        while !isClosed, let first = firstWaiter(), let lease = lease(now: now) {
            waiting[first] = nil
            actions.append(.grant(waiter: first, lease))
        }
        return actions
    }

    /// The first who still waits; the numbers of those who left are dropped on the way.
    private mutating func firstWaiter() -> Int? {
        while head < queue.count, waiting[queue[head]] == nil { head += 1 }
        if head > 1024, head * 2 > queue.count || head == queue.count {
            queue.removeFirst(head)
            head = 0
        }
        return head < queue.count ? queue[head] : nil
    }
}
