package import CupelCore
import Synchronization

/// Jobs in memory: gone with the process. For trying things out, and as the model of the other engines.
package final class MemoryJobStore: JobStore {
    private let shelves = Mutex(MemoryShelves())
    package let width = 1
    package let isOwnedByOneProcess = true

    /// An empty store.
    package init() {}

    package func change<Value: Sendable>(
        _ body: @escaping @Sendable (any JobShelf) throws -> Value
    ) async throws -> Value {
        try shelves.withLock { shelves in
            let shelf = MemoryJobShelf(shelves)
            let value = try body(shelf)
            shelves = shelf.shelves
            return value
        }
    }

    package func job(_ id: JobID) async throws -> JobEntry? { shelves.withLock { $0.jobs[id] } }

    package func jobs(_ filter: JobFilter) async throws -> [JobEntry] {
        let matching = shelves.withLock { shelves in
            shelves.jobs.values.filter { entry in
                (filter.state.map { $0 == entry.state } ?? true) && (filter.kind.map { $0 == entry.kind } ?? true)
                    && (filter.queue.map { $0 == entry.queue } ?? true)
                    && (filter.code.map { $0 == entry.failure?.code } ?? true)
                    && (filter.before.map { entry.id < $0 } ?? true)
            }
        }
        return Array(matching.sorted { $0.id > $1.id }.prefix(filter.limit))
    }

    package func events(of id: JobID?, after sequence: Int, limit: Int) async throws -> [JobEvent] {
        let found = shelves.withLock { shelves in
            shelves.events.filter { event in event.sequence > sequence && (id.map { $0 == event.draft.job } ?? true) }
                .prefix(limit).map {
                    (sequence: $0.sequence, draft: $0.draft, queue: shelves.jobs[$0.draft.job]?.queue)
                }
        }
        return try found.map { try JobEvent(sequence: $0.sequence, draft: $0.draft, queue: $0.queue) }
    }

    package func lastSequence() async throws -> Int { shelves.withLock { $0.sequence } }

    package func workers() async throws -> [WorkerCard] {
        shelves.withLock { $0.workers.values.sorted { $0.id < $1.id } }
    }

    package func controls() async throws -> [QueueControl] {
        shelves.withLock { $0.controls.values.sorted { $0.name < $1.name } }
    }

    package func add(_ minutes: [QueueMinute], at now: Timestamp) async throws {}

    package func minutes(since: Timestamp) async throws -> [QueueMinute] { [] }

    package func depths() async throws -> [QueueDepth] {
        let entries = shelves.withLock { Array($0.jobs.values) }
        let groups = Dictionary(grouping: entries.filter { !$0.state.isFinal || $0.state == .failed }) {
            $0.queue + "\u{0}" + $0.state.rawValue
        }
        return groups.values.compactMap { group in
            guard let first = group.first else { return nil }
            let oldest = group.map(\.runAt).min()
            return QueueDepth(queue: first.queue, state: first.state, count: group.count, oldest: oldest)
        }.sorted { ($0.queue, $0.state.rawValue) < ($1.queue, $1.state.rawValue) }
    }
}
