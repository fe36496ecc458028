import CupelCore

/// One run of one job: the handler, raced against its timeout, the loss of its lease, a person's cancel and a stop.
struct JobRun: Sendable {
    /// How a run came to its end.
    enum Ending: Sendable {
        case done(JobOutcome)
        case failed(any Error)
        case cancelled
        case stopped
        case leaseLost
    }

    let job: ClaimedJob
    let queue: JobQueue
    let registry: JobRegistry
    let stop: StopFlag
    let drain: Duration

    /// Runs to the first ending; the others are cancelled and waited for.
    func end() async -> Ending {
        await withTaskGroup(of: Ending?.self) { group in
            group.addTask { await self.handle() }
            group.addTask { await self.keepLease() }
            group.addTask { await self.expire() }
            group.addTask { await self.drainAfterStop() }
            for await ending in group {
                guard let ending else { continue }
                group.cancelAll()
                return ending
            }
            return .stopped
        }
    }

    private func handle() async -> Ending? {
        do {
            let handler = try registry.handler(of: job.kind)
            let (queue, job) = (queue, job)
            let context = JobContext(id: job.id, attempt: job.attempt) { fraction, note, data in
                try await queue.progress(job, fraction: fraction, note: note, data: data)
            }
            return .done(try await handler(job.payload, context))
        } catch {
            // Ended by one of the others, which says why.
            return Task.isCancelled ? nil : .failed(error)
        }
    }

    private func keepLease() async -> Ending? {
        while !Task.isCancelled {
            let generation = queue.signal.generation
            // A cancel wakes the signal, so that it is seen at once.
            await queue.signal.wait(after: generation, atMost: queue.lease / 3, time: queue.time)
            guard !Task.isCancelled else { return nil }
            // A store that does not answer is asked again; the lease decides in the end.
            switch try? await queue.heartbeat(job) {
            case .cancelRequested: return .cancelled
            case .lost: return .leaseLost
            case .held, nil: continue
            }
        }
        return nil
    }

    private func expire() async -> Ending? {
        guard (try? await queue.time.sleep(for: job.timeout)) != nil else { return nil }
        return .failed(
            CupelError(.timeout, "The job took longer than \(Int(job.timeout.inMilliseconds / 1000)) s and was ended.")
        )
    }

    private func drainAfterStop() async -> Ending? {
        await stop.wait(time: queue.time)
        guard stop.isAsked, (try? await queue.time.sleep(for: drain)) != nil else { return nil }
        return .stopped
    }
}
