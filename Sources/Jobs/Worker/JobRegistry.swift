package import CupelCore
package import Storage

/// What a handler gives: the result to keep, and the effects to record with it, once.
package struct JobOutcome: Sendable {
    package var result: JSON
    package var effects: (@Sendable (any Transaction) throws -> Void)?

    /// A result, and writes that happen in the transaction that completes the job.
    package init(_ result: JSON, effects: (@Sendable (any Transaction) throws -> Void)? = nil) {
        self.result = result
        self.effects = effects
    }
}

/// What a handler may do while it runs.
package struct JobContext: Sendable {
    /// The job.
    package let id: JobID
    /// This run's number, from 1.
    package let attempt: Int
    private let report: @Sendable (Double, String, JSON) async throws -> Void

    package init(id: JobID, attempt: Int, report: @escaping @Sendable (Double, String, JSON) async throws -> Void) {
        self.id = id
        self.attempt = attempt
        self.report = report
    }

    /// Says how far it is, from 0 to 1, and what it does now; kept as an event with its data.
    package func progress(_ fraction: Double, _ note: String, data: JSON = .null) async throws {
        try await report(fraction, note, data)
    }
}

/// The kinds of jobs that are known. Registered once, when the application is put together.
package struct JobRegistry: Sendable {
    /// Runs a job from its payload.
    package typealias Handler = @Sendable (JSON, JobContext) async throws -> JobOutcome

    private struct Kind {
        let options: JobOptions
        let handler: Handler
        let uniqueKey: @Sendable (JSON) throws -> String?
    }

    private var kinds: [String: Kind] = [:]

    package init() {}

    /// Says how jobs of a type are run.
    package mutating func register<Work: Job>(
        _ kind: Work.Type,
        _ run: @escaping @Sendable (Work, JobContext) async throws -> JobOutcome
    ) {
        kinds[Work.kind] = Kind(
            options: Work.options,
            handler: { payload, context in try await run(Work(json: payload), context) },
            uniqueKey: { try Work(json: $0).uniqueKey }
        )
    }

    /// The names of all kinds.
    package var names: [String] { kinds.keys.sorted() }

    /// The queues that any kind goes to.
    package var queues: [String] { Set(kinds.values.map(\.options.queue)).sorted() }

    /// The kinds that callers may submit by name.
    package var openNames: [String] { kinds.filter(\.value.options.isOpenToCallers).keys.sorted() }

    /// The options of a kind, when this binary knows it.
    package func options(of kind: String) -> JobOptions? { kinds[kind]?.options }

    /// The handler of a kind, when this binary knows it.
    func handler(of kind: String) -> Handler? { kinds[kind]?.handler }

    /// A job that a caller names by its kind.
    /// - Parameters:
    ///   - id: The caller's own, so that asking twice is asking once.
    ///   - isFromCaller: Whether only kinds that are open to callers are taken.
    /// - Throws: `validation_error` naming the field: an unknown kind, with its nearest; what the kind says of its
    ///   payload; `payload_too_large`.
    package func entry(
        kind name: String,
        payload: JSON,
        id: JobID? = nil,
        priority: JobPriority? = nil,
        uniqueKey: String? = nil,
        runAt: Timestamp? = nil,
        now: Timestamp,
        isFromCaller: Bool = true
    ) throws -> JobEntry {
        guard let kind = kinds[name], kind.options.isOpenToCallers || !isFromCaller else {
            let allowed = isFromCaller ? openNames : names
            let nearest = name.nearest(among: allowed).map { "; did you mean '\($0)'?" } ?? ""
            throw CupelError(
                .validationError,
                "There is no such kind of job.",
                fields: [FieldProblem("kind", "must be one of \(allowed.joined(separator: ", "))\(nearest)")]
            )
        }
        let text = payload.text()
        try JobQueue.checkSize(text)
        // Also looked at when the caller gives a key: a wrong payload is refused now, not when it runs.
        let ownKey = try kind.uniqueKey(payload)
        return JobEntry(
            id: id ?? JobID(at: now),
            kind: name,
            payload: text,
            options: kind.options,
            priority: priority,
            uniqueKey: uniqueKey ?? ownKey,
            createdAt: now,
            runAt: runAt ?? now
        )
    }
}
