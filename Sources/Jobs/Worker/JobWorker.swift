import CupelCore
import Glibc
package import Logging
import ServiceLifecycle
import Synchronization
import Telemetry

/// What a worker serves.
package struct WorkerSettings: Sendable {
    /// Jobs that run at once.
    package var concurrency: Int
    /// The queues it serves, each with the most jobs of it at once; empty for every queue of the kinds it knows.
    package var queues: [String: Int]
    /// Whether a higher priority always goes first.
    package var isStrict: Bool
    /// How long running jobs may go on once a stop was asked for.
    package var drain: Duration

    /// What a worker serves.
    package init(
        concurrency: Int,
        queues: [String: Int] = [:],
        isStrict: Bool = false,
        drain: Duration = .seconds(25)
    ) {
        self.concurrency = max(1, concurrency)
        self.queues = queues
        self.isStrict = isStrict
        self.drain = drain
    }
}

/// Runs jobs: claims as many as it has lanes for, keeps its heart beating while they run, and ends each together with
/// the claim of the next.
package struct JobWorker: Service {
    let queue: JobQueue
    let registry: JobRegistry
    let settings: WorkerSettings
    let logger: Logger
    let custody: Custody
    let identity: Identity

    /// How long it waits, when there is nothing to do, before it looks again without being woken.
    package static let pollInterval = Duration.seconds(1)

    /// Who the worker is; a new one when it was buried alive.
    final class Identity: Sendable {
        private let current = Mutex(WorkerID())
        var id: WorkerID { current.withLock { $0 } }
        func renew() { current.withLock { $0 = WorkerID() } }
    }

    /// A worker of this process.
    package init(queue: JobQueue, registry: JobRegistry, settings: WorkerSettings, logger: Logger) {
        self.queue = queue
        self.registry = registry
        self.settings = settings
        self.logger = logger
        let served = settings.queues.isEmpty ? registry.queues : Array(settings.queues.keys)
        let limits = served.map { ($0, min(settings.concurrency, settings.queues[$0] ?? settings.concurrency)) }
        custody = Custody(
            concurrency: settings.concurrency,
            limits: Dictionary(limits, uniquingKeysWith: { first, _ in first })
        )
        identity = Identity()
    }

    /// Works until a graceful stop or cancellation; what still runs after the drain goes back to the queue.
    package func run() async {
        let stop = StopFlag(signal: queue.signal)
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                guard await enlist(stop) else { return }
                group.addTask { await JobMinder(worker: self).run() }
                await work(stop)
                group.cancelAll()
            }
        } onGracefulShutdown: {
            stop.ask()
            custody.laneFreed.wake()
        }
        // Said also when this task was cancelled meanwhile; it waits for nothing but the store.
        await Task { await retire() }.value
    }

    /// Claims and runs until a stop; returns when nothing runs any more.
    private func work(_ stop: StopFlag) async {
        await withDiscardingTaskGroup { lanes in
            lanes.addTask { await drain(stop) }
            while !stop.isAsked, !Task.isCancelled {
                let generation = queue.signal.generation
                let jobs = await claim()
                for job in jobs.found { lanes.addTask { await lane(job, stop) } }
                if custody.freeLanes == 0 {
                    await custody.waitForLane()
                } else if jobs.found.isEmpty {
                    await queue.signal.wait(after: generation, atMost: jobs.wait, time: queue.time)
                }
            }
            stop.ask()
        }
    }

    private func claim() async -> (found: [ClaimedJob], wait: Duration) {
        let free = custody.freeLanes
        let request = custody.request(identity.id, limit: free, isStrict: settings.isStrict)
        do {
            let (jobs, next) = try await queue.claim(request)
            custody.take(jobs, for: request)
            custody.addLanes(jobs.count)
            let untilNext = next.map { max(.milliseconds(1), $0 - queue.time.now) } ?? Self.pollInterval
            return (jobs, min(untilNext, Self.pollInterval))
        } catch {
            custody.take([], for: request)
            logger.log(.error, "jobs cannot be claimed", [.error: "\(error)"])
            return ([], Self.pollInterval)
        }
    }

    /// Runs a job, then the next one that its end gives, until there is none.
    private func lane(_ first: ClaimedJob, _ stop: StopFlag) async {
        defer { custody.freeLane() }
        var job: ClaimedJob? = first
        while let current = job {
            let run = JobRun(job: current, worker: self)
            job = await run.toTheEnd(isLast: stop.isAsked)
        }
    }

    /// Once a stop was asked for, gives what runs its time and then interrupts it.
    private func drain(_ stop: StopFlag) async {
        await stop.wait(time: queue.time)
        let end = queue.time.monotonic + settings.drain
        while custody.freeLanes < settings.concurrency {
            let left = end - queue.time.monotonic
            if left <= .zero || Task.isCancelled { return custody.interruptAll(.stopped) }
            try? await queue.time.sleep(for: min(left, .milliseconds(50)))
        }
    }

    // MARK: Coming and going

    private func enlist(_ stop: StopFlag) async -> Bool {
        while !stop.isAsked, !Task.isCancelled {
            do {
                try await enlist()
                return true
            } catch {
                logger.log(.error, "the queue's store does not answer; trying again", [.error: "\(error)"])
                try? await queue.time.sleep(for: Self.pollInterval)
            }
        }
        return false
    }

    /// Makes the worker known, under a new name when it had one before.
    func enlist() async throws {
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, 255)
        let name = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let card = WorkerCard(
            id: identity.id,
            name: "\(name)/\(getpid())",
            queues: custody.queues,
            concurrency: settings.concurrency,
            startedAt: queue.time.now
        )
        try await queue.enlist(card)
        queue.onInterrupt(card.id) { [custody] in custody.interrupt($0, .cancelled) }
    }

    private func retire() async {
        queue.onInterrupt(identity.id, nil)
        do {
            try await queue.retire(identity.id)
            try await queue.keepTally()
        } catch {
            logger.log(.warning, "the worker could not sign off", [.error: "\(error)"])
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
