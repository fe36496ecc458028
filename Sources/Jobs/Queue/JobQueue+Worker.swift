package import CupelCore
package import Storage

/// What workers say to the queue.
extension JobQueue {
    /// Gives a worker the next jobs, and when to look again if there was room for more.
    package func claim(_ request: ClaimRequest) async throws -> (jobs: [ClaimedJob], next: Timestamp?) {
        claimed(try await send(.claim(request)))
    }

    /// Ends a run.
    /// - Returns: whether it counted; `false` when another attempt has taken over or the job is over.
    package func settle(_ fence: JobFence, _ ending: JobEnding) async throws -> Bool {
        isAccepted(try await send(.settle(fence, ending)))
    }

    /// Ends a run and claims the next in one transaction.
    package func exchange(
        _ fence: JobFence,
        _ ending: JobEnding,
        _ request: ClaimRequest
    ) async throws -> (isAccepted: Bool, jobs: [ClaimedJob]) {
        let replies = try await send([.settle(fence, ending), .claim(request)])
        return (isAccepted(replies[0]), claimed(replies[1]).jobs)
    }

    /// Ends a run well, with its effects in the same transaction: both happen, once, or neither.
    /// - Returns: whether it counted; when not, there are no effects.
    /// - Throws: what `effects` throws; `internal_error` when the engine keeps no tables.
    package func complete(
        _ fence: JobFence,
        result: String,
        effects: @escaping @Sendable (any Transaction) throws -> Void
    ) async throws -> Bool {
        let time = time
        let reply = try await store.change { shelf in
            let reply = try JobMachine.process(
                [.settle(fence, .succeeded(result: result))],
                on: shelf,
                at: time.now
            )[0]
            guard case .accepted(true) = reply else { return reply }
            guard let transaction = shelf.transaction else {
                throw CupelError(.internalError, "This engine of the queue keeps no tables for a job's effects.")
            }
            try effects(transaction)
            return reply
        }
        announce()
        return isAccepted(reply)
    }

    /// Says how far a run is.
    /// - Returns: whether it counted.
    @discardableResult
    package func report(_ fence: JobFence, fraction: Double, note: String, data: JSON) async throws -> Bool {
        let fraction = min(1, max(0, fraction.isFinite ? fraction : 0))
        let event: JSON = ["progress": .number(fraction), "note": .string(note), "data": data]
        let text = event.text()
        try Self.checkSize(text)
        return isAccepted(try await send(.report(fence, fraction: fraction, note: note, event: text)))
    }

    /// Says that a worker lives.
    package func beat(_ beat: WorkerBeat) async throws -> BeatReply {
        guard case .checked(let reply) = try await send(.beat(beat)) else {
            throw CupelError(.internalError, "The queue gave no answer to a heartbeat.")
        }
        return reply
    }

    /// Makes a worker known; where one process owns the store, every other worker in it is dead.
    package func enlist(_ card: WorkerCard) async throws {
        var commands: [JobCommand] = []
        if store.isOwnedByOneProcess {
            for other in try await store.workers() where !isOfThisProcess(other.id) {
                commands.append(.bury(other.id, beat: other.beat))
            }
        }
        adopt(card.id)
        _ = try await send(commands + [.enlist(card)])
    }

    /// Keeps what was counted since the last time; when that fails it is counted on.
    func keepTally() async throws {
        let minutes = tally.take()
        guard !minutes.isEmpty else { return }
        do {
            try await store.add(minutes, at: time.now)
        } catch {
            tally.putBack(minutes)
            throw error
        }
    }

    /// Ends a worker that stopped; what is in its name still goes back unharmed.
    package func retire(_ worker: WorkerID) async throws { _ = try await send(.retire(worker)) }

    /// Ends a worker whose heart stands still; its jobs have lost their worker.
    /// - Returns: whether it was so.
    package func bury(_ worker: WorkerID, beat: Int) async throws -> Bool {
        isAccepted(try await send(.bury(worker, beat: beat)))
    }

    private func isAccepted(_ reply: JobReply) -> Bool {
        if case .accepted(let isAccepted) = reply { isAccepted } else { false }
    }

    private func claimed(_ reply: JobReply) -> (jobs: [ClaimedJob], next: Timestamp?) {
        if case .claimed(let jobs, let next) = reply { (jobs, next) } else { ([], nil) }
    }
}
