import CupelCore
import Jobs

/// Follows the events of one job, or of all, by long polling or as server-sent events.
struct JobEventFeed: Sendable {
    let queue: JobQueue
    /// The job; `nil` for all of them, which are never over.
    let id: JobID?

    /// Time between two comments that keep a quiet stream open.
    static let pingInterval = Duration.seconds(20)
    /// The longest that a stream stays open without an event.
    static let idleLimit = Duration.seconds(60)

    /// Events after a sequence, waiting for the first one; and whether the job is over and all were given.
    func next(after sequence: Int, wait: Duration) async throws -> ([JobEvent], isFinal: Bool) {
        let deadline = queue.signal.clock + wait
        while true {
            let generation = queue.signal.generation
            // The state is read before the events: what ends a job writes both at once.
            let isOver = if let id { try await queue.job(id).state.isFinal } else { false }
            let events = try await queue.events(of: id, after: sequence)
            let left = deadline - queue.signal.clock
            if !events.isEmpty || isOver || left <= .zero || Task.isCancelled {
                return (events, isOver && events.isEmpty)
            }
            await queue.signal.wait(after: generation, atMost: min(left, .seconds(1)), time: SystemTime())
        }
    }

    /// The stream of a browser: one message an event, a comment when it is quiet, closed when the job is over.
    func serverSentEvents(after start: Int) -> AsyncStream<[UInt8]> {
        AsyncStream(bufferingPolicy: .bufferingOldest(256)) { continuation in
            // The stream's consumer ends this task by letting go of the stream.
            let task = Task {
                var sequence = start
                var quiet = Duration.zero
                while !Task.isCancelled, quiet < Self.idleLimit {
                    guard let (events, isFinal) = try? await next(after: sequence, wait: Self.pingInterval) else {
                        break
                    }
                    for event in events {
                        let text = "id: \(event.sequence)\nevent: \(event.kind)\ndata: \(event.json.text())\n\n"
                        // A reader that is too slow is let go; it resumes with Last-Event-ID.
                        guard case .enqueued = continuation.yield(Array(text.utf8)) else {
                            return continuation.finish()
                        }
                        sequence = event.sequence
                    }
                    if isFinal { break }
                    quiet = events.isEmpty ? quiet + Self.pingInterval : .zero
                    if events.isEmpty { continuation.yield(Array(": quiet\n\n".utf8)) }
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension JobSignal {
    /// Monotonic time, for deadlines.
    fileprivate var clock: Duration { SystemTime().monotonic }
}
