package import CupelCore

/// The queue's decisions: commands in, replies and changes out, on any shelf.
///
/// It has no clock, no chance and no store of its own; the same code decides in memory, on SQLite and on PostgreSQL.
/// All commands of one call happen in one transaction: what is said of jobs first, then claims, so that a job that was
/// just accepted can start in the same commit.
package struct JobMachine {
    private let shelf: any JobShelf
    private let now: Timestamp
    private var entries: [JobID: JobEntry] = [:]
    private var changed: Set<JobID> = []
    private var ended: [JobID] = []
    private var events: [JobEventDraft] = []

    /// Carries out commands and gives a reply to each, in their order.
    /// - Throws: what the shelf throws; then nothing of it happened.
    package static func process(
        _ commands: [JobCommand],
        on shelf: any JobShelf,
        at now: Timestamp
    ) throws -> [JobReply] {
        var machine = JobMachine(shelf: shelf, now: now)
        return try machine.process(commands)
    }

    private init(shelf: any JobShelf, now: Timestamp) {
        self.shelf = shelf
        self.now = now
    }

    private mutating func process(_ commands: [JobCommand]) throws -> [JobReply] {
        try load(commands)
        var replies = [JobReply](repeating: .done, count: commands.count)
        let submitted = try submit(commands)
        for (index, command) in commands.enumerated() {
            switch command {
            case .submit: replies[index] = submitted[index] ?? .done
            case .claim: break
            case .settle(let fence, let ending): replies[index] = .accepted(settle(fence, ending))
            case .report(let fence, let fraction, let note, let event):
                replies[index] = .accepted(report(fence, fraction, note, event))
            case .cancel(let id):
                replies[index] = change(id, "It is over already; there is nothing to cancel.") { $0.cancel(at: $1) }
            case .retry(let id): replies[index] = try retry(id)
            case .discard(let id): replies[index] = try discard(id)
            case .beat(let beat): replies[index] = .checked(try heed(beat))
            case .enlist(let card): try shelf.save(card)
            case .retire(let worker): try retire(worker)
            case .bury(let worker, let beat): replies[index] = .accepted(try bury(worker, beat))
            }
        }
        try heedEnds()
        try flush()
        try claim(commands, &replies)
        try shelf.record(events)
        return replies
    }

    // MARK: What is said of jobs

    private mutating func load(_ commands: [JobCommand]) throws {
        let ids: [JobID] = commands.compactMap {
            switch $0 {
            case .settle(let fence, _), .report(let fence, _, _, _): fence.id
            case .cancel(let id), .retry(let id), .discard(let id): id
            default: nil
            }
        }
        try load(ids)
    }

    private mutating func load(_ ids: [JobID]) throws {
        let missing = Set(ids).filter { entries[$0] == nil }
        guard !missing.isEmpty else { return }
        for entry in try shelf.load(missing.sorted()) { entries[entry.id] = entry }
    }

    private mutating func settle(_ fence: JobFence, _ ending: JobEnding) -> Bool {
        guard let entry = entries[fence.id], entry.isHeld(by: fence.attempt) else {
            if entries[fence.id] != nil { refuse(fence) }
            return false
        }
        return apply(fence.id) { $0.end(ending, at: $1) }
    }

    private mutating func refuse(_ fence: JobFence) {
        let data = #"{"attempt":\#(fence.attempt),"reason":"another attempt has taken over, or it is over"}"#
        events.append(JobEventDraft(job: fence.id, at: now, kind: "refused", data: data))
    }

    private mutating func report(_ fence: JobFence, _ fraction: Double, _ note: String, _ event: String) -> Bool {
        guard entries[fence.id]?.isHeld(by: fence.attempt) == true else { return false }
        entries[fence.id]?.progress = fraction
        entries[fence.id]?.note = note
        changed.insert(fence.id)
        events.append(JobEventDraft(job: fence.id, at: now, kind: "progress", data: event))
        return true
    }

    private mutating func change(
        _ id: JobID,
        _ reason: String,
        _ transition: (inout JobEntry, Timestamp) -> JobEventDraft?
    ) -> JobReply {
        guard entries[id] != nil else { return .refused(CupelError(.notFound, "There is no job \(id).")) }
        return apply(id, transition) ? .done : .refused(CupelError(.conflict, reason))
    }

    private mutating func retry(_ id: JobID) throws -> JobReply {
        if let entry = entries[id], entry.state.isFinal, let key = entry.uniqueKey {
            // What this batch has changed may hold or free the key.
            try flush()
            if let other = try shelf.unfinished(kind: entry.kind, uniqueKey: key) {
                return .refused(CupelError(.conflict, "The job \(other) with the same key waits or runs already."))
            }
        }
        return change(id, "Only a failed or cancelled job can be retried.") { $0.retry(at: $1) }
    }

    private mutating func discard(_ id: JobID) throws -> JobReply {
        guard let entry = entries[id] else { return .refused(CupelError(.notFound, "There is no job \(id).")) }
        guard entry.state.isFinal else {
            return .refused(CupelError(.conflict, "Only a job that is over can be discarded; cancel it first."))
        }
        entries[id] = nil
        changed.remove(id)
        events.removeAll { $0.job == id }
        try shelf.remove(id)
        return .done
    }

    /// Applies a transition to a loaded job; `false` when it is not allowed there.
    private mutating func apply(_ id: JobID, _ transition: (inout JobEntry, Timestamp) -> JobEventDraft?) -> Bool {
        guard var entry = entries[id] else { return false }
        let wasFinal = entry.state.isFinal
        guard let event = transition(&entry, now) else { return false }
        entries[id] = entry
        changed.insert(id)
        events.append(event)
        if entry.state.isFinal, !wasFinal, entry.hasDependents { ended.append(id) }
        return true
    }

    /// Tells the jobs that wait for others that these have ended, and those that wait for them in turn.
    private mutating func heedEnds() throws {
        while !ended.isEmpty {
            let pairs = try shelf.dependents(of: ended)
            let states = ended.reduce(into: [:]) { $0[$1] = entries[$1]?.state }
            ended = []
            try load(pairs.map(\.dependent))
            for (needed, dependent) in pairs {
                guard let state = states[needed], var entry = entries[dependent] else { continue }
                let event = entry.heed(state, at: now)
                entries[dependent] = entry
                changed.insert(dependent)
                if let event { events.append(event) }
                if entry.state.isFinal, event != nil, entry.hasDependents { ended.append(dependent) }
            }
        }
    }

    private mutating func flush() throws {
        guard !changed.isEmpty else { return }
        try shelf.update(changed.sorted().compactMap { entries[$0] })
        changed = []
    }
}

// MARK: - Accepting

extension JobMachine {
    private mutating func submit(_ commands: [JobCommand]) throws -> [Int: JobReply] {
        var replies: [Int: JobReply] = [:]
        var fresh: [(index: Int, entry: JobEntry)] = []
        var keys: [String: JobID] = [:]
        for (index, command) in commands.enumerated() {
            guard case .submit(var entry, let after) = command else { continue }
            if let key = entry.uniqueKey {
                let whole = entry.kind + "\u{0}" + key
                if let found = try keys[whole] ?? shelf.unfinished(kind: entry.kind, uniqueKey: key) {
                    replies[index] = .submitted(found, isNew: false)
                    continue
                }
                keys[whole] = entry.id
            }
            if !after.isEmpty, let refusal = try block(&entry, after) {
                replies[index] = .refused(refusal)
                continue
            }
            fresh.append((index, entry))
        }
        guard !fresh.isEmpty else { return replies }
        let accepted = try shelf.insert(fresh.map(\.entry))
        for (index, entry) in fresh { replies[index] = try answer(entry, isNew: accepted.contains(entry.id)) }
        return replies
    }

    private mutating func answer(_ entry: JobEntry, isNew: Bool) throws -> JobReply {
        if isNew {
            events.append(entry.accepted(at: now))
            return .submitted(entry.id, isNew: true)
        }
        // Another replica was faster with the same key, or this is the same request again.
        let found = try entry.uniqueKey.flatMap { try shelf.unfinished(kind: entry.kind, uniqueKey: $0) }
        return .submitted(found ?? entry.id, isNew: false)
    }

    /// Makes a new job wait for others; gives the reason when it cannot.
    private mutating func block(_ entry: inout JobEntry, _ after: [JobID]) throws -> CupelError? {
        try load(after)
        for id in after {
            guard let needed = entries[id] else {
                return CupelError(.notFound, "The job \(id), which this one is to wait for, is not there.")
            }
            if needed.state.isFinal, needed.state != .succeeded {
                return CupelError(.conflict, "The job \(id), which this one is to wait for, did not succeed.")
            }
        }
        let open = Set(after).filter { entries[$0]?.state != .succeeded }
        guard !open.isEmpty else { return nil }
        entry.state = .blocked
        entry.note = "waits for other jobs"
        entry.openNeeds = open.count
        try shelf.addNeeds(open.sorted(), of: entry.id)
        for id in open {
            entries[id]?.hasDependents = true
            changed.insert(id)
        }
        return nil
    }
}

// MARK: - Claiming

extension JobMachine {
    /// Serves claims; those of one worker with the same room are one look at the shelf.
    private mutating func claim(_ commands: [JobCommand], _ replies: inout [JobReply]) throws {
        var groups: [(request: ClaimRequest, indexes: [Int])] = []
        for (index, command) in commands.enumerated() {
            guard case .claim(let request) = command else { continue }
            if let at = groups.firstIndex(where: { $0.request.worker == request.worker }) {
                groups[at].indexes.append(index)
                if request.takesSuspect { groups[at].request.takesSuspect = true }
            } else {
                groups.append((request, [index]))
            }
        }
        for group in groups {
            let limits = group.indexes.map { index in
                if case .claim(let request) = commands[index] { request.limit } else { 0 }
            }
            let wanted = limits.reduce(0, +)
            let (jobs, next) = try claim(group.request, limit: wanted)
            var left = jobs[...]
            for (index, limit) in zip(group.indexes, limits) {
                replies[index] = .claimed(Array(left.prefix(limit)), next: next)
                left = left.dropFirst(limit)
            }
        }
    }

    private mutating func claim(_ request: ClaimRequest, limit: Int) throws -> ([ClaimedJob], Timestamp?) {
        let queues = request.room.keys.sorted()
        guard limit > 0, !queues.isEmpty else { return ([], nil) }
        // Whoever was buried meanwhile gets nothing: nobody would look after it.
        guard try shelf.isEnlisted(request.worker) else { return ([], nil) }
        var controls: [String: QueueControl] = [:]
        for control in try shelf.controls(queues) { controls[control.name] = control }
        var room: [String: Int] = [:]
        for queue in queues {
            var free = min(limit, request.room[queue] ?? 0)
            if let control = controls[queue], free > 0 {
                let running = try control.concurrency == nil ? 0 : shelf.runningCount(in: queue)
                free = control.allowance(free, running: running, at: now)
            }
            if free > 0 { room[queue] = free }
        }
        var taken: [JobEntry] = []
        if request.takesSuspect, let suspect = try shelf.readySuspect(room.keys.sorted(), now: now) {
            taken.append(suspect)
            room[suspect.queue, default: 1] -= 1
        }
        let free = room.filter { $0.value > 0 }
        if taken.count < limit, !free.isEmpty {
            taken += try shelf.ready(free, limit: limit - taken.count, isStrict: request.isStrict, now: now)
        }
        let claimed = try take(taken, request.worker)
        try count(claimed, &controls)
        let next = try claimed.count < limit ? nextLook(queues, controls) : nil
        return (claimed, next)
    }

    private mutating func take(_ waiting: [JobEntry], _ worker: WorkerID) throws -> [ClaimedJob] {
        var claimed: [ClaimedJob] = []
        var running: [JobEntry] = []
        for var entry in waiting {
            guard let event = entry.claim(by: worker, at: now) else { continue }
            events.append(event)
            running.append(entry)
            claimed.append(ClaimedJob(entry, at: now))
        }
        try shelf.update(running)
        return claimed
    }

    private func count(_ claimed: [ClaimedJob], _ controls: inout [String: QueueControl]) throws {
        for (name, control) in controls where control.ratePerMinute != nil {
            let started = claimed.count { $0.queue == name }
            guard started > 0 else { continue }
            var counted = control
            counted.start(started, at: now)
            controls[name] = counted
            try shelf.save(counted)
        }
    }

    /// When there may be something: the next delayed job, or the next start that a rate allows.
    private func nextLook(_ queues: [String], _ controls: [String: QueueControl]) throws -> Timestamp? {
        let open = queues.filter { controls[$0]?.isPaused != true }
        guard let next = try shelf.nextRunAt(open) else { return nil }
        let byRate = open.compactMap { controls[$0] }.filter { $0.ratePerMinute != nil }.map(\.nextStartAt)
            .filter { $0 > now }.min()
        return next > now ? next : byRate
    }
}

// MARK: - Workers

extension JobMachine {
    /// Notes that a worker lives and compares what it believes to hold with what it holds.
    private mutating func heed(_ beat: WorkerBeat) throws -> BeatReply {
        guard var card = try shelf.worker(beat.worker, isLeaving: false) else {
            return BeatReply(isKnown: false, lost: beat.held)
        }
        card.beat += 1
        card.seenAt = now
        try shelf.save(card)
        // What this very batch has settled is not on the shelf yet.
        try flush()
        let held = try shelf.held(by: beat.worker, isLocked: false)
        let real = Set(held.map { JobFence(id: $0.id, attempt: $0.attempt) })
        return BeatReply(
            isKnown: true,
            cancelled: Set(held.filter(\.isCancelRequested).map { JobFence(id: $0.id, attempt: $0.attempt) }),
            lost: beat.held.subtracting(real),
            strays: real.subtracting(beat.held)
        )
    }

    /// Ends a worker that stopped; what is still in its name goes back unharmed.
    private mutating func retire(_ worker: WorkerID) throws {
        _ = try shelf.worker(worker, isLeaving: true)
        try flush()
        let held = try shelf.held(by: worker, isLocked: true)
        for entry in held { entries[entry.id] = entry }
        for entry in held {
            _ = apply(entry.id) { $0.end(.released(note: "waiting: its worker stopped", delay: .zero), at: $1) }
        }
        try shelf.removeWorker(worker)
    }

    /// Ends a worker whose heart still stands at `beat`; every job of it has lost its worker.
    private mutating func bury(_ worker: WorkerID, _ beat: Int) throws -> Bool {
        guard let card = try shelf.worker(worker, isLeaving: true), card.beat == beat else { return false }
        try flush()
        let held = try shelf.held(by: worker, isLocked: true)
        for entry in held { entries[entry.id] = entry }
        for entry in held { _ = apply(entry.id) { $0.lose(at: $1) } }
        try shelf.removeWorker(worker)
        return true
    }
}
