import CupelCore
import Jobs

extension Simulation {
    // MARK: People and programs that ask

    mutating func act() throws {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<12 where asked.count < 60: try submit()
        case 12, 13: try submitAgain()
        case 14: try meddle { .cancel($0) }
        case 15: try meddle { .retry($0) }
        default: break
        }
    }

    private mutating func submit() throws {
        let priorities = JobPriority.allCases
        var options = JobOptions(maximumFailures: 3, maximumCrashes: 5)
        options.queue = chance(80, &random) ? "default" : "other"
        let id = JobID()
        let entry = JobEntry(
            id: id,
            kind: "work",
            payload: "{}",
            options: options,
            priority: priorities[Int.random(in: 0..<3, using: &random)],
            uniqueKey: chance(10, &random) ? "key\(Int.random(in: 0..<3, using: &random))" : nil,
            createdAt: now,
            runAt: now + .seconds(chance(20, &random) ? Int.random(in: 0...30, using: &random) : 0)
        )
        let needed = chance(15, &random) ? acknowledged.sorted().prefix(Int.random(in: 1...3, using: &random)) : []
        asked[id] = entry
        if case .submitted(let accepted, _) = try send(.submit(entry, after: Array(needed))) {
            acknowledged.insert(accepted)
        }
    }

    /// A client that had no answer asks again with the same identifier.
    private mutating func submitAgain() throws {
        let open = asked.keys.filter { !acknowledged.contains($0) }.sorted()
        guard let id = open.randomElement(using: &random), let entry = asked[id] else { return }
        if case .submitted(let accepted, _) = try send(.submit(entry, after: [])) { acknowledged.insert(accepted) }
    }

    private mutating func meddle(_ command: (JobID) -> JobCommand) throws {
        guard let id = acknowledged.sorted().randomElement(using: &random) else { return }
        _ = try send(command(id))
    }

    // MARK: Workers

    mutating func work(_ index: Int) throws {
        if !workers[index].isEnlisted { return try enlist(index) }
        if workers[index].nextBeat <= elapsed { try beat(index) }
        if workers[index].nextLook <= elapsed { try look(index) }
        try endRuns(index)
        if workers[index].isEnlisted, workers[index].runs.count < 3, chance(70, &random) { try claim(index) }
    }

    private mutating func enlist(_ index: Int) throws {
        let card = WorkerCard(id: WorkerID(), name: "w\(index)", queues: [], concurrency: 3, startedAt: now)
        guard try send(.enlist(card)) != nil else { return }
        workers[index] = Worker(id: card.id, isEnlisted: true)
        workers[index].nextBeat = elapsed + .milliseconds(2500)
    }

    private mutating func claim(_ index: Int) throws {
        let worker = workers[index]
        let holdsSuspect = worker.runs.keys.contains { shelves.jobs[$0.id]?.isSuspect == true }
        let request = ClaimRequest(
            worker: worker.id,
            room: ["default": 3, "other": 1],
            limit: 3 - worker.runs.count,
            takesSuspect: !holdsSuspect
        )
        guard case .claimed(let jobs, _) = try send(.claim(request)) else { return }
        for job in jobs {
            workers[index].runs[job.fence] = elapsed + .milliseconds(Int.random(in: 1...20_000, using: &random))
        }
    }

    private mutating func endRuns(_ index: Int) throws {
        let due = workers[index].runs.filter { $0.value <= elapsed }.map(\.key).sorted { $0.id < $1.id }
        for fence in due {
            let ending: JobEnding =
                switch Int.random(in: 0..<10, using: &random) {
                case 0 where isFaulty: .failed(JobFailure(code: "odd", message: "odd"), retryAfter: .seconds(2))
                case 1 where isFaulty: .released(note: "no", delay: .seconds(1))
                default: .succeeded(result: "1")
                }
            // No answer: told again at the next step.
            guard try send(.settle(fence, ending)) != nil else { continue }
            workers[index].runs[fence] = nil
        }
    }

    private mutating func beat(_ index: Int) throws {
        workers[index].nextBeat = elapsed + .milliseconds(2500)
        let held = Set(workers[index].runs.keys)
        guard case .checked(let reply) = try send(.beat(WorkerBeat(worker: workers[index].id, held: held))) else {
            return
        }
        for fence in reply.lost { workers[index].runs[fence] = nil }
        for fence in reply.cancelled.sorted(by: { $0.id < $1.id }) {
            if try send(.settle(fence, .cancelled)) != nil { workers[index].runs[fence] = nil }
        }
        let unknown = reply.strays.subtracting(workers[index].runs.keys)
        for fence in unknown.intersection(workers[index].strays).sorted(by: { $0.id < $1.id }) {
            _ = try send(.settle(fence, .released(note: "stray", delay: .zero)))
        }
        workers[index].strays = unknown
        if !reply.isKnown { workers[index].isEnlisted = false }
    }

    private mutating func look(_ index: Int) throws {
        workers[index].nextLook = elapsed + .seconds(1)
        let others = shelves.workers.values.filter { $0.id != workers[index].id }.sorted { $0.id < $1.id }
        for dead in workers[index].watch.look(others, at: elapsed) {
            _ = try send(.bury(dead.id, beat: dead.beat))
        }
    }
}
