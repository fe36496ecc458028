package import CupelCore
import Storage

/// A job that does nothing but take time, for operators who try a queue and for tests that kill workers: it leaves one
/// row in `job_probes` when it completes.
package struct ProbeJob: Job {
    package static let kind = "cupel.probe"
    // Whoever tries a queue kills its workers; that must not quarantine the probe.
    package static let options = JobOptions(maximumCrashes: 100, timeout: .seconds(900), isOpenToCallers: true)

    /// How long it takes.
    package let length: Duration
    /// A word to find it by.
    package let mark: String
    /// How many runs fail first.
    package let fails: Int
    /// Whether a child process sleeps, and not this one.
    package let hasChild: Bool

    /// The longest mark, in bytes.
    package static let maximumMarkBytes = 200

    /// A probe.
    package init(length: Duration = .zero, mark: String = "", fails: Int = 0, hasChild: Bool = false) {
        self.length = length
        self.mark = mark
        self.fails = fails
        self.hasChild = hasChild
    }

    /// Reads `milliseconds`, `mark`, `fails` and `children`.
    package init(json: JSON) throws {
        var fields = try JSONFields(json)
        length = .milliseconds(fields.integer("milliseconds", default: 0, in: 0...600_000))
        mark = fields.optionalText("mark", limit: Self.maximumMarkBytes) ?? ""
        fails = fields.integer("fails", default: 0, in: 0...100)
        let children = fields.value("children") ?? .null
        if !children.isNull, children.boolValue == nil { fields.problem("children", "must be true or false") }
        hasChild = children.boolValue ?? false
        try fields.finish()
    }

    package var json: JSON {
        [
            "milliseconds": .integer(length.wholeMicroseconds / 1000), "mark": .string(mark),
            "fails": .integer(Int64(fails)), "children": .bool(hasChild),
        ]
    }

    /// Makes probes known.
    package static func register(in registry: inout JobRegistry, time: any TimeSource = SystemTime()) {
        registry.register(ProbeJob.self) { job, context in
            if job.hasChild {
                try await Self.sleepInChild(job.length)
            } else if job.length > .zero {
                try await time.sleep(for: job.length)
            }
            guard context.attempt > job.fails else {
                throw CupelError(.toolFailed, "The probe fails in run \(context.attempt), as it was asked to.")
            }
            let result: JSON = ["mark": .string(job.mark), "attempt": .integer(Int64(context.attempt))]
            return JobOutcome(result) { transaction in
                try transaction.execute(
                    """
                    INSERT INTO job_probes (job_id, mark, attempt, at)
                    VALUES (\(context.id), \(job.mark), \(context.attempt), \(time.now))
                    """
                )
            }
        }
    }

    private static func sleepInChild(_ length: Duration) async throws {
        let seconds = length.inMilliseconds / 1000
        let child = try await ProcessLoop.shared.start(ProcessCommand(["sleep", "\(seconds)"]))
        let ending = await withTaskCancellationHandler {
            await child.waitForEnd()
        } onCancel: {
            child.kill()
        }
        try Task.checkCancellation()
        guard ending.isSuccess else {
            throw CupelError(.toolFailed, "The probe's child process ended with code \(ending.exitCode).")
        }
    }
}
