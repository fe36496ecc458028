import CupelCore
import Synchronization

/// The runs that a worker holds: how each can be interrupted, when its time is up, and how much room is left.
final class Custody: Sendable {
    /// Why a run was interrupted.
    enum Interruption: Sendable {
        case cancelled
        case timedOut
        case leaseLost
        case stopped
    }

    private struct Run {
        let queue: String
        let isSuspect: Bool
        var deadline: Duration
        var interrupt: @Sendable () -> Void = {}
        var interruption: Interruption?
    }

    private struct State {
        var runs: [JobFence: Run] = [:]
        /// Lanes that hold a job or are about to be given the next.
        var lanes = 0
        var strays: Set<JobFence> = []
        /// A claim is under way that may bring a suspect.
        var asksSuspect = false
    }

    /// Wakes whoever waits for a lane.
    let laneFreed = JobSignal()
    private let concurrency: Int
    private let limits: [String: Int]
    private let state = Mutex(State())

    /// - Parameter limits: the queues that are served, each with the most jobs of it at once.
    init(concurrency: Int, limits: [String: Int]) {
        self.concurrency = concurrency
        self.limits = limits
    }

    /// The queues that are served.
    var queues: [String] { limits.keys.sorted() }

    /// Lanes that could be opened.
    var freeLanes: Int { state.withLock { concurrency - $0.lanes } }

    /// Counts lanes that open.
    func addLanes(_ count: Int) { state.withLock { $0.lanes += count } }

    /// Counts a lane that closes.
    func freeLane() {
        let wasFull = state.withLock { state in
            state.lanes -= 1
            return state.lanes == concurrency - 1
        }
        if wasFull { laneFreed.wake() }
    }

    /// Returns when a lane may be free, or the task is cancelled.
    func waitForLane() async {
        let generation = laneFreed.generation
        if freeLanes == 0 { await laneFreed.wait(after: generation) }
    }

    /// Whether a queue may have fewer jobs at once than there are lanes. Then only one claim is asked at a time, since
    /// room that two claims see could be used twice.
    var isLimited: Bool { limits.values.contains { $0 < concurrency } }

    /// What could be run now; every request is to be answered with ``take(_:for:)``.
    func request(_ worker: WorkerID, limit: Int, isStrict: Bool) -> ClaimRequest {
        state.withLock { state in
            var room = limits
            if isLimited {
                for run in state.runs.values { room[run.queue, default: 0] -= 1 }
            }
            let takesSuspect = !state.asksSuspect && !state.runs.values.contains(where: \.isSuspect)
            if takesSuspect { state.asksSuspect = true }
            return ClaimRequest(
                worker: worker,
                room: room.filter { $0.value > 0 },
                limit: limit,
                takesSuspect: takesSuspect,
                isStrict: isStrict
            )
        }
    }

    /// Takes in the jobs that a request gave, perhaps none.
    func take(_ jobs: [ClaimedJob], for request: ClaimRequest) {
        state.withLock { state in
            if request.takesSuspect { state.asksSuspect = false }
            for job in jobs {
                state.runs[job.fence] = Run(
                    queue: job.queue,
                    isSuspect: job.isSuspect,
                    deadline: .seconds(Int64.max / 4)
                )
            }
        }
    }

    /// Says how a run that was taken in can be interrupted, and when its time is up.
    func hold(_ fence: JobFence, until deadline: Duration, interrupt: @escaping @Sendable () -> Void) {
        let isInterrupted = state.withLock { state in
            state.runs[fence]?.deadline = deadline
            state.runs[fence]?.interrupt = interrupt
            return state.runs[fence]?.interruption != nil
        }
        if isInterrupted { interrupt() }
    }

    /// Why a run was interrupted, if it was. It is held on, so that heartbeats speak for it until it is settled.
    func interruption(of fence: JobFence) -> Interruption? { state.withLock { $0.runs[fence]?.interruption } }

    /// Lets a run go.
    func release(_ fence: JobFence) { state.withLock { _ = $0.runs.removeValue(forKey: fence) } }

    /// The runs that are held.
    var held: Set<JobFence> { state.withLock { Set($0.runs.keys) } }

    /// Interrupts a run, once; what came first counts.
    func interrupt(_ fence: JobFence, _ reason: Interruption) {
        let act = state.withLock { state -> (@Sendable () -> Void)? in
            guard let run = state.runs[fence], run.interruption == nil else { return nil }
            state.runs[fence]?.interruption = reason
            return run.interrupt
        }
        act?()
    }

    /// Interrupts a job, whichever attempt of it is held.
    func interrupt(_ id: JobID, _ reason: Interruption) {
        for fence in held where fence.id == id { interrupt(fence, reason) }
    }

    /// Interrupts everything.
    func interruptAll(_ reason: Interruption) {
        for fence in held { interrupt(fence, reason) }
    }

    /// Interrupts the runs whose time is up.
    func expire(at now: Duration) {
        let late = state.withLock { $0.runs.filter { $0.value.deadline <= now }.map(\.key) }
        for fence in late { interrupt(fence, .timedOut) }
    }

    /// Runs in the worker's name that it did not know of at two heartbeats in a row: their claim's answer was lost.
    func confirmedStrays(_ seen: Set<JobFence>) -> Set<JobFence> {
        state.withLock { state in
            let unknown = seen.subtracting(state.runs.keys)
            defer { state.strays = unknown }
            return unknown.intersection(state.strays)
        }
    }
}
