import CupelCore

/// Reads events in the order of their sequence and leaves none out.
///
/// PostgreSQL numbers an event before its transaction commits, so a lower number may appear after a higher one. Where
/// the numbers have a gap, the reader waits until every transaction that ran when it saw the gap is over; what is still
/// missing then was never kept. Only then it goes past the gap, so that a sequence that it gave is a place to resume.
package struct JobEventReader: Sendable {
    private let queue: JobQueue
    /// The job; `nil` for all of them.
    private let id: JobID?
    /// The last sequence that was given; everything up to it was.
    package private(set) var sequence: Int

    /// Events that one look gives at most.
    package static let maximumEvents = 500
    /// The longest that a gap is waited for: longer than any transaction of the queue may take.
    package static let maximumHold = Duration.seconds(5)
    /// Time between two looks at a gap.
    private static let gapInterval = Duration.milliseconds(20)

    /// A reader of what comes after a sequence.
    package init(queue: JobQueue, id: JobID? = nil, after sequence: Int) {
        self.queue = queue
        self.id = id
        self.sequence = sequence
    }

    /// The next events, none when there are none yet.
    package mutating func next() async throws -> [JobEvent] {
        var events = try await queue.events(of: id, after: sequence, limit: Self.maximumEvents)
        if let last = events.last?.sequence, hasGap(events), let horizon = try await queue.store.horizon() {
            try await waitForTransactions(before: horizon.next)
            // What has come between is there now; what came behind may have gaps of its own.
            events = try await queue.events(of: id, after: sequence, limit: Self.maximumEvents)
            events.removeAll { $0.sequence > last }
        }
        if let last = events.last { sequence = last.sequence }
        return events
    }

    /// Whether a number is missing. The events of one job are written under its lock, in their order, and their numbers
    /// have gaps always.
    private func hasGap(_ events: [JobEvent]) -> Bool {
        guard id == nil, let last = events.last else { return false }
        return last.sequence - sequence != events.count
    }

    private func waitForTransactions(before next: Int64) async throws {
        let deadline = queue.time.monotonic + Self.maximumHold
        while queue.time.monotonic < deadline {
            guard let now = try await queue.store.horizon(), now.oldest < next else { return }
            try await queue.time.sleep(for: Self.gapInterval)
        }
    }
}
