import CupelCore
import Synchronization

/// What a round asks, and what it does with the answer.
extension BudgetLeases {
    /// How long after its end a window is looked after, for calls that began in it, in microseconds; the store does so
    /// for longer.
    static let afterlife = LeaseTable.afterlife / 2

    // MARK: Asking

    /// Gives those who wait what has become free, and lets go of those who have given up.
    func serveWaiting(_ state: inout State) {
        guard !state.waiting.isEmpty else { return }
        let now = CallExchange.now
        let isValid = now < term.until.load(ordering: .relaxed)
        state.waiting.removeAll { waiter in
            guard waiter.until > now else {
                // Whoever comes next is told at once, until the next look, what this one has waited for in vain.
                // Not so where the store has not answered: it may have room.
                if let lease = waiter.meter.lease, lease.isShort.load(ordering: .relaxed) {
                    lease.deny(waiter.amount, left: waiter.meter.free)
                }
                return true
            }
            guard isValid, waiter.meter.take(waiter.amount) else { return false }
            waiter.answer(.held)
            return true
        }
    }

    /// What the store is asked now; what is given back is no longer free when this returns.
    func plan(_ state: inout State, isDue: Bool) -> [LeaseAsk] {
        var needs: [LeaseWindow.Key: [Int64]] = [:]
        for waiter in state.waiting {
            guard let key = waiter.meter.lease?.window.key else { continue }
            needs[key, default: []].append(waiter.amount)
        }
        if isDue {
            let past = time.now.microseconds - Self.afterlife
            state.posts = state.posts.filter { $0.value.lease.window.end > past }
        }
        // Most budgets are at rest: a look at each costs little, and nothing is copied.
        let keys = state.posts.compactMap { key, post in
            isDue || needs[key] != nil || state.wishes[key] != nil || post.isRestless ? key : nil
        }
        return keys.compactMap { key in
            guard var post = state.posts[key] else { return nil }
            let ask = ask(&post, needs[key] ?? [], state.wishes[key], isDue: isDue)
            state.posts[key] = post
            return ask
        }
    }

    private func ask(_ post: inout Post, _ needs: [Int64], _ wish: LeaseTable.Wish?, isDue: Bool) -> LeaseAsk? {
        let lease = post.lease
        if isDue {
            lease.denied.store(.max, ordering: .relaxed)
            noteIdle(&post)
        }
        if needs.isEmpty { post.wantedAt = nil }
        let isLow = lease.takeLow()
        // Another's wish is answered with what the sums hold by now, even where nothing is free.
        let isAnswer = wish.map { $0.last > post.answeredAt } ?? false
        if isAnswer, let wish { grantWish(wish, &post) }
        let mustGive = post.excess > 0
        giveBack(&post)
        let kept = lease.kept.load(ordering: .relaxed)
        let granted = lease.granted.load(ordering: .relaxed)
        let free = post.meter.free
        let isUsed = granted != kept || kept != post.reported
        let isAsked = !needs.isEmpty || post.isWaiting || isLow || mustGive || free < 0 || post.reported < 0
        guard isAsked || (isDue || isAnswer) && isUsed else { return nil }
        post.isWaiting = !needs.isEmpty
        return LeaseAsk(
            window: lease.window,
            limit: post.meter.limit.microdollars,
            granted: granted,
            kept: kept,
            free: free,
            needs: needs,
            isLow: isLow,
            isKnown: post.isKnown,
            wantedAt: post.wantedAt,
            wanted: post.wanted,
            answeredAt: post.answeredAt,
            isAnswer: isAnswer
        )
    }

    /// Gives others what they lack, or half of what is free; who has lacked something for longer keeps what it has, so
    /// that two that lack something do not both hold too little.
    private func grantWish(_ wish: LeaseTable.Wish, _ post: inout Post) {
        post.answeredAt = wish.last
        if let since = post.wantedAt, since < wish.first { return }
        post.excess = max(post.excess, wish.lack, post.meter.free / 2)
    }

    /// Takes from the free part what is to be given back; the row that says so is written next.
    private func giveBack(_ post: inout Post) {
        guard post.excess > 0 else { return }
        post.lease.granted.wrappingSubtract(post.meter.take(upTo: post.excess), ordering: .relaxed)
        post.excess = 0
    }

    /// A slice that no call has drawn on for a while is given back.
    private func noteIdle(_ post: inout Post) {
        let free = post.meter.free
        let granted = post.lease.granted.load(ordering: .relaxed)
        let sight = [free, granted, post.lease.kept.load(ordering: .relaxed)]
        post.looks = sight == post.sight ? post.looks + 1 : 0
        post.sight = sight
        if post.looks >= limits.idleLooks, free > 0 { post.excess = .max }
    }

    // MARK: The answer

    /// Takes over what the store decided, which may be relied on until then.
    func apply(_ report: LeaseTable.Report, _ asks: [LeaseAsk], until: Int64, _ state: inout State) {
        for ask in asks {
            let key = ask.window.key
            guard var post = state.posts[key], let decision = report.decisions[key] else { continue }
            if let decision {
                post.isKnown = true
                post.reported = ask.kept
                if post.wantedAt != report.wantedAt[key] { post.wanted = decision.wants }
                post.wantedAt = report.wantedAt[key]
                post.lease.isShort.store(post.wantedAt != nil, ordering: .relaxed)
                grant(decision, &post)
            } else {
                // Others took this replica for dead: what is free is theirs, what is used is told them next.
                post.lease.granted.wrappingSubtract(post.meter.take(upTo: .max), ordering: .relaxed)
                post.isKnown = false
                post.reported = -1
            }
            state.posts[key] = post
        }
        // Now that what others took over was let go of.
        term.until.store(until, ordering: .relaxed)
        term.answered.store(CallExchange.now, ordering: .relaxed)
        state.wishes = report.wishes
        if let sums = report.sums { learn(sums, asks, state) }
        answerWaiting(&state, report)
    }

    private func grant(_ decision: LeaseDecision, _ post: inout Post) {
        post.lease.granted.wrappingAdd(decision.extra, ordering: .relaxed)
        post.meter.add(free: decision.extra)
        post.lease.low.store(decision.low, ordering: .relaxed)
        post.lease.left.store(decision.left, ordering: .relaxed)
        post.excess = decision.excess
    }

    /// Those that fit now are held, the first first; of the others those are refused for whom the store has no room.
    private func answerWaiting(_ state: inout State, _ report: LeaseTable.Report) {
        var seen: [LeaseWindow.Key: Int] = [:]
        state.waiting.removeAll { waiter in
            guard let lease = waiter.meter.lease else { return true }
            let key = lease.window.key
            let place = seen[key, default: 0]
            seen[key] = place + 1
            guard let decision = report.decisions[key] ?? nil else { return false }
            if waiter.meter.take(waiter.amount) {
                waiter.answer(.held)
                return true
            }
            guard decision.fates.indices.contains(place), decision.fates[place] == .denied else { return false }
            lease.deny(waiter.amount, left: decision.left)
            waiter.answer(.exceeded(left: Money(microdollars: decision.left)))
            return true
        }
    }

    /// What the sums hold of others, for pages and messages.
    private func learn(_ sums: SpentSums, _ asks: [LeaseAsk], _ state: State) {
        let kept = Dictionary(asks.map { ($0.window.key, $0.kept) }) { first, _ in first }
        for (key, post) in state.posts where sums.windows.contains(post.lease.window.days) {
            let own = kept[key] ?? post.lease.kept.load(ordering: .relaxed)
            post.lease.elsewhere.store(max(sums.spent(post.lease.window) - own, 0), ordering: .relaxed)
        }
    }

    /// Whether there is more to do.
    func next(_ state: inout State) -> Next {
        let mustGive = state.posts.values.contains { $0.excess > 0 && $0.meter.free > 0 }
        let isLost = state.posts.values.contains { $0.reported < 0 }
        let mustAnswer = state.wishes.contains { key, wish in
            guard let post = state.posts[key], wish.last > post.answeredAt else { return false }
            return post.lease.granted.load(ordering: .relaxed) != post.reported
        }
        if mustGive || isLost || mustAnswer { return .again }
        return state.waiting.isEmpty ? .rest : .soon
    }
}

extension BudgetLeases.Post {
    /// Whether there is something to ask for it.
    fileprivate var isRestless: Bool { isWaiting || excess > 0 || reported < 0 || meter.free < 0 || lease.isRunningLow }
}

extension BudgetLease {
    /// Remembers that there is no room for so much.
    func deny(_ amount: Int64, left: Int64) {
        denied.store(min(amount, denied.load(ordering: .relaxed)), ordering: .relaxed)
        self.left.store(left, ordering: .relaxed)
    }
}
