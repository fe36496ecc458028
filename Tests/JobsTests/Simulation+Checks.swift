import CupelCore
import Jobs

extension Simulation {
    /// What must hold of every single change.
    mutating func checkTransitions(by command: JobCommand, _ reply: JobReply) throws {
        for (id, before) in shelf.touched {
            guard let entry = shelf.shelves.jobs[id] else { throw breach("\(id) is gone") }
            try check(entry)
            guard let old = before else { continue }
            if entry.attempt < old.attempt { throw breach("the attempt of \(id) went back") }
            if entry.attempt > old.attempt + 1 { throw breach("the attempt of \(id) jumped") }
            if entry.attempt == old.attempt + 1, old.state != .queued {
                throw breach("\(id) was claimed while it was \(old.state)")
            }
            if old.state == .succeeded, entry.state != .succeeded { throw breach("\(id) had succeeded") }
            if old.state != .succeeded, entry.state == .succeeded {
                successes[id, default: 0] += 1
                guard case .settle(let fence, .succeeded) = command, fence.id == id, fence.attempt == old.attempt,
                    old.state == .running, case .accepted(true) = reply
                else { throw breach("\(id) succeeded without its own attempt saying so") }
            }
        }
    }

    /// What must hold of a job wherever it stands.
    private func check(_ entry: JobEntry) throws {
        if (entry.state == .running) != (entry.worker != nil) {
            throw breach("\(entry.id) is \(entry.state) with worker \(String(describing: entry.worker))")
        }
        if entry.state.isFinal != (entry.finishedAt != nil) { throw breach("\(entry.id) has a wrong end") }
        if let worker = entry.worker, shelves.workers[worker] == nil {
            throw breach("\(entry.id) is held by a worker that nobody knows")
        }
        if entry.failures > entry.maximumFailures || entry.crashes > entry.maximumCrashes {
            throw breach("\(entry.id) has too many failures")
        }
    }

    /// What must hold at every moment.
    func checkAlways() throws {
        for id in acknowledged where shelves.jobs[id] == nil { throw breach("the acknowledged \(id) is lost") }
        for (id, count) in successes where count != 1 { throw breach("\(id) took effect \(count) times") }
        try checkLeases()
    }

    /// Of all workers that may act, at most one believes in the attempt that runs.
    private func checkLeases() throws {
        var holders: [JobFence: Int] = [:]
        for worker in workers { for fence in worker.runs.keys { holders[fence, default: 0] += 1 } }
        for (fence, count) in holders where count > 1 { throw breach("\(fence) has \(count) holders") }
        let shelves = shelf.shelves
        let keys = shelves.open.compactMap { shelves.jobs[$0]?.uniqueKey }
        if Set(keys).count != keys.count { throw breach("a unique key is there twice") }
    }

    /// What must hold once everything is over.
    func checkEnd() throws {
        for id in acknowledged {
            guard let entry = shelves.jobs[id], entry.state.isFinal else { throw breach("\(id) has no end") }
            let states = shelves.events.map(\.draft).filter { $0.job == id && $0.kind == "state" }
            if states.last?.data.contains(#""state":"\#(entry.state.rawValue)""#) != true {
                throw breach("the events of \(id) end otherwise than the job")
            }
        }
        let starts = shelves.events.map(\.draft.data).filter { $0.contains("running") && $0.contains("attempt") }
        let attempts = shelves.jobs.values.reduce(0) { $0 + $1.attempt }
        if starts.count != attempts { throw breach("\(attempts) attempts, but \(starts.count) starts were told") }
        if shelves.jobs.values.contains(where: { $0.openNeeds < 0 }) { throw breach("a job waited for less than none") }
    }
}
