import CupelCore
import Logging
import Synchronization
import Telemetry

/// One run of one job, from its claim to the moment at which the queue knows its end.
struct JobRun: Sendable {
    let job: ClaimedJob
    let worker: JobWorker

    private var queue: JobQueue { worker.queue }
    private var custody: Custody { worker.custody }

    /// Progress that one run may report; later reports are not kept.
    static let maximumReports = 2000
    /// The wait before the store is told again, when it did not answer.
    private static let settleAgain = Duration.milliseconds(500)

    /// How a run came to its end.
    private enum End {
        case done(JobOutcome)
        case ended(JobEnding)
        case leaseLost
    }

    /// Runs the job and records its end.
    /// - Parameter isLast: no further job is wanted.
    /// - Returns: the next job of this lane, claimed together with the end of this one.
    func toTheEnd(isLast: Bool) async -> ClaimedJob? {
        queue.tally.started(job.queue, waited: job.waited)
        let begun = queue.time.monotonic
        let end = await perform(deadline: begun + job.timeout)
        queue.tally.ran(job.queue, for: queue.time.monotonic - begun)
        // What ended is recorded also when this lane was cancelled meanwhile: the store does not heed cancellation.
        return await record(end, isLast: isLast)
    }

    // MARK: Running

    private func perform(deadline: Duration) async -> End {
        guard let handler = worker.registry.handler(of: job.kind) else {
            // A newer replica knows it; this one lets it pass.
            let note = "waiting: the worker that took it does not know jobs of kind '\(job.kind)'"
            return .ended(.released(note: note, delay: .seconds(15)))
        }
        let context = context()
        let payload = job.payload
        // A task of its own so that timeouts, cancels and stops can interrupt it; this lane awaits it.
        let task = Task { try await handler(try JSON(parsing: payload, limits: Self.payloadLimits), context) }
        custody.hold(job.fence, until: deadline) { task.cancel() }
        let result = await withTaskCancellationHandler {
            await task.result
        } onCancel: {
            task.cancel()
        }
        return end(result)
    }

    private static let payloadLimits = JSONLimits(bytes: JobQueue.maximumPayloadBytes, depth: 128, values: 1_000_000)

    private func context() -> JobContext {
        let reports = Mutex(0)
        let (queue, fence, logger) = (queue, job.fence, worker.logger)
        return JobContext(id: job.id, attempt: job.attempt) { fraction, note, data in
            let count = reports.withLock { count in
                count += 1
                return count
            }
            guard count <= Self.maximumReports else { return }
            do {
                try await queue.report(fence, fraction: fraction, note: note, data: data)
            } catch let error as CupelError where error.code == .storageUnavailable || error.code == .outcomeUnknown {
                // Progress is not promised, and a store that is away for a moment is no failure of the job.
                logger.log(.warning, "progress was not recorded", [.jobID: "\(fence.id)", .error: error.message])
            }
        }
    }

    private func end(_ result: Result<JobOutcome, any Error>) -> End {
        let interruption = custody.interruption(of: job.fence)
        if interruption == .leaseLost { return .leaseLost }
        switch result {
        case .success(let outcome): return .done(outcome)
        case .failure(let error):
            switch interruption {
            case .cancelled: return .ended(.cancelled)
            case .stopped: return .ended(.released(note: "waiting: its worker stopped", delay: .zero))
            case .timedOut:
                let seconds = Int(job.timeout.inMilliseconds / 1000)
                return .ended(failed(CupelError(.timeout, "The job took longer than \(seconds) s and was ended.")))
            case .leaseLost: return .leaseLost
            case nil:
                if error is CancellationError, Task.isCancelled {
                    return .ended(.released(note: "waiting: its worker stopped", delay: .zero))
                }
                return .ended(failed(error))
            }
        }
    }

    private func failed(_ error: any Error) -> JobEnding {
        let fields: [LogKey: String] = [.jobID: "\(job.id)", .jobKind: job.kind, .error: "\(error)"]
        worker.logger.log(.warning, "a job failed", fields)
        let policy = worker.registry.options(of: job.kind)?.retry ?? RetryPolicy()
        var generator = SystemRandomNumberGenerator()
        let delay = policy.delay(failures: job.failures + 1, after: error, using: &generator)
        return .failed(JobFailure(error), retryAfter: policy.isTransient(error) ? delay : nil)
    }

    // MARK: Recording

    private func record(_ end: End, isLast: Bool) async -> ClaimedJob? {
        defer { custody.release(job.fence) }
        switch end {
        case .leaseLost:
            worker.logger.log(.warning, "a lease was lost", [.jobID: "\(job.id)"])
            queue.tally.count(.refused, job.queue)
            return nil
        case .done(let outcome):
            let text = outcome.result.text()
            guard text.utf8.count <= JobQueue.maximumPayloadBytes else {
                let error = CupelError(
                    .payloadTooLarge,
                    "The job's result is over \(JobQueue.maximumPayloadBytes) bytes."
                )
                return await settle(failed(error), isLast: isLast)
            }
            guard let effects = outcome.effects else { return await settle(.succeeded(result: text), isLast: isLast) }
            return await insist(isLast: isLast) {
                (try await queue.complete(job.fence, result: text, effects: effects), nil)
            }
        case .ended(let ending): return await settle(ending, isLast: isLast)
        }
    }

    private func settle(_ ending: JobEnding, isLast: Bool) async -> ClaimedJob? {
        await insist(isLast: isLast, ending) {
            if isLast || custody.isLimited || custody.interruption(of: job.fence) == .stopped {
                return (try await queue.settle(job.fence, ending), nil)
            }
            return try await exchange(ending)
        }
    }

    private func exchange(_ ending: JobEnding) async throws -> (isAccepted: Bool, next: ClaimedJob?) {
        let request = custody.request(worker.identity.id, limit: 1, isStrict: worker.settings.isStrict)
        do {
            let reply = try await queue.exchange(job.fence, ending, request)
            custody.take(reply.jobs, for: request)
            return (reply.isAccepted, reply.jobs.first)
        } catch {
            custody.take([], for: request)
            throw error
        }
    }

    /// Tells the store until it hears, or until the run is somebody else's.
    private func insist(
        isLast: Bool,
        _ ending: JobEnding? = nil,
        _ tell: () async throws -> (isAccepted: Bool, next: ClaimedJob?)
    ) async -> ClaimedJob? {
        while custody.interruption(of: job.fence) != .leaseLost {
            do {
                let (isAccepted, next) = try await tell()
                note(isAccepted, ending)
                return next
            } catch let error as CupelError
                where error.code == .storageUnavailable || error.code == .outcomeUnknown
            {
                worker.logger.log(
                    .error,
                    "the end of a job was not recorded; trying again",
                    [.jobID: "\(job.id)", .error: error.message]
                )
                try? await queue.time.sleep(for: Self.settleAgain)
            } catch {
                // The effects were refused: that is how the job fails.
                return await settle(failed(error), isLast: isLast)
            }
        }
        return nil
    }

    private func note(_ isAccepted: Bool, _ ending: JobEnding?) {
        guard isAccepted else {
            worker.logger.log(.warning, "a stale completion was refused", [.jobID: "\(job.id)"])
            return queue.tally.count(.refused, job.queue)
        }
        switch ending {
        case nil, .succeeded: queue.tally.count(.succeeded, job.queue)
        case .failed(_, nil): queue.tally.count(.failed, job.queue)
        case .failed: queue.tally.count(.retried, job.queue)
        case .cancelled, .released: break
        }
    }
}
