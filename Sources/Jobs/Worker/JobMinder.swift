import CupelCore
import Logging
import Telemetry

/// What a worker does beside running jobs: it keeps its heart beating, interrupts what takes too long, and looks after
/// the other workers.
struct JobMinder {
    let worker: JobWorker

    private var queue: JobQueue { worker.queue }

    /// Looks a lease has room for; timeouts are noticed at each.
    private static let looksPerLease = 40
    /// Looks between two heartbeats: four beats a lease.
    private static let beatEvery = 10
    /// Looks between two sights of the other workers.
    private static let watchEvery = 4

    /// Goes on until it is cancelled.
    func run() async {
        var watch = WorkerWatch(lease: queue.lease)
        var count = 0
        while (try? await queue.time.sleep(for: queue.lease / Self.looksPerLease)) != nil {
            count += 1
            worker.custody.expire(at: queue.time.monotonic)
            if count % Self.beatEvery == 0 { await beat() }
            if count % Self.watchEvery == 0 { await look(after: &watch) }
            if count % (Self.beatEvery * 2) == 0 { await keepTally() }
        }
    }

    private func beat() async {
        do {
            let held = worker.custody.held
            let reply = try await queue.beat(WorkerBeat(worker: worker.identity.id, held: held))
            for fence in reply.cancelled { worker.custody.interrupt(fence, .cancelled) }
            // What was settled while the question was under way is not lost.
            for fence in reply.lost { worker.custody.interrupt(fence, .leaseLost) }
            for fence in worker.custody.confirmedStrays(reply.strays) {
                worker.logger.log(.warning, "a claim whose answer was lost goes back", [.jobID: "\(fence.id)"])
                _ = try await queue.settle(fence, .released(note: "waiting: its claim was not answered", delay: .zero))
            }
            if !reply.isKnown { try await start(anew: held) }
        } catch {
            worker.logger.log(.error, "the worker's heartbeat was not kept", [.error: "\(error)"])
        }
    }

    /// It was presumed dead: others have its jobs, and under its name it may not claim any more.
    private func start(anew held: Set<JobFence>) async throws {
        worker.logger.log(.warning, "this worker was presumed dead; it starts anew", [.count: "\(held.count)"])
        queue.onInterrupt(worker.identity.id, nil)
        worker.identity.renew()
        try await worker.enlist()
    }

    private func look(after watch: inout WorkerWatch) async {
        do {
            let others = try await queue.store.workers().filter { $0.id != worker.identity.id }
            for dead in watch.look(others, at: queue.time.monotonic) {
                guard try await queue.bury(dead.id, beat: dead.beat) else { continue }
                worker.logger.log(.warning, "a worker died; its jobs are run again", [.worker: dead.name])
            }
        } catch {
            worker.logger.log(.error, "the other workers cannot be seen", [.error: "\(error)"])
        }
    }

    private func keepTally() async {
        do {
            try await queue.keepTally()
        } catch {
            worker.logger.log(.error, "the queue's counts were not kept", [.error: "\(error)"])
        }
    }
}
