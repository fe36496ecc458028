package import CupelCore
package import Storage

/// Everything in dictionaries: the model that the other engines are held against, and what the simulator runs on.
///
/// Unsafe to share; ``MemoryJobStore`` gives it to one at a time. A copy is a snapshot, which is how a transaction
/// that did not happen is undone.
package struct MemoryShelves: Sendable {
    package var jobs: [JobID: JobEntry] = [:]
    /// Those of them that are not over.
    package var open: Set<JobID> = []
    package var events: [(sequence: Int, draft: JobEventDraft)] = []
    package var needs: [JobID: [JobID]] = [:]
    package var workers: [WorkerID: WorkerCard] = [:]
    package var controls: [String: QueueControl] = [:]
    package var sequence = 0

    /// Nothing yet.
    package init() {}
}

/// A view of ``MemoryShelves`` for one transaction.
package final class MemoryJobShelf: JobShelf {
    /// What is kept.
    package private(set) var shelves: MemoryShelves
    /// The jobs that were changed, each as it was before; `nil` for a new one.
    package private(set) var touched: [JobID: JobEntry?] = [:]
    package var transaction: (any Transaction)? { nil }

    /// A view of what is kept.
    package init(_ shelves: MemoryShelves) { self.shelves = shelves }

    /// Forgets what was changed up to now.
    package func forgetTouched() { touched = [:] }

    private var waiting: [JobEntry] {
        shelves.open.compactMap { shelves.jobs[$0] }.filter { $0.state == .queued }
    }

    private var running: [JobEntry] {
        shelves.open.compactMap { shelves.jobs[$0] }.filter { $0.state == .running }
    }

    private func keep(_ entry: JobEntry?, _ id: JobID) {
        if touched[id] == nil { touched.updateValue(shelves.jobs[id], forKey: id) }
        shelves.jobs[id] = entry
        if entry?.state.isFinal == false { shelves.open.insert(id) } else { shelves.open.remove(id) }
    }

    package func load(_ ids: [JobID]) throws -> [JobEntry] { ids.compactMap { shelves.jobs[$0] } }

    package func ready(_ room: [String: Int], limit: Int, isStrict: Bool, now: Timestamp) throws -> [JobEntry] {
        var room = room
        let ordered = waiting.filter { $0.runAt <= now && !$0.isSuspect }.sorted {
            ($0.rank(isStrict: isStrict), $0.id) < ($1.rank(isStrict: isStrict), $1.id)
        }
        var found: [JobEntry] = []
        for entry in ordered where found.count < limit {
            guard let free = room[entry.queue], free > 0 else { continue }
            room[entry.queue] = free - 1
            found.append(entry)
        }
        return found
    }

    package func readySuspect(_ queues: [String], now: Timestamp) throws -> JobEntry? {
        waiting.filter { $0.isSuspect && $0.runAt <= now && queues.contains($0.queue) }.min {
            ($0.runAt, $0.id) < ($1.runAt, $1.id)
        }
    }

    package func nextRunAt(_ queues: [String]) throws -> Timestamp? {
        waiting.filter { queues.contains($0.queue) }.map(\.runAt).min()
    }

    package func held(by worker: WorkerID, isLocked: Bool) throws -> [JobEntry] {
        running.filter { $0.worker == worker }.sorted { $0.id < $1.id }
    }

    package func runningCount(in queue: String) throws -> Int {
        running.count { $0.queue == queue }
    }

    package func unfinished(kind: String, uniqueKey: String) throws -> JobID? {
        shelves.open.compactMap { shelves.jobs[$0] }.first { $0.kind == kind && $0.uniqueKey == uniqueKey }?.id
    }

    package func insert(_ entries: [JobEntry]) throws -> Set<JobID> {
        var fresh: Set<JobID> = []
        for entry in entries where shelves.jobs[entry.id] == nil {
            keep(entry, entry.id)
            fresh.insert(entry.id)
        }
        return fresh
    }

    package func update(_ entries: [JobEntry]) throws {
        for entry in entries { keep(entry, entry.id) }
    }

    package func remove(_ id: JobID) throws {
        keep(nil, id)
        shelves.events.removeAll { $0.draft.job == id }
    }

    package func record(_ events: [JobEventDraft]) throws {
        for event in events {
            shelves.sequence += 1
            shelves.events.append((shelves.sequence, event))
        }
    }

    package func addNeeds(_ needed: [JobID], of dependent: JobID) throws {
        for id in needed { shelves.needs[id, default: []].append(dependent) }
    }

    package func dependents(of ids: [JobID]) throws -> [(needed: JobID, dependent: JobID)] {
        ids.flatMap { id in (shelves.needs[id] ?? []).map { (id, $0) } }
    }

    package func isEnlisted(_ id: WorkerID) throws -> Bool { shelves.workers[id] != nil }

    package func worker(_ id: WorkerID, isLeaving: Bool) throws -> WorkerCard? { shelves.workers[id] }

    package func save(_ worker: WorkerCard) throws { shelves.workers[worker.id] = worker }

    package func removeWorker(_ id: WorkerID) throws { shelves.workers[id] = nil }

    package func controls(_ queues: [String]) throws -> [QueueControl] { queues.compactMap { shelves.controls[$0] } }

    package func save(_ control: QueueControl) throws { shelves.controls[control.name] = control }
}
