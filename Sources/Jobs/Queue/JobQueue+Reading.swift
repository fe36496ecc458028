import CupelCore

extension JobQueue {
    /// The job.
    /// - Throws: `not_found`.
    package func job(_ id: JobID) async throws -> JobRecord {
        guard let entry = try await store.job(id) else { throw CupelError(.notFound, "There is no job \(id).") }
        return try JobRecord(entry)
    }

    /// Jobs, newest first.
    package func jobs(_ filter: JobFilter) async throws -> [JobRecord] {
        try await store.jobs(filter).map(JobRecord.init)
    }

    /// What happened to a job, or to all of them, after a given event, at most `limit` of it.
    package func events(of id: JobID?, after sequence: Int, limit: Int = 500) async throws -> [JobEvent] {
        try await store.events(of: id, after: sequence, limit: limit)
    }

    /// The sequence of the last event, for readers who want only what comes.
    package func lastSequence() async throws -> Int { try await store.lastSequence() }

    /// How many jobs wait, run or are dead, in all queues.
    package func counts() async throws -> [JobState: Int] {
        try await store.depths().reduce(into: [:]) { $0[$1.state, default: 0] += $1.count }
    }
}
