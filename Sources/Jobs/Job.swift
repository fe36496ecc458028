// Jobs: the durable queue. Work is enqueued in the caller's transaction, held by one worker at a time, run at least
// once, and its effects are recorded once; what happens is told as events.

package import CupelCore

/// A phantom for identifiers of jobs.
package enum JobKind {}
/// The identifier of a job.
package typealias JobID = Identifier<JobKind>

/// A typed unit of durable background work. Its JSON is the payload.
package protocol Job: JSONConvertible, Sendable {
    /// The stable name under which it is stored and registered.
    static var kind: String { get }
    /// Queue, priority, retries and timeout.
    static var options: JobOptions { get }
    /// While a job with this key waits or runs, another is not accepted but answered with the first.
    var uniqueKey: String? { get }
}

extension Job {
    package static var options: JobOptions { JobOptions() }
    package var uniqueKey: String? { nil }
}

/// How jobs of one kind are run.
package struct JobOptions: Sendable {
    /// The queue's name.
    package var queue: String
    /// The priority within it.
    package var priority: JobPriority
    /// Runs that may fail before the job is dead; a worker's death is not a failure of the job.
    package var maximumFailures: Int
    /// Deaths of its worker after which the job is quarantined.
    package var maximumCrashes: Int
    /// The longest one run may take.
    package var timeout: Duration
    /// When a failed run is tried again.
    package var retry: RetryPolicy
    /// Whether anyone who may use the API can submit one by its kind.
    package var isOpenToCallers: Bool

    /// Options with the usual values.
    package init(
        queue: String = "default",
        priority: JobPriority = .normal,
        maximumFailures: Int = 3,
        maximumCrashes: Int = 3,
        timeout: Duration = .seconds(600),
        retry: RetryPolicy = RetryPolicy(),
        isOpenToCallers: Bool = false
    ) {
        self.queue = queue
        self.priority = priority
        self.maximumFailures = maximumFailures
        self.maximumCrashes = maximumCrashes
        self.timeout = timeout
        self.retry = retry
        self.isOpenToCallers = isOpenToCallers
    }
}

/// Which job goes first; one level is worth a minute of waiting, so that low ones move too.
package enum JobPriority: Int, Sendable, CaseIterable {
    case high = 0
    case normal = 1
    case low = 2

    /// What a level is worth in waiting time.
    package static let ageing = Duration.seconds(60)

    /// The place in the order of a job of this level that may run from a moment on, in microseconds.
    func rank(of runAt: Timestamp, isStrict: Bool) -> Int64 {
        let level = isStrict ? Int64(1) << 60 : Self.ageing.wholeMicroseconds
        return runAt.microseconds + level * Int64(rawValue)
    }

    /// The level's name.
    package var name: String { String(describing: self) }

    /// A level by its name.
    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}

/// Where a job stands.
package enum JobState: String, Sendable, CaseIterable {
    /// Waits until the jobs it needs have succeeded.
    case blocked
    /// Waits for its time and a worker.
    case queued
    /// Held by a worker.
    case running
    /// Done; its result is kept.
    case succeeded
    /// Dead; its errors are kept, and a person may retry or discard it.
    case failed
    /// Ended by a person, or because a job that it needs did not succeed.
    case cancelled

    /// Whether nothing will change by itself any more.
    package var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}
