import CupelCore
package import Logging
import ServiceLifecycle
import Synchronization
import Telemetry

/// Runs jobs on a number of lanes: each claims one, heartbeats it while it runs, and claims the next.
package struct JobWorker: Service {
    private let queue: JobQueue
    private let registry: JobRegistry
    private let concurrency: Int
    private let drain: Duration
    private let logger: Logger
    private let name = "worker-\(JobID())"

    /// How long an idle lane waits before it looks again without being woken.
    package static let pollInterval = Duration.seconds(1)

    /// A worker of this process.
    /// - Parameters:
    ///   - concurrency: jobs that run at once.
    ///   - drain: how long running jobs may go on once a stop was asked for.
    package init(
        queue: JobQueue,
        registry: JobRegistry,
        concurrency: Int,
        drain: Duration = .seconds(25),
        logger: Logger
    ) {
        self.queue = queue
        self.registry = registry
        self.concurrency = max(1, concurrency)
        self.drain = drain
        self.logger = logger
    }

    /// Works until a graceful stop or cancellation; what still runs after the drain goes back to the queue.
    package func run() async {
        let stop = StopFlag(signal: queue.signal)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { lanes in
                for _ in 0..<concurrency { lanes.addTask { await self.lane(stop) } }
            }
        } onGracefulShutdown: {
            stop.ask()
        }
    }

    private func lane(_ stop: StopFlag) async {
        while !stop.isAsked, !Task.isCancelled {
            let generation = queue.signal.generation
            if let job = await claim() {
                await run(job, stop)
            } else {
                await queue.signal.wait(after: generation, atMost: Self.pollInterval, time: queue.time)
            }
        }
    }

    private func claim() async -> ClaimedJob? {
        do {
            return try await queue.claim(limit: 1, worker: name).first
        } catch {
            logger.log(.error, "jobs cannot be claimed", [.error: "\(error)"])
            return nil
        }
    }

    private func run(_ job: ClaimedJob, _ stop: StopFlag) async {
        let ending = await JobRun(job: job, queue: queue, registry: registry, stop: stop, drain: drain).end()
        // What ended is recorded also when this lane was cancelled meanwhile.
        await Task.detached { await self.record(ending, of: job) }.value
    }

    private func record(_ ending: JobRun.Ending, of job: ClaimedJob) async {
        do {
            switch ending {
            case .done(let outcome):
                if try await !queue.complete(job, result: outcome.result, effects: outcome.effects) {
                    logger.log(.warning, "a stale completion was refused", [.jobID: "\(job.id)"])
                }
            case .failed(let error):
                logger.log(.warning, "a job failed", [.jobID: "\(job.id)", .jobKind: job.kind, .error: "\(error)"])
                try await queue.fail(job, error)
            case .cancelled: try await queue.finishCancelled(job)
            case .stopped: try await queue.release(job)
            case .leaseLost: logger.log(.warning, "a lease was lost", [.jobID: "\(job.id)"])
            }
        } catch {
            logger.log(.error, "the end of a job was not recorded", [.jobID: "\(job.id)", .error: "\(error)"])
            try? await queue.fail(job, error)
        }
    }
}

/// Whether a stop was asked for; whoever waits on the signal is woken by the asking.
final class StopFlag: Sendable {
    private let asked = Mutex(false)
    private let signal: JobSignal

    init(signal: JobSignal) { self.signal = signal }

    var isAsked: Bool { asked.withLock { $0 } }

    func ask() {
        asked.withLock { $0 = true }
        signal.wake()
    }

    /// Returns once a stop was asked for or the task is cancelled.
    func wait(time: any TimeSource) async {
        while !isAsked, !Task.isCancelled {
            let generation = signal.generation
            if isAsked { return }
            await signal.wait(after: generation, atMost: .seconds(3600), time: time)
        }
    }
}
