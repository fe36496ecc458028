package import CupelCore

/// What became of one job when something was asked of many.
package struct BulkOutcome: Sendable {
    /// The jobs for which it was done.
    package var done: [JobID] = []
    /// The others, each with the reason.
    package var refused: [(id: JobID, error: CupelError)] = []
}

/// The same asked of many jobs at once.
extension JobQueue {
    /// Jobs that one request may name or find.
    package static let maximumBulk = 1000
    /// Jobs in one transaction, so that a large request does not keep workers from claiming.
    private static let bulkStep = 100

    /// Runs dead or cancelled jobs again.
    package func retry(_ ids: [JobID]) async throws -> BulkOutcome { try await each(ids) { .retry($0) } }

    /// Forgets jobs that are over.
    package func discard(_ ids: [JobID]) async throws -> BulkOutcome { try await each(ids) { .discard($0) } }

    private func each(_ ids: [JobID], _ command: (JobID) -> JobCommand) async throws -> BulkOutcome {
        var outcome = BulkOutcome()
        var seen: Set<JobID> = []
        var rest = ids.filter { seen.insert($0).inserted }[...]
        while !rest.isEmpty {
            let step = Array(rest.prefix(Self.bulkStep))
            rest = rest.dropFirst(Self.bulkStep)
            for (id, reply) in zip(step, try await send(step.map(command))) {
                if case .refused(let error) = reply {
                    outcome.refused.append((id, error))
                } else {
                    outcome.done.append(id)
                }
            }
        }
        return outcome
    }
}
