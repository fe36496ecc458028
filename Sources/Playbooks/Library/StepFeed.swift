import CupelCore
import Jobs
import Synchronization

/// One step to tell whoever follows the job.
struct Step: Sendable {
    var fraction: Double
    var note: String
    var data: JSON
}

/// Carries steps from where they happen, which does not wait, to the job's events, which are durable.
enum StepFeed {
    /// Runs work and records its steps in order; when it returns, all of them are recorded.
    static func run<Value: Sendable>(
        _ context: JobContext,
        _ work: @escaping @Sendable (@escaping @Sendable (Step) -> Void) async throws -> Value
    ) async throws -> Value {
        let (steps, sink) = AsyncStream.makeStream(of: Step.self, bufferingPolicy: .bufferingOldest(1000))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await step in steps { try await context.progress(step.fraction, step.note, data: step.data) }
            }
            defer { sink.finish() }
            let value = try await work { sink.yield($0) }
            sink.finish()
            try await group.waitForAll()
            return value
        }
    }
}

/// Counts up from 1.
final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
